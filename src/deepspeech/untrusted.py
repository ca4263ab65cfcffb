"""Safe parsing of untrusted input: JSON of bounded depth, numbers in range, regular files only.

Raises ValueError (OSError for files), never RecursionError or OverflowError. Callers add location and remedy.
"""

import json
import os
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any, BinaryIO, TypeGuard

DEEPEST = 32  # levels of lists and objects; those of this package have 4
LARGEST_PAGE = 64 << 20  # bytes of a JSON file that is read whole
LARGEST_PIPE = 1 << 30  # bytes of a pipe or device that a person names as a file: some never end
AWAITED_S = 2.0  # seconds after which a pipe is reported that nobody has opened for writing
LARGEST_NUMBER = 1 << 53  # larger integers are not exact as floats
MOST_LABELS = 1 << 16
# Allowed range of values by name, in model cards and run.json, at any level.
RANGES: dict[str, tuple[float, float]] = {
    "format": (0, 1 << 31), "step": (0, LARGEST_NUMBER), "weights_crc32": (0, 0xFFFFFFFF),
    "context_frames": (0, 1000), "hidden": (1, 1 << 16), "lstm_layers": (1, 100), "stride": (1, 1000),
    "width": (1, 1 << 16), "blocks": (1, 1000), "heads": (1, 1 << 10), "kernel": (1, 1000),
    "left_frames": (1, 10_000), "chunk_frames": (1, 1 << 18),
    "frames": (1, 1 << 20), "hop": (0, 1 << 20), "left": (0, 1 << 20), "right": (0, 1 << 20),
    "beam_width": (1, 1_000_000), "sample_rate_hz": (100, 1_000_000), "coefficients": (1, 10_000),
    "mel_bands": (1, 10_000), "window_ms": (0.01, 60_000.0), "step_ms": (0.01, 60_000.0), "low_hz": (0.0, 1e6),
    "high_hz": (0.0, 1e6), "relu_clip": (0.0, 1e6),
}  # fmt: skip
TEXTS = {
    "name", "version", "author", "contact", "language", "licence", "license", "description", "made_with", "precision",
    "recurrent",
}  # fmt: skip
LABELS = {"alphabet", "labels", "pieces"}
COMMANDING = re.compile("[\0\x1b\x9b]")  # NUL and escape characters: not valid in labels
_JSON = json.JSONDecoder()
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # Unix and Windows
_ESCAPED_PAIR = re.compile(r"\\u[dD]")


def parse_json(text: str | bytes) -> Any:
    """Parse a JSON text, UTF-8 if it is bytes. Raises only ValueError.

    Also refuses more than DEEPEST levels, and lone surrogates.
    """
    if isinstance(text, bytes):
        text = text.decode().removeprefix("\ufeff")
    try:
        value = _JSON.decode(text)
    except RecursionError:
        raise ValueError(f"nested deeper than {DEEPEST} levels") from None
    # Most texts are flat and have no such escapes, which is faster to check in the text than in the values.
    if text.count("[") + text.count("{") > DEEPEST or ("\\" in text and _ESCAPED_PAIR.search(text)):
        check_values(value)
    return value


def read_json(path: Path) -> Any:
    """Parse a JSON file of at most LARGEST_PAGE bytes. Raises ValueError, or OSError if it cannot be read."""
    with open_regular(path) as file:
        text = file.read(LARGEST_PAGE + 1)
    if len(text) > LARGEST_PAGE:
        raise ValueError(f"larger than {LARGEST_PAGE >> 20} MB")
    return parse_json(text)


def check_values(value: Any) -> None:
    """Raise ValueError if nested lists and mappings are deeper than DEEPEST or contain a lone surrogate."""
    level, depth = [value], 0
    while level:
        if depth > DEEPEST:
            raise ValueError(f"nested deeper than {DEEPEST} levels")
        inner: list[Any] = []
        for item in level:
            if isinstance(item, str):
                if _HALF_PAIR.search(item):
                    raise ValueError("a text with half a surrogate pair")
            elif isinstance(item, dict):
                inner += [*item.keys(), *item.values()]
            elif isinstance(item, list):
                inner += item
        level, depth = inner, depth + 1


