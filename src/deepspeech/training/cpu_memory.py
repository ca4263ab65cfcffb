"""Tunes memory for training on a CPU: malloc keeps freed memory, oneDNN caches fewer primitives.

By default, glibc returns large blocks to the system, which clears each page again on first use: half a gigabyte per
step with 2048 units. oneDNN and its torch bindings each cache 1024 primitives, one per number of rows; batches vary in
size, so hundreds of megabytes of primitives accumulate that are not used again.
"""

import ctypes
import os

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # glibc's malloc.h
_PRODUCTS = "128"  # enough for the primitives of LSTM steps, two per number of clips


def arrange() -> None:
    """Apply the settings; call it before the first matrix product. Unsupported settings are ignored."""
    for cache in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
        os.environ.setdefault(cache, _PRODUCTS)
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    set_option(_MMAP_MAX, 0)
    set_option(_TRIM_THRESHOLD, 2**31 - 1)
    set_option(_TOP_PAD, 2**26)
