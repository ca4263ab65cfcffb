"""Plot a character confusion matrix. In: a Confusion. Out: a PNG or an SVG."""

from collections import Counter
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from deepspeech.datasets.survey.picture import seen
from deepspeech.evaluation.confusion import Confusion
from deepspeech.evaluation.picture import save
from deepspeech.text.charset import sort_key

CHARACTERS = 40  # those with the most errors; more would not be legible
_NOTHING = "–"


def draw(confusion: Confusion, path: Path) -> None:
    """Write the confusion matrix: rows are references, columns hypotheses, numbers are counts, colors are row rates.

    Insertions are the last row, colored by their part of all insertions. Raises DataError where the file cannot be
    written.
    """
    errors: Counter[str] = Counter()
    for pair, times in confusion.pairs.items():
        errors.update({character: times for character in set(pair) if character})
    shown = sorted((character for character, _ in errors.most_common(CHARACTERS)), key=sort_key)
    row = {character: number for number, character in enumerate([*shown, ""])}
    counts = np.zeros((len(row), len(row)), dtype=np.int64)
    for (reference, hypothesis), times in confusion.pairs.items():
        if reference in row and hypothesis in row:
            counts[row[reference], row[hypothesis]] = times
    row_counts = [confusion.reference_counts.get(character, 0) for character in shown] + [int(counts[-1].sum())]
    rates = counts / np.maximum(1, row_counts)[:, None]

    side = 2.2 + 0.27 * len(row)
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.add_subplot()
    highest = max(float(rates[:-1].max(initial=0.0)), 0.01)
    fields = axes.imshow(np.ma.masked_equal(rates, 0), cmap="viridis_r", vmin=0, vmax=highest)
    for at, to in zip(*np.nonzero(counts), strict=True):
        ink = "white" if rates[at, to] > 0.55 * highest else "black"
        axes.text(to, at, f"{counts[at, to]}", ha="center", va="center", fontsize=8, color=ink)
    names = [*(seen(character) for character in shown), _NOTHING]
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
    axes.set(xlabel=f"hypothesis ({_NOTHING}: deleted)", ylabel=f"reference ({_NOTHING}: inserted)")
    left = len(errors) - len(shown)
    axes.set_title(f"{sum(confusion.pairs.values())} errors" + (f"; {left} rarer characters not shown" if left else ""))
    bar = figure.colorbar(fields, shrink=0.6, label="% of the reference")
    bar.ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g}")
    save(figure, path)
