"""Atomic file writing: a file appears under its name complete or not at all.

What a killed process leaves behind is a file or folder `.HOST-PROCESS-THREAD.NAME.part`; `sweep` removes it.
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
_BLOCK_BYTES = 1 << 20
_STALE_S = 86400.0  # a partial file of another machine is abandoned when nobody has written to it for so long
# What file managers, editors and archivers leave among a person's files; names that begin with a dot are hidden too.
_LITTER = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"}


@contextmanager
def atomic_path(path: Path, error: type[DeepSpeechError] | None = None, lasting: bool = False) -> Iterator[Path]:
    """A path beside `path` to write to; it gets that name when the block ends well, and goes away otherwise.

    `lasting`: it is on the disk, safe from a loss of power, before it gets the name.
    Where it cannot be written (no space, no such folder, no permission): raises `error` with one line, or the
    OSError, which names `path`.
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
            raise  # another file's fault, or a pipe's to whoever reads what is told meanwhile
        if error is None:
            failure.filename = str(path)
            raise
        reason = failure.strerror or failure
        raise error(f"{path}: cannot be written ({reason}); free space or choose another place") from None
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def atomic_open(
    path: Path, error: type[DeepSpeechError] | None = None, mode: str = "wb", **how: Any
) -> Iterator[IO[Any]]:
    """As `atomic_path`, open for writing; `how`: as of `open`."""
    with atomic_path(path, error) as partial, partial.open(mode, **how) as file:
        yield file


@contextmanager
def partial_folder(path: Path) -> Iterator[Path]:
    """An empty folder beside `path`, for what `path` is made of; where it is left when the block ends, it goes."""
    sweep(path.parent)
    partial = _partial(path)
    partial.mkdir()
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _partial(path: Path) -> Path:
    """Of this thread alone, so that two writers of one file do not meet; cut, as names of files are limited."""
    return path.with_name(f".{_host()}-{os.getpid()}-{threading.get_ident()}.{path.name[-50:]}.part")


def sweep(folder: Path) -> None:
    """Remove partial files and folders that killed processes left: of this machine at once, of others after a day."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if (match := _PARTIAL.fullmatch(entry.name)) and _abandoned(entry, match[1], int(match[2])):
                with suppress(OSError):
                    shutil.rmtree(entry.path) if entry.is_dir(follow_symlinks=False) else os.unlink(entry.path)


def _abandoned(entry: "os.DirEntry[str]", host: str | None, process: int) -> bool:
    if entry.is_symlink():
        return False
    if host != _host():
        return time.time() - entry.stat(follow_symlinks=False).st_mtime > _STALE_S
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False  # another user's
    return False


@cache
def _host() -> str:
    """Eight characters for this machine; containers that number their processes anew are machines of their own."""
    with suppress(OSError):
        return f"{zlib.crc32((socket.gethostname() + os.readlink('/proc/self/ns/pid')).encode()):08x}"
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


def hidden(path: Path, below: Path) -> bool:
    """Is a part of `path` below the folder `below` hidden, or what a file manager left there?"""
    return any(part.startswith(".") or part.lower() in _LITTER for part in path.relative_to(below).parts)


def visible(folder: Path, pattern: str = "**/*") -> list[Path]:
    """What matches the pattern below `folder`, sorted, without what is hidden."""
    return sorted(path for path in folder.glob(pattern) if not hidden(path, folder))


def sha256_of(file: IO[bytes], length: int | None = None) -> bytes:
    """SHA-256 of an open file from where it stands, or of its next `length` bytes. Raises OSError."""
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
    """Raise ConfigError where `path` could not be written, before hours of work for it."""
    if path.is_dir():
        raise ConfigError(f"{path}: is a folder; name a file in it")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise ConfigError(f"{folder}: there is no such folder; make it first")
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"{folder}: cannot be written to; choose another place")
