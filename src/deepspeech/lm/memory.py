"""Parse memory sizes: 75%, 2GB, 800M."""

import os
import re
from pathlib import Path

from deepspeech.errors import LmError

_UNITS = {"": 1, "b": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_TEXT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:(%)|([kmgt]?)(?:i?b)?)", re.IGNORECASE)
_CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


def memory_bytes(text: str) -> int:
    """Bytes in `text`; a percentage is of this machine's or container's memory. Raises LmError."""
    found = _TEXT.fullmatch(text.strip())
    if not found or float(found[1]) <= 0:
        raise LmError(f"cannot parse the memory size '{text}'; write 75% or 2GB")
    if found[2]:
        return int(min(float(found[1]), 100) / 100 * _machine_bytes())
    return int(float(found[1]) * _UNITS[found[3].lower()])


def _machine_bytes() -> int:
    try:
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows
        raise LmError("this system does not tell how much memory it has; write a size, for example 2GB") from None
    try:
        return min(whole, int(_CONTAINER_LIMIT.read_text()))
    except (OSError, ValueError):  # no container, or "max"
        return whole
