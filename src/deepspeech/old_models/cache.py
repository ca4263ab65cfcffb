"""Cache of converted models: `$XDG_CACHE_HOME/deepspeech/models/KEY-FORMAT-SHA256.onnx`.

The file name has the SHA-256 of the old model and of the entry itself: entries are written atomically, and damage is
detected. Folder and entries are trusted only if they belong to this user and nobody else may write to them. Otherwise,
and if the folder is read-only, entries live in a temporary folder until the process ends.
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

FORMAT = 2  # version of the conversion; a change invalidates all entries


def folder() -> Path:
    """The cache folder (XDG base directory specification)."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(home) / "deepspeech" / "models"


def cached(key: str, make: Callable[[], bytes]) -> Path:
    """The file of `key`, made now if it is missing or damaged."""
    directory = folder()
    if _trusted(directory) and (found := _find(directory, key)):
        return found
    if not (_writable(directory) and _trusted(directory)):
        directory = _temporary()
        if found := _find(directory, key):
            return found
    content = make()
    try:
        return _write(directory, key, content)
    except OSError:  # e.g. a full disk
        return _write(_temporary(), key, content)


def _writable(directory: Path) -> bool:
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return False
    return os.access(directory, os.W_OK)


def _trusted(directory: Path) -> bool:
    """Whether this is a folder of this user, not a link, and nobody else may write to it."""
    try:
        found = directory.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and _own(found)


def _own(found: os.stat_result) -> bool:
    if not hasattr(os, "getuid"):  # Windows: the user's cache folder is the user's
        return True
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _find(directory: Path, key: str) -> Path | None:
    for path in sorted(directory.glob(f"{key}-{FORMAT}-*.onnx")):
        try:
            if not path.is_symlink() and _digest(path) == path.stem.split("-")[-1]:
                return path
            path.unlink()
        except OSError:
            continue
    return None


def _write(directory: Path, key: str, content: bytes) -> Path:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = directory / f"{key}-{FORMAT}-{hashlib.sha256(content).hexdigest()}.onnx"
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
