"""Graceful stop on signals: the loop finishes its step, writes a checkpoint and stops."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stopped(Exception):
    """The run was stopped by signal `number`, after writing a checkpoint."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def noted() -> Iterator[list[int]]:
    """Collect SIGINT and SIGTERM in a list instead of ending the process; a second Ctrl-C ends it.

    Further SIGTERMs do not: schedulers send one to every process, and torchrun forwards its own.
    """
    seen: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        seen.append(number)
        if number == signal.SIGINT:
            signal.signal(number, old[number])

    old = {int(number): signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in old:
        signal.signal(number, note)
    try:
        yield seen
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
