"""Write a matplotlib figure atomically."""

from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from deepspeech.errors import DataError
from deepspeech.files import atomic_path

KINDS = (".png", ".svg")


def check(path: Path) -> None:
    """Raise DataError where the suffix of `path` is not a supported image format."""
    if path.suffix.lower() not in KINDS:
        raise DataError(f"{path}: unsupported image format; the name must end in {' or '.join(KINDS)}")


def save(figure: Figure, path: Path) -> None:
    """Write `figure` as PNG or SVG, by suffix; text in SVGs stays text. Raises DataError."""
    check(path)
    with atomic_path(path, DataError) as partial, rc_context({"svg.fonttype": "none"}):
        figure.savefig(partial, format=path.suffix.lower()[1:], dpi=120)
