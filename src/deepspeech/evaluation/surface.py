"""Plot the WER or CER over alpha and beta found by `tune.py`. In: trials. Out: a PNG or an SVG."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from deepspeech.evaluation.picture import save
from deepspeech.evaluation.tune import Trial

LEVELS = 12


def draw(trials: Sequence[Trial], best: Trial, own: Trial | None, by_cer: bool, path: Path) -> None:
    """Plot the error rates of `trials` over alpha and beta, with `best` and the scorer's `own` weights marked.

    The color scale ends at twice the best rate or at the median, whichever is higher, to resolve the region around the
    minimum. Raises DataError where the file cannot be written.
    """
    name = "CER" if by_cer else "WER"
    rates = [100 * (trial.cer if by_cer else trial.wer) for trial in trials]
    alphas, betas = [trial.alpha for trial in trials], [trial.beta for trial in trials]
    lowest = min(rates)
    highest = max(sorted(rates)[len(rates) // 2], 2 * lowest, lowest + 0.1)
    figure = Figure(figsize=(7, 5.5), layout="constrained")
    axes = figure.add_subplot()
    colors: dict[str, Any] = {"cmap": "viridis_r", "vmin": lowest, "vmax": highest}
    steps = [lowest + (highest - lowest) * step / LEVELS for step in range(LEVELS + 1)]
    with suppress(RuntimeError, ValueError):  # too few points, or collinear points, cannot be triangulated
        axes.tricontourf(alphas, betas, rates, levels=steps, extend="max", alpha=0.6, **colors)
    points = axes.scatter(alphas, betas, c=rates, s=18, edgecolors="white", linewidths=0.5, **colors)
    figure.colorbar(points, label=f"{name} in %", extend="max")
    axes.plot(best.alpha, best.beta, "*", color="red", markersize=14, label=f"best: {min(rates):.2f} %")
    if own is not None:
        own_rate = 100 * (own.cer if by_cer else own.wer)
        axes.plot(own.alpha, own.beta, "o", color="none", markeredgecolor="red", markersize=11,
                  label=f"the scorer's own: {own_rate:.2f} %")  # fmt: skip
    unit = "character" if by_cer else "word"
    axes.set(xlabel="alpha: weight of the scorer", ylabel=f"beta: bonus for each {unit}")
    axes.set_title(f"{name} of {len(trials)} trials")
    axes.legend(loc="best")
    save(figure, path)
