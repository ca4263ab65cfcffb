"""Read and write files at a place, also in several threads: os.pread and os.pwrite, or on Windows what replaces them.

In: a descriptor and an offset. Out: bytes. Where the system has the calls, the descriptor's own position stays.
"""

import os
from threading import Lock

_moving = Lock()  # between moving a descriptor's position and using it


def read_at(descriptor: int, count: int, offset: int) -> bytes:
    """`count` bytes from `offset` on, fewer at the end. Raises OSError."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, count, offset)
    with _moving:
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, count)


def write_at(descriptor: int, data: bytes, offset: int) -> int:
    """Write `data` at `offset`; returns how much of it was written. Raises OSError."""
    if hasattr(os, "pwrite"):
        return os.pwrite(descriptor, data, offset)
    with _moving:
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.write(descriptor, data)