def is_number(value: Any, least: float = 0, most: float = LARGEST_NUMBER) -> TypeGuard[float]:
    """Whether it is a finite number from `least` to `most`, not a bool."""
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(least <= value <= most)


def is_count(value: Any, least: float = 0, most: float = LARGEST_NUMBER) -> TypeGuard[int]:
    """Whether it is an integer from `least` to `most`."""
    return isinstance(value, int) and is_number(value, least, most)


def at(page: Any, name: str, *kinds: type) -> Any:
    """The value at the dotted key `name`, of one of the types `kinds`. Raises ValueError that names it."""
    value = page
    for key in name.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    if type(value) not in kinds:
        raise ValueError(f"{name} is missing, or no {' or '.join(kind.__name__ for kind in kinds)}")
    return value


# ---- model cards and run.json ---------------------------------------------------------------------


def check_description(page: Any) -> None:
    """Raise ValueError if a model card or run.json has, at any level, an invalid value for a name in RANGES, TEXTS or
    LABELS: arrays of these sizes are allocated before weights are read.
    """
    for name, value in page.items() if isinstance(page, dict) else ():
        if name in RANGES and value is not None:
            least, most = RANGES[name]
            whole = isinstance(least, int)
            if not (is_count(value, least, most) if whole else is_number(value, least, most)):
                raise ValueError(f"{name} is {value!r:.60}, not from {least:g} to {most:g}")
        elif name in TEXTS and not isinstance(value, str):
            raise ValueError(f"{name} is no text")
        elif name in LABELS and isinstance(value, list):
            _check_labels(value)
        else:
            check_description(value)


def reason(error: Exception) -> str:
    """Explain the exception of reading a description."""
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    if isinstance(error, TypeError | AttributeError):  # its message is about Python functions
        return "its entries have other names or types"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error) or "unknown reason"


def _check_labels(labels: list[Any]) -> None:
    if len(labels) > MOST_LABELS:
        raise ValueError(f"{len(labels)} labels")
    for label in labels:
        if not isinstance(label, str) or not label or COMMANDING.search(label):
            raise ValueError(f"{label!r:.60} is no label")


# ---- files ---------------------------------------------------------------------------------------------------------


def check_regular(mode: int) -> None:
    """Raise OSError if a file mode is that of a folder, device, pipe or socket."""
    if S_ISDIR(mode):
        raise OSError(21, "is a folder")
    if not S_ISREG(mode):
        raise OSError(22, "is a device, pipe or socket, and no file")


def open_regular(path: str | Path) -> BinaryIO:
    """Open a regular file for reading without blocking: pipes, devices and NUL in a name raise OSError."""
    descriptor = regular_descriptor(path)
    return open(path, "rb", opener=lambda *_: descriptor)


@contextmanager
def awaited(name: object) -> Iterator[None]:
    """Say on stderr what the block waits for if it takes long: a pipe without a writer never opens."""
    line = f"deepspeech: waiting for {str(name)!r:.300}, a pipe to which nothing has been written yet"
    timer = threading.Timer(AWAITED_S, lambda: print(line, file=sys.stderr, flush=True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def read_named(path: str | Path) -> bytes:
    """All bytes of a file that a person named, who may name a pipe. Raises OSError, for one that does not end too."""
    with awaited(path):
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as file:
        if S_ISREG(os.fstat(file.fileno()).st_mode):
            return file.read()
        content = file.read(LARGEST_PIPE + 1)
    if len(content) > LARGEST_PIPE:
        raise OSError(22, f"a pipe that gave {LARGEST_PIPE >> 20} MB and did not end; save it to a file first")
    return content


def regular_descriptor(path: str | Path) -> int:
    """Like `open_regular`, but returns a descriptor, to be closed by the caller: faster for small reads."""
    try:
        check_regular(os.stat(path).st_mode)  # opening a device may have side effects
        descriptor = os.open(path, _READ)
    except ValueError:
        raise OSError(22, "its name holds a zero byte, or half a surrogate pair") from None
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    try:
        check_regular(os.fstat(descriptor).st_mode)  # the path may have changed meanwhile
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
