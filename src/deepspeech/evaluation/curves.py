"""A picture of trainings: losses, error rates and learning rate by epoch, several runs in the same axes.

In: histories. Out: a PNG or an SVG. What no run knows has no panel.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator, PercentFormatter

from deepspeech.datasets.picture import plain
from deepspeech.errors import DataError
from deepspeech.evaluation.history import History, Judged, Series
from deepspeech.evaluation.picture import save

_COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#777777")  # told apart by everyone
_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 2, 1, 2)))  # of the first, second, … data set
_TIGHT = 15  # points; a line of fewer has a mark at each


def draw(histories: Sequence[History], path: Path) -> None:
    """Raises DataError where there is nothing to draw, or the file cannot be written."""
    panels: list[tuple[str, Any, list[Series]]] = [
        (title, panel, known)
        for title, panel, known in (
            ("Loss", _losses, [s for h in histories for s in (h.train_loss, *(one.loss for one in h.sets))]),
            ("Word error rate", lambda axes, h, c: _rates(axes, h, c, "wer"), _of(histories, "wer")),
            ("Character error rate", lambda axes, h, c: _rates(axes, h, c, "cer"), _of(histories, "cer")),
            ("Learning rate", _learning_rate, [h.learning_rate for h in histories]),
        )
        if any(known)
    ]
    if not panels:
        raise DataError(f"{histories[0].name}: no figures yet; look again when its first epoch has ended")
    latest = max(epoch for _, _, known in panels for series in known for epoch in series)
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(5.8 * columns, 3.6 * rows + 0.5), layout="constrained")
    for number, (title, panel, _) in enumerate(panels):
        axes = figure.add_subplot(rows, columns, number + 1)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#dddddd", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.set(title=title, xlabel="epoch")
        for place, history in enumerate(histories):
            panel(axes, history, _COLOURS[place % len(_COLOURS)])
        axes.set_xlim(0, 1.02 * latest)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylim(bottom=_lowest_loss(histories) if title == "Loss" else 0)
    _legend(figure, histories)
    save(figure, path)


def _of(histories: Sequence[History], rate: str) -> list[Series]:
    return [getattr(one, rate) for history in histories for one in history.sets]


def _line(axes: Any, series: Series, colour: str, dashes: Any, **style: Any) -> None:
    if series:
        epochs = sorted(series)
        marks = "." if len(epochs) <= _TIGHT else ""
        shape = {"linewidth": 1.6, "marker": marks} | style | ({"marker": "o"} if len(epochs) == 1 else {})
        axes.plot(epochs, [series[epoch] for epoch in epochs], color=colour, linestyle=dashes, **shape)


def _losses(axes: Any, history: History, colour: str) -> None:
    """On a scale on which the last epochs, too, can be told apart."""
    _line(axes, history.train_loss, colour, "-", linewidth=3.5, alpha=0.35, marker="")
    for number, one in enumerate(history.sets):
        _line(axes, one.loss, colour, _DASHES[number % len(_DASHES)])
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _lowest_loss(histories: Sequence[History]) -> float | None:
    """Where the axis ends: far below all data sets, how nearly the training set is known by heart matters little."""
    judged = [loss for history in histories for one in history.sets for loss in one.loss.values() if loss > 0]
    learnt = [loss for history in histories for loss in history.train_loss.values() if loss > 0]
    return max(0.8 * min([*judged, *learnt]), min(judged) / 10) if judged else None


def _rates(axes: Any, history: History, colour: str, rate: str) -> None:
    """In per cent; the lowest is marked with its figure, because that is what one looks for."""
    for number, one in enumerate(history.sets):
        series: Series = getattr(one, rate)
        _line(axes, series, colour, _DASHES[number % len(_DASHES)])
        if series:
            best = min(series, key=lambda epoch: (series[epoch], epoch))
            axes.plot(best, series[best], "o", color=colour, markersize=6, markerfacecolor="white")
            axes.annotate(f"{100 * series[best]:.1f}", (best, series[best]), (0, -6), textcoords="offset points",
                          ha="center", va="top", color=colour, fontsize=9)  # fmt: skip
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))


def _learning_rate(axes: Any, history: History, colour: str) -> None:
    width = 1.6 if axes.lines else 3.0  # under others the first one still shows
    _line(axes, history.learning_rate, colour, "-", marker="", linewidth=width)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _legend(figure: Figure, histories: Sequence[History]) -> None:
    """Runs by colour; training and the data sets by the kind of line."""
    lines = [
        Line2D([], [], color=_COLOURS[place % len(_COLOURS)], linewidth=1.6, label=plain(history.name))
        for place, history in enumerate(histories)
    ]
    grey: dict[str, Any] = {"color": "#555555"}
    if any(history.train_loss for history in histories):
        lines.append(Line2D([], [], linewidth=3.5, alpha=0.35, label="train", **grey))
    most = max((history.sets for history in histories), key=len, default=[])
    for number, one in enumerate(most):
        label = one.kind if len(most) == 1 else _named(number, histories)
        lines.append(Line2D([], [], linewidth=1.6, linestyle=_DASHES[number % len(_DASHES)], label=label, **grey))
    figure.legend(handles=lines, loc="outside upper center", ncols=min(len(lines), 6), frameon=False)


def _named(number: int, histories: Sequence[History]) -> str:
    """What the sets in this place of each run are called, where they are many."""
    sets: list[Judged] = [history.sets[number] for history in histories if number < len(history.sets)]
    return plain(", ".join(dict.fromkeys(f"{one.kind}: {Path(one.name).name}" for one in sets)))
