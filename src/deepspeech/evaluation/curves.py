"""Plot training curves: loss, WER, CER and learning rate by epoch, several runs in the same axes.

In: histories. Out: a PNG or an SVG. A quantity that no run logged gets no panel.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator, PercentFormatter

from deepspeech.datasets.survey.picture import plain
from deepspeech.errors import DataError
from deepspeech.evaluation.history import DatasetMetrics, History, Series
from deepspeech.evaluation.picture import save

_COLORS = (
    "#4477aa",
    "#ee6677",
    "#228833",
    "#ccbb44",
    "#66ccee",
    "#aa3377",
    "#777777",
)  # safe for color blindness
_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 2, 1, 2)))  # of the first, second, … data set
_TIGHT = 15  # lines of at most this many points have markers


def draw(histories: Sequence[History], path: Path) -> None:
    """Write the plot to `path`. Raises DataError where there is nothing to plot or the file cannot be written."""
    panels: list[tuple[str, Any, list[Series]]] = [
        (title, panel, known)
        for title, panel, known in (
            ("Loss", _losses, [s for h in histories for s in (h.train_loss, *(one.loss for one in h.datasets))]),
            ("Word error rate", lambda axes, h, c: _rates(axes, h, c, "wer"), _of(histories, "wer")),
            ("Character error rate", lambda axes, h, c: _rates(axes, h, c, "cer"), _of(histories, "cer")),
            ("Learning rate", _learning_rate, [h.learning_rate for h in histories]),
        )
        if any(known)
    ]
    if not panels:
        raise DataError(f"{histories[0].name}: nothing is logged yet; try again after the first epoch")
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
        for run, history in enumerate(histories):
            panel(axes, history, _COLORS[run % len(_COLORS)])
        axes.set_xlim(0, 1.02 * latest)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylim(bottom=_lowest_loss(histories) if title == "Loss" else 0)
    _legend(figure, histories)
    save(figure, path)


def _of(histories: Sequence[History], rate: str) -> list[Series]:
    return [getattr(one, rate) for history in histories for one in history.datasets]


def _line(axes: Any, series: Series, color: str, dashes: Any, **style: Any) -> None:
    if series:
        epochs = sorted(series)
        marks = "." if len(epochs) <= _TIGHT else ""
        shape = {"linewidth": 1.6, "marker": marks} | style | ({"marker": "o"} if len(epochs) == 1 else {})
        axes.plot(epochs, [series[epoch] for epoch in epochs], color=color, linestyle=dashes, **shape)


def _losses(axes: Any, history: History, color: str) -> None:
    """Log scale, so that the last epochs stay distinguishable."""
    _line(axes, history.train_loss, color, "-", linewidth=3.5, alpha=0.35, marker="")
    for number, one in enumerate(history.datasets):
        _line(axes, one.loss, color, _DASHES[number % len(_DASHES)])
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _lowest_loss(histories: Sequence[History]) -> float | None:
    """Lower limit of the loss axis: at most a factor of 10 below the lowest dev loss, to keep dev curves legible."""
    dev = [loss for history in histories for one in history.datasets for loss in one.loss.values() if loss > 0]
    train = [loss for history in histories for loss in history.train_loss.values() if loss > 0]
    return max(0.8 * min([*dev, *train]), min(dev) / 10) if dev else None


def _rates(axes: Any, history: History, color: str, rate: str) -> None:
    """In percent; the lowest value is annotated."""
    for number, one in enumerate(history.datasets):
        series: Series = getattr(one, rate)
        _line(axes, series, color, _DASHES[number % len(_DASHES)])
        if series:
            best = min(series, key=lambda epoch: (series[epoch], epoch))
            axes.plot(best, series[best], "o", color=color, markersize=6, markerfacecolor="white")
            axes.annotate(f"{100 * series[best]:.1f}", (best, series[best]), (0, -6), textcoords="offset points",
                          ha="center", va="top", color=color, fontsize=9)  # fmt: skip
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))


def _learning_rate(axes: Any, history: History, color: str) -> None:
    width = 1.6 if axes.lines else 3.0  # a wider first line stays visible under the others
    _line(axes, history.learning_rate, color, "-", marker="", linewidth=width)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _legend(figure: Figure, histories: Sequence[History]) -> None:
    """Colors are runs; line styles are the training and dev sets."""
    lines = [
        Line2D([], [], color=_COLORS[number % len(_COLORS)], linewidth=1.6, label=plain(history.name))
        for number, history in enumerate(histories)
    ]
    gray: dict[str, Any] = {"color": "#555555"}
    if any(history.train_loss for history in histories):
        lines.append(Line2D([], [], linewidth=3.5, alpha=0.35, label="train", **gray))
    most = max((history.datasets for history in histories), key=len, default=[])
    for number, one in enumerate(most):
        label = one.kind if len(most) == 1 else _named(number, histories)
        lines.append(Line2D([], [], linewidth=1.6, linestyle=_DASHES[number % len(_DASHES)], label=label, **gray))
    figure.legend(handles=lines, loc="outside upper center", ncols=min(len(lines), 6), frameon=False)


def _named(number: int, histories: Sequence[History]) -> str:
    """Legend label of data set `number`, with its names in all runs."""
    datasets: list[DatasetMetrics] = [
        history.datasets[number] for history in histories if number < len(history.datasets)
    ]
    return plain(", ".join(dict.fromkeys(f"{one.kind}: {Path(one.name).name}" for one in datasets)))
