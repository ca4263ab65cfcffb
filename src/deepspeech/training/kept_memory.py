"""The process keeps the memory that it has freed: the next step needs as much again.

Left to itself, the C library gives large blocks back and asks for them anew, and the system clears each page when it
is first touched: with 2048 units a step writes half a gigabyte so.
"""

import ctypes

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # glibc's malloc.h


def keep_freed() -> None:
    """From now on, where the C library is glibc; elsewhere nothing changes."""
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    set_option(_MMAP_MAX, 0)
    set_option(_TRIM_THRESHOLD, 2**31 - 1)
    set_option(_TOP_PAD, 2**26)
