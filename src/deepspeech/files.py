"""Files that stand under their name whole or not at all, whatever ends the process that writes them."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from deepspeech.errors import ConfigError, DeepSpeechError


@contextmanager
def whole_file(path: Path, error: type[DeepSpeechError] | None = None, lasting: bool = False) -> Iterator[Path]:
    """A path beside `path` to write to; it gets that name when the block ends well, and goes away otherwise.

    `lasting`: it is on the disk, safe from a loss of power, before it gets the name.
    Where it cannot be written (no space, no such folder, no permission): raises `error` with one line, or the OSError.
    """
    # Of this thread alone, so that two writers of one file do not meet; cut, as names of files are limited.
    partial = path.with_name(f".{os.getpid()}-{threading.get_ident()}.{path.name[-50:]}.part")
    try:
        yield partial
        if lasting:
            with partial.open("rb") as file:
                os.fsync(file.fileno())
        partial.replace(path)
    except OSError as failure:
        if error is None or isinstance(failure, ConnectionError) or failure.filename not in (None, str(partial)):
            raise  # another file's fault, or a pipe's to whoever reads what is told meanwhile
        reason = failure.strerror or failure
        raise error(f"{path}: cannot be written ({reason}); free space or choose another place") from None
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def whole(path: Path, error: type[DeepSpeechError] | None = None, mode: str = "wb", **how: Any) -> Iterator[IO[Any]]:
    """As `whole_file`, open for writing; `how`: as of `open`."""
    with whole_file(path, error) as partial, partial.open(mode, **how) as file:
        yield file


def check_place(path: Path) -> None:
    """Raise ConfigError where `path` could not be written, before hours of work for it."""
    if path.is_dir():
        raise ConfigError(f"{path}: is a folder; name a file in it")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise ConfigError(f"{folder}: there is no such folder; make it first")
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"{folder}: cannot be written to; choose another place")
