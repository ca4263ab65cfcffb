"""A picture of the confusion of letters. In: a Confusion. Out: a PNG or an SVG."""

from collections import Counter
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from deepspeech.datasets.survey.picture import seen
from deepspeech.evaluation.confusion import Confusion
from deepspeech.evaluation.picture import save
from deepspeech.text.letters import place

LETTERS = 40  # those with most errors; more could not be read
_NOTHING = "–"


def draw(confusion: Confusion, path: Path) -> None:
    """A field for each pair: rows are said, columns heard; the number counts, the colour is the share of what was said.

    What was inserted has no share: its row, the last, is coloured by its count among the insertions. Raises DataError
    where the file cannot be written.
    """
    errors: Counter[str] = Counter()
    for pair, times in confusion.pairs.items():
        errors.update({letter: times for letter in set(pair) if letter})
    shown = sorted((letter for letter, _ in errors.most_common(LETTERS)), key=place)
    row = {letter: number for number, letter in enumerate([*shown, ""])}
    counts = np.zeros((len(row), len(row)), dtype=np.int64)
    for (said, heard), times in confusion.pairs.items():
        if said in row and heard in row:
            counts[row[said], row[heard]] = times
    said_times = [confusion.said.get(letter, 0) for letter in shown] + [int(counts[-1].sum())]
    shares = counts / np.maximum(1, said_times)[:, None]

    side = 2.2 + 0.27 * len(row)
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.add_subplot()
    highest = max(float(shares[:-1].max(initial=0.0)), 0.01)
    fields = axes.imshow(np.ma.masked_equal(shares, 0), cmap="viridis_r", vmin=0, vmax=highest)
    for at, to in zip(*np.nonzero(counts), strict=True):
        ink = "white" if shares[at, to] > 0.55 * highest else "black"
        axes.text(to, at, f"{counts[at, to]}", ha="center", va="center", fontsize=8, color=ink)
    names = [*(seen(letter) for letter in shown), _NOTHING]
    axes.set_xticks(range(len(row)), names)
    for label, name in zip(axes.get_xticklabels(), names, strict=True):
        label.set_rotation(90 if len(name) > 2 else 0)
    axes.set_yticks(range(len(row)), names)
    axes.set_xticks(np.arange(len(row) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(row) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="#eeeeee", linewidth=0.6)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    axes.plot([-0.5, len(shown) - 0.5], [-0.5, len(shown) - 0.5], color="#cccccc", linewidth=0.8)
    axes.set(xlabel=f"heard ({_NOTHING}: dropped)", ylabel=f"said ({_NOTHING}: inserted)")
    left = len(errors) - len(shown)
    axes.set_title(f"{sum(confusion.pairs.values())} errors" + (f"; {left} rarer letters not shown" if left else ""))
    bar = figure.colorbar(fields, shrink=0.6, label="% of what was said")
    bar.ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g}")
    save(figure, path)
