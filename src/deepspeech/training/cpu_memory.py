"""What a training on a CPU keeps in memory from step to step: all that it has freed, and few prepared products.

Left to itself, the C library gives large blocks back and asks for them anew, and the system clears each page when it
is first touched: with 2048 units a step writes half a gigabyte so. Left to themselves, oneDNN and what binds it to
torch each keep the last 1024 products made ready for a number of rows; batches have ever other numbers, so that
hundreds of megabytes gather which are never used again.
"""

import ctypes
import os

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # glibc's malloc.h
_PRODUCTS = "128"  # those of an LSTM's steps come again in each batch: two for each number of clips


def arrange() -> None:
    """From now on; to be called before the first product. What this system does not know changes nothing."""
    for cache in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
        os.environ.setdefault(cache, _PRODUCTS)
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    set_option(_MMAP_MAX, 0)
    set_option(_TRIM_THRESHOLD, 2**31 - 1)
    set_option(_TOP_PAD, 2**26)
