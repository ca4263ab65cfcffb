"""Progress: a progress line on stderr with count, rate and remaining time.

On a terminal the line is overwritten; in a log a new line is written every ten seconds. Standard library only.
"""

import shutil
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TextIO, TypeVar

from deepspeech.printable import printable

Item = TypeVar("Item")

TERMINAL_EVERY_S = 0.1
LOG_EVERY_S = 10.0
_bars = True
RATE_OVER_S = 30.0  # window of the rate: after a resume, finished clips pass much faster


class Progress:
    """Counts up to `total` (None: unknown) of `unit`. Thread-safe.

    `with Progress(400, "train", "clips") as progress:` and `progress.advance()` for each; or
    `for item in Progress(400, "train", "clips").over(items):`.
    """

    def __init__(self, total: int | None, label: str, unit: str, done: int = 0, stream: TextIO | None = None) -> None:
        """`done`: items that an earlier run finished; excluded from the rate."""
        self._total, self._label, self._unit = total, label, unit
        self._stream = sys.stderr if stream is None else stream
        self._terminal = self._stream.isatty() and _bars
        self._every_s = TERMINAL_EVERY_S if self._terminal else LOG_EVERY_S
        self._done, self._note, self._written = done, "", False
        self._start_s = self._last_s = time.monotonic()
        self._history = deque([(self._start_s, done)])
        self._lock = threading.Lock()

    def advance(self, count: int = 1, note: str = "") -> None:
        """Add `count` finished items; `note` is shown at the end of the line until replaced."""
        with self._lock:
            self._done += count
            self._note = note or self._note
            now_s = time.monotonic()
            if now_s - self._last_s >= self._every_s:
                self._last_s = now_s
                self._write(self.line(now_s))

    def over(self, items: Iterable[Item]) -> Iterator[Item]:
        """Iterate over `items` and count each when the next one is requested."""
        with self:
            for item in items:
                yield item
                self.advance()

    def line(self, now_s: float) -> str:
        """The progress line at time `now_s` of the monotonic clock."""
        self._history.append((now_s, self._done))
        while len(self._history) > 2 and now_s - self._history[1][0] >= RATE_OVER_S:
            self._history.popleft()
        since_s, before = self._history[0]
        rate = (self._done - before) / max(now_s - since_s, 1e-9)
        parts = [f"{self._label}: {self._done}", f"{rate:.0f}/s" if rate >= 10 else f"{rate:.2g}/s"]
        if self._total is None:
            parts[0] += f" {self._unit}"
        else:
            percent = 100 * self._done // self._total if self._total else 100
            parts[0] += f" of {self._total} {self._unit} ({percent} %)"
            if rate > 0 and self._done < self._total:
                parts.append(f"{duration((self._total - self._done) / rate)} left")
        return ", ".join([*parts, self._note] if self._note else parts)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Write a summary line; in a log only if the job was long enough for a progress line."""
        with self._lock:
            if self._terminal or self._written:
                took = duration(time.monotonic() - self._start_s)
                self._write(f"{self._label}: {self._done} {self._unit} in {took}" + (kind is not None) * ", stopped")
                if self._terminal:
                    self._stream.write("\n")
                    self._stream.flush()

    def _write(self, text: str) -> None:
        self._written = True
        # A wrapped line cannot be overwritten.
        width = shutil.get_terminal_size().columns - 1
        text = printable(text)
        _raw(self._stream).write(f"\r{text[:width]}\x1b[K" if self._terminal else text + "\n")
        self._stream.flush()


def lines_only() -> None:
    """Make this process write lines as in a log, on a terminal too."""
    global _bars
    _bars = False


def overwrite(text: str, stream: TextIO) -> None:
    """Overwrite the terminal's current line with the end of `text`; does nothing without a terminal."""
    if stream.isatty():
        width = shutil.get_terminal_size().columns - 1
        _raw(stream).write(f"\r{printable(text)[-width:]}\x1b[K")
        stream.flush()


def _raw(stream: TextIO) -> TextIO:
    """The underlying stream, which accepts escape sequences."""
    return getattr(stream, "unfiltered", stream)


def duration(seconds: float) -> str:
    """Format seconds: 8 s, 2:05, 1:02:05."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def clock(seconds: float) -> str:
    """Format seconds as H:MM:SS."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
