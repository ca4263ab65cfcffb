"""Draws a learning curve: WER over hours of speech, measured and expected, both axes logarithmic."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from deepspeech.evaluation import picture
from deepspeech.evaluation.expect import Expected, Measured


def draw(points: Sequence[Measured], curve: Sequence[Expected], path: Path) -> None:
    """Write a picture of the measured `points` and of an expected `curve` with its interval."""
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    hours = [one.hours for one in curve]
    low, high = [100 * one.low for one in curve], [100 * one.high for one in curve]
    axes.fill_between(hours, low, high, alpha=0.2, label="90 % interval")
    axes.plot(hours, [100 * one.wer for one in curve], label="expected")
    axes.plot([p.hours for p in points], [100 * p.wer for p in points], "o", color="black", label="measured")
    axes.set(xscale="log", yscale="log", xlabel="hours of speech", ylabel="WER, %")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(FuncFormatter(lambda value, _: f"{value:g}" if _few(value) else ""))
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    picture.save(figure, path)


def _few(value: float) -> bool:
    """Whether a minor tick is labeled: those that begin with 2 or 5."""
    return f"{value:e}"[0] in "25"
