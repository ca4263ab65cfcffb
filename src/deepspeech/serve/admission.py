"""Admission: which streams and uploads are accepted, by the limits. Belongs to the event loop's thread.

A request over a limit is refused at once, with a Refused that says which; nothing is queued for later.
"""

import asyncio
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from deepspeech.serve.limits import Limits, Refused

MINUTE_S = 60.0
ADDRESSES = 10_000  # whose latest requests are remembered


class Admission:
    """Counts what is under way. `draining` is set when the server begins to stop."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._clock = limits, clock
        self.draining = asyncio.Event()
        self.streams = self.uploads = 0
        self._of_address: Counter[str] = Counter()
        self._requests: OrderedDict[str, deque[float]] = OrderedDict()

    @contextmanager
    def stream(self, address: str) -> Iterator[None]:
        """Within, a live stream of this address is under way. Raises Refused."""
        self._check(address)
        if self.streams >= self._limits.streams:
            raise Refused(f"all {self._limits.streams} streams of this server are in use", 429, "streams")
        if self._of_address[address] >= self._limits.streams_per_address:
            raise Refused(f"{self._of_address[address]} streams come from this address already", 429, "address")
        self.streams += 1
        self._of_address[address] += 1
        try:
            yield
        finally:
            self.streams -= 1
            self._of_address[address] -= 1
            self._of_address += Counter()  # forgets addresses without streams

    @contextmanager
    def upload(self, address: str) -> Iterator[None]:
        """Within, a recording is received and transcribed. Raises Refused."""
        self._check(address)
        if self.uploads >= self._limits.uploads:
            raise Refused(f"{self.uploads} recordings are being transcribed already", 429, "uploads")
        self.uploads += 1
        try:
            yield
        finally:
            self.uploads -= 1

    def _check(self, address: str) -> None:
        if self.draining.is_set():
            raise Refused("this server is stopping", 503, "draining")
        now = self._clock()
        times = self._requests.setdefault(address, deque())
        self._requests.move_to_end(address)
        while len(self._requests) > ADDRESSES:
            self._requests.popitem(last=False)
        while times and times[0] <= now - MINUTE_S:
            times.popleft()
        if len(times) >= self._limits.requests_per_minute:
            raise Refused(f"{len(times)} requests came from this address in a minute", 429, "rate")
        times.append(now)
