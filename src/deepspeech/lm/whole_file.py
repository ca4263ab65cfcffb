"""Files that stand under their name whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deepspeech.errors import LmError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; it gets that name when the block ends well, and goes away otherwise.

    Raises LmError where the file cannot be written: no space, no such folder, no permission.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield partial
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        if error.filename not in (None, str(partial)):
            raise  # another file's fault
        raise LmError(f"{path}: cannot be written ({error.strerror}); free space or choose another place") from None
    finally:
        partial.unlink(missing_ok=True)


def check_place(path: Path) -> None:
    """Raise LmError where `path` could not be written, before hours of work for it."""
    if path.is_dir():
        raise LmError(f"{path}: is a folder; name a file in it")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise LmError(f"{folder}: there is no such folder; make it first")
    if not os.access(folder, os.W_OK):
        raise LmError(f"{folder}: cannot be written to; choose another place")
