"""A figure to a file, whole or not at all."""

from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from deepspeech.errors import DataError

KINDS = (".png", ".svg")


def check(path: Path) -> None:
    """Raises DataError where the name of a picture says no kind that can be written."""
    if path.suffix.lower() not in KINDS:
        raise DataError(f"{path}: a picture's name ends in {' or '.join(KINDS)}")


def save(figure: Figure, path: Path) -> None:
    """Write `figure` as the name says, PNG or SVG, where letters stay letters. Raises DataError."""
    check(path)
    partial = path.with_name(path.name + ".partial")
    try:
        with rc_context({"svg.fonttype": "none"}):
            figure.savefig(partial, format=path.suffix.lower()[1:], dpi=120)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise DataError(f"{path}: cannot write the picture ({error.strerror})") from None
