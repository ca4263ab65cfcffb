"""A figure to a file, whole or not at all."""

from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from deepspeech.errors import DataError
from deepspeech.files import whole_file

KINDS = (".png", ".svg")


def check(path: Path) -> None:
    """Raises DataError where the name of a picture says no kind that can be written."""
    if path.suffix.lower() not in KINDS:
        raise DataError(f"{path}: a picture's name ends in {' or '.join(KINDS)}")


def save(figure: Figure, path: Path) -> None:
    """Write `figure` as the name says, PNG or SVG, where characters stay characters. Raises DataError."""
    check(path)
    with whole_file(path, DataError) as partial, rc_context({"svg.fonttype": "none"}):
        figure.savefig(partial, format=path.suffix.lower()[1:], dpi=120)
