"""Which files of a folder are recordings, by their names.

In: files. Out: those to open. Their content is checked when they are opened (`foreign.py`).
"""

from collections.abc import Iterable
from pathlib import Path

_COMMON_SUFFIXES = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3")  # common targets of conversion
SOUND_SUFFIXES = (
    *_COMMON_SUFFIXES, ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".w64", ".rf64", ".bwf", ".sph", ".voc",
)  # fmt: skip
MEMBER_KINDS = ("wav", "flac", "opus", "ogg", "mp3")  # of recordings inside archives, as WebDataset names them
# Audio and video with unsupported codecs.
FOREIGN_SUFFIXES = (
    ".m4a", ".m4b", ".aac", ".mp4", ".m4v", ".mov", ".3gp", ".webm", ".mkv", ".mka", ".avi", ".wma", ".wmv", ".amr",
    ".spx", ".ac3", ".ape", ".wv", ".mpg", ".mpeg",
)  # fmt: skip


def is_sound(path: Path) -> bool:
    """Is this the name of a recording that can be read?"""
    return path.suffix.lower() in SOUND_SUFFIXES


def recordings(files: Iterable[Path]) -> list[Path]:
    """The recordings among `files`, in order.

    Includes unsupported formats, so that opening one reports what to do, unless a file of the same name in a common
    format is next to it, presumably converted from it.
    """
    files = list(files)
    converted = {path.with_suffix("") for path in files if path.suffix.lower() in _COMMON_SUFFIXES}
    return [
        path
        for path in files
        if is_sound(path) or (path.suffix.lower() in FOREIGN_SUFFIXES and path.with_suffix("") not in converted)
    ]
