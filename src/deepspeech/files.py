"""Atomic file writing, checksums and hidden files.

A killed process leaves a partial file or folder `.HOST-PROCESS-THREAD.NAME.part`; `sweep` removes it.
"""

import hashlib
import os
import re
import shutil
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO, Any

from deepspeech.errors import ConfigError, DeepSpeechError

_PARTIAL = re.compile(r"\.(?:([0-9a-f]{8})-)?(\d+)-\d+\..*\.part", re.DOTALL)
_EARLIER = re.compile(r"\.export-[a-z0-9_]{8}")  # folders of exports by earlier versions
_BLOCK_BYTES = 1 << 20
_STALE_S = 86400.0  # age at which a partial file of another machine is considered abandoned
# Left by file managers, editors and archivers; names that begin with a dot are hidden, too.
_LITTER = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"}


@contextmanager
def atomic_path(path: Path, error: type[DeepSpeechError] | None = None, lasting: bool = False) -> Iterator[Path]:
    """A temporary path next to `path`, renamed to it when the block ends without an error, otherwise deleted.

    `lasting`: fsync before renaming. Where it cannot be written (no space, folder or permission), raises `error` with
    one line, or the OSError, which names `path`.
    """
    partial = _partial(path)
    try:
        yield partial
        if lasting:
            with partial.open("rb") as file:
                os.fsync(file.fileno())
        partial.replace(path)
    except OSError as failure:
        if isinstance(failure, ConnectionError) or failure.filename not in (None, str(partial)):
            raise  # of another file, or of a pipe
        if error is None:
            failure.filename = str(path)
            raise
        reason = failure.strerror or failure
        raise error(f"{path}: cannot be written ({reason}); free space or choose another path") from None
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def atomic_open(
    path: Path, error: type[DeepSpeechError] | None = None, mode: str = "wb", **how: Any
) -> Iterator[IO[Any]]:
    """Like `atomic_path`, but yields the open file; `how`: arguments of `open`."""
    with atomic_path(path, error) as partial, partial.open(mode, **how) as file:
        yield file


@contextmanager
def partial_folder(path: Path) -> Iterator[Path]:
    """A temporary empty folder next to `path`, deleted when the block ends, unless renamed."""
    sweep(path.parent)
    partial = _partial(path)
    partial.mkdir()
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _partial(path: Path) -> Path:
    """A name unique to this thread, truncated to the limit of file names."""
    return path.with_name(f".{_host()}-{os.getpid()}-{threading.get_ident()}.{path.name[-50:]}.part")


def sweep(folder: Path) -> None:
    """Remove partial files and folders of killed processes; those of other machines after a day.

    Folders of killed exports by earlier versions, too.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = _PARTIAL.fullmatch(entry.name)
            gone = _abandoned(entry, match[1], int(match[2])) if match else _is_earlier(entry)
            if gone:
                with suppress(OSError):
                    shutil.rmtree(entry.path) if entry.is_dir(follow_symlinks=False) else os.unlink(entry.path)


def _is_earlier(entry: "os.DirEntry[str]") -> bool:
    old = _EARLIER.fullmatch(entry.name) is not None and entry.is_dir(follow_symlinks=False)
    return old and all(name.endswith(".onnx") for name in os.listdir(entry.path)) and _is_stale(entry)


def _is_stale(entry: "os.DirEntry[str]") -> bool:
    return time.time() - entry.stat(follow_symlinks=False).st_mtime > _STALE_S


def _abandoned(entry: "os.DirEntry[str]", host: str | None, process: int) -> bool:
    if entry.is_symlink():
        return False
    if host != _host():
        return _is_stale(entry)
    if os.name == "nt":  # os.kill would end it
        return _is_stale(entry)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False  # another user's
    return False


@cache
def _host() -> str:
    """Eight characters that identify this machine; containers with their own process ids are separate machines."""
    with suppress(OSError):
        return f"{zlib.crc32((socket.gethostname() + os.readlink('/proc/self/ns/pid')).encode()):08x}"
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


def hidden(path: Path, below: Path) -> bool:
    """Whether a part of `path` below the folder `below` is hidden or litter."""
    return any(part.startswith(".") or part.lower() in _LITTER for part in path.relative_to(below).parts)


def visible(folder: Path, pattern: str = "**/*") -> list[Path]:
    """Visible paths below `folder` that match the pattern, sorted."""
    return sorted(path for path in folder.glob(pattern) if not hidden(path, folder))


def sha256_of(file: IO[bytes], length: int | None = None) -> bytes:
    """SHA-256 of an open file from its position, or of its next `length` bytes. Raises OSError."""
    digest, left = hashlib.sha256(), length
    while block := file.read(_BLOCK_BYTES if left is None else min(left, _BLOCK_BYTES)):
        digest.update(block)
        left = None if left is None else left - len(block)
    return digest.digest()


def crc32_of(path: Path) -> int:
    """CRC-32 of a file's bytes. Raises OSError."""
    value = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            value = zlib.crc32(block, value)
    return value


def check_place(path: Path) -> None:
    """Raise ConfigError if `path` cannot be written, before long computations."""
    if path.is_dir():
        raise ConfigError(f"{path}: is a folder; name a file in it")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise ConfigError(f"{folder}: there is no such folder; create it first")
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"{folder}: cannot be written to; choose another path")
