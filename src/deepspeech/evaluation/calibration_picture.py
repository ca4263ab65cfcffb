"""Plot a reliability diagram of word confidence. In: a Calibration. Out: a PNG or an SVG."""

from pathlib import Path

from matplotlib.figure import Figure

from deepspeech.evaluation.calibration import Calibration
from deepspeech.evaluation.picture import save


def draw(calibration: Calibration, path: Path) -> None:
    """Write the fraction of right words over their mean confidence; the area of a point is its number of words.

    Raises DataError where the file cannot be written.
    """
    figure = Figure(figsize=(5.5, 5.5), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="#cccccc", linewidth=1, label="perfectly calibrated")
    confidences, rights = [one.confidence for one in calibration.bins], [one.right for one in calibration.bins]
    most = max((one.words for one in calibration.bins), default=1)
    axes.plot(confidences, rights, color="C0", linewidth=1)
    axes.scatter(confidences, rights, s=[20 + 200 * one.words / most for one in calibration.bins], color="C0", zorder=2)
    for one in calibration.bins:
        axes.annotate(
            f"{one.words}", (one.confidence, one.right), xytext=(8, -12), textcoords="offset points", fontsize=8
        )
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
    axes.set(xlabel="mean confidence", ylabel="fraction of right words")
    axes.set_title(calibration.table().splitlines()[0].partition(": ")[2])
    axes.legend(loc="upper left", frameon=False)
    save(figure, path)
