"""Converted models, kept from one start to the next: `$XDG_CACHE_HOME/deepspeech/models/KEY-FORMAT-CRC32.onnx`.

A file's name says what it was made from (SHA-256 of the old model) and what it must hold (CRC-32 of its own bytes), so
one file is an entry: it appears whole or not at all, and damage is noticed. Where nothing can be written there, entries
live in a temporary folder until the process ends.
"""

import atexit
import os
import tempfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from deepspeech.files import whole_file

FORMAT = 1  # of the conversion; another number makes every entry anew
BLOCK = 1 << 20


def folder() -> Path:
    """Where entries are kept (XDG base directory specification)."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(home) / "deepspeech" / "models"


def cached(key: str, make: Callable[[], bytes]) -> Path:
    """The file of `key`, made now if it is not there or not as it was written."""
    place = folder()
    if found := _find(place, key):
        return found
    if not _writable(place):
        place = _temporary()
        if found := _find(place, key):
            return found
    content = make()
    try:
        return _write(place, key, content)
    except OSError:  # a full disk, for one
        return _write(_temporary(), key, content)


def _writable(place: Path) -> bool:
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return False
    return os.access(place, os.W_OK)


def _find(place: Path, key: str) -> Path | None:
    for path in sorted(place.glob(f"{key}-{FORMAT}-*.onnx")):
        try:
            if f"{_checksum(path):08x}" == path.stem.split("-")[-1]:
                return path
            path.unlink()
        except OSError:
            continue
    return None


def _write(place: Path, key: str, content: bytes) -> Path:
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = place / f"{key}-{FORMAT}-{zlib.crc32(content):08x}.onnx"
    with whole_file(target) as partial:
        partial.write_bytes(content)
    return target


def _checksum(path: Path) -> int:
    value = 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            value = zlib.crc32(block, value)
    return value


@cache
def _temporary() -> Path:
    """This process's own folder, removed when it ends."""
    made = tempfile.TemporaryDirectory(prefix="deepspeech-")
    atexit.register(made.cleanup)
    return Path(made.name)
