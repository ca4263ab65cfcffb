"""Plot training curves: loss, WER, CER and learning rate by epoch, several runs in the same axes.

In: histories. Out: a PNG or an SVG. A quantity that no run logged gets no panel.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

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
_PANEL_POINTS = 200  # height of the axes of a panel
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
    once = [panel for panel in panels[1:] if max(map(len, panel[2])) == 1]  # a picture of one dot says nothing
    if len(once) < len(panels):
        panels = [panel for panel in panels if panel not in once]
    if not panels:
        raise DataError(f"{histories[0].name}: nothing is logged yet; try again after the first epoch")
    latest = max(epoch for _, _, known in panels for series in known for epoch in series)
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(5.8 * columns, 3.6 * rows + 0.5), layout="constrained")
    for number, (title, panel, _) in enumerate(panels):
        axes: Any = figure.add_subplot(rows, columns, number + 1)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#dddddd", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.set(title=title, xlabel="epoch")
        for run, history in enumerate(histories):
            panel(axes, history, _COLORS[run % len(_COLORS)])
        axes.set_xlim(0, 1.02 * latest)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylim(bottom=_lowest_loss(histories) if title == "Loss" else 0)
        if title != "Loss":
            axes.set_ylim(top=1.08 * max(value for one in axes.lines for value in one.get_ydata()) or 1)
            _spread(axes)
    _legend(figure, histories)
    if note := _single_rates(histories, [title for title, *_ in once]):
        figure.supxlabel(note, fontsize=9)
    save(figure, path)


def _of(histories: Sequence[History], rate: str) -> list[Series]:
    return [getattr(one, rate) for history in histories for one in history.datasets]


def _spread(axes: Any) -> None:
    """Move labels of minima apart that would overlap: each next one below the last."""
    width, height = (limits[1] - limits[0] for limits in (axes.get_xlim(), axes.get_ylim()))
    placed: list[tuple[float, float]] = []
    for label in sorted(axes.texts, key=lambda one: -float(one.xy[1])):
        x, y = label.xy[0] / width, label.xy[1] / height
        while any(abs(x - other[0]) < 0.09 and abs(y - other[1]) < 0.06 for other in placed):
            y -= 0.06
        label.set_position((0, -6 - (label.xy[1] / height - y) * _PANEL_POINTS))
        placed.append((x, y))


def _single_rates(histories: Sequence[History], titles: Sequence[str]) -> str:
    """The error rates that have no panel, as a sentence under the picture."""
    parts = []
    for title, rate in (("Word error rate", "wer"), ("Character error rate", "cer")):
        if title in titles:
            known = [f"{100 * value:.1f} %" for series in _of(histories, rate) for value in series.values()]
            parts.append(f"{rate.upper()} {', '.join(known)}")
    return f"Validated once: {'; '.join(parts)}" if parts else ""


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
    axes.yaxis.set_major_locator(_LossLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


class _LossLocator(LogLocator):
    """1, 2, 5, 10, …; round numbers between where fewer than two of these are in sight."""

    def tick_values(self, vmin: float, vmax: float) -> Any:
        ticks = super().tick_values(vmin, vmax)
        seen = [tick for tick in ticks if vmin <= tick <= vmax]
        return ticks if len(seen) > 1 else MaxNLocator(5).tick_values(vmin, vmax)


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
            axes.plot(best, series[best], "o", color=color, markersize=6, markerfacecolor="white", clip_on=False)
            axes.annotate(f"{100 * series[best]:.1f}", (best, series[best]), (0, -6), textcoords="offset points",
                          ha="center", va="top", color=color, fontsize=9)  # fmt: skip
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))


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
