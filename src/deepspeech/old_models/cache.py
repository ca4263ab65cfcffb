"""Converted models, kept from one start to the next: `$XDG_CACHE_HOME/deepspeech/models/KEY-FORMAT-SHA256.onnx`.

A file's name says what it was made from (SHA-256 of the old model) and what it must hold (SHA-256 of its own bytes), so
one file is an entry: it appears whole or not at all, and damage is noticed. A name proves nothing to who may write
there: folder and entries count only where they are this user's, and nobody else may write to them. Where the folder is
another's or cannot be written, entries live in a temporary folder until the process ends.
"""

import atexit
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from deepspeech.files import atomic_path, sha256_of
from deepspeech.untrusted import open_regular

FORMAT = 2  # of the conversion; another number makes every entry anew


def folder() -> Path:
    """Where entries are kept (XDG base directory specification)."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(home) / "deepspeech" / "models"


def cached(key: str, make: Callable[[], bytes]) -> Path:
    """The file of `key`, made now if it is not there or not as it was written."""
    place = folder()
    if _trusted(place) and (found := _find(place, key)):
        return found
    if not (_writable(place) and _trusted(place)):
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


def _trusted(place: Path) -> bool:
    """Is it this user's folder, and no link, to which nobody else may write?"""
    try:
        found = place.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and _own(found)


def _own(found: os.stat_result) -> bool:
    if not hasattr(os, "getuid"):  # Windows: the user's cache folder is the user's
        return True
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _find(place: Path, key: str) -> Path | None:
    for path in sorted(place.glob(f"{key}-{FORMAT}-*.onnx")):
        try:
            if not path.is_symlink() and _digest(path) == path.stem.split("-")[-1]:
                return path
            path.unlink()
        except OSError:
            continue
    return None


def _write(place: Path, key: str, content: bytes) -> Path:
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = place / f"{key}-{FORMAT}-{hashlib.sha256(content).hexdigest()}.onnx"
    with atomic_path(target) as partial:
        partial.write_bytes(content)
        partial.chmod(0o600)
    return target


def _digest(path: Path) -> str:
    """The SHA-256 of a regular file of this user's; "" of another's."""
    with open_regular(path) as file:
        return sha256_of(file).hex() if _own(os.fstat(file.fileno())) else ""


@cache
def _temporary() -> Path:
    """This process's own folder, removed when it ends."""
    made = tempfile.TemporaryDirectory(prefix="deepspeech-")
    atexit.register(made.cleanup)
    return Path(made.name)
