"""Batcher: runs network steps of many streams as one batch. A recurrent step of 16 clips costs little more than of one.

    stream threads ─ step ─▶ live requests ────▶ ┐  network threads: the oldest request and all that fit with it
    upload threads ─ step ─▶ upload requests ──▶ ┘  uploads only while no live request is due

A live step waits for company at most `wait_s`, and not at all while no other stream is at work. The search runs in the
stream's own thread between two steps; as many threads as may wait are the most that a batch can hold (service.py).
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from deepspeech.cores import cores
from deepspeech.runtime.engines.engine import Engine, Float32, States

LARGEST = 32  # clips in a batch
WAIT_S = 0.01


@dataclass(eq=False)
class _Request:
    engine: Engine
    chunk_BTF: Float32
    states: States
    outputs_B: NDArray[np.int32]
    alone: bool
    since_s: float = field(default_factory=time.monotonic)
    result: "Future[tuple[Float32, States]]" = field(default_factory=Future)

    def fits(self, other: "_Request") -> bool:
        """Whether the two may share a batch; chunks of other lengths would need padding, which changes states."""
        same = self.engine is other.engine and self.chunk_BTF.shape[1:] == other.chunk_BTF.shape[1:]
        return same and not (self.alone or other.alone)


class Batcher:
    """One for all models of a process. `on_batch` is called with the size of each live batch and its oldest's wait."""

    def __init__(
        self,
        threads: int | None = None,
        largest: int = LARGEST,
        wait_s: float = WAIT_S,
        on_batch: Callable[[int, float], None] = lambda size, waited_s: None,
    ) -> None:
        count = threads or cores()
        self._largest, self._wait_s, self._on_batch = largest, wait_s, on_batch
        self._live, self._uploads = deque[_Request](), deque[_Request]()
        self._changed = threading.Condition()
        self._searching, self._closed = 0, False
        self._threads = [threading.Thread(target=self._work, name=f"network-{n}", daemon=True) for n in range(count)]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return len(self._live) + len(self._uploads)

    def live(self, engine: Engine, alone: bool = False) -> Engine:
        """The engine for streams, whose threads are `at_work`. `alone`: its steps must not share a batch."""
        return _BatchedEngine(self, engine, live=True, alone=alone)

    def uploads(self, engine: Engine) -> Engine:
        """The engine for recordings, which takes what streams leave."""
        return _BatchedEngine(self, engine, live=False, alone=True)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Around all that a stream computes."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def close(self) -> None:
        """Finish what is queued, and end the threads."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def step(self, request: _Request, live: bool) -> tuple[Float32, States]:
        """Queue a request and wait for its result."""
        with self._changed:
            (self._live if live else self._uploads).append(request)
            self._searching -= live
            self._changed.notify()
        if not live:
            return request.result.result()
        try:
            return request.result.result()
        finally:
            self._count(1)

    def _count(self, change: int) -> None:
        with self._changed:
            self._searching += change
            if not self._searching:
                self._changed.notify()

    def _work(self) -> None:
        while batch := self._next():
            _run(batch)

    def _next(self) -> list[_Request]:
        """The next batch; empty when closed."""
        with self._changed:
            while True:
                left_s = self._left_s()
                if self._live and left_s <= 0:
                    return self._company()
                if self._uploads and not self._live:
                    return [self._uploads.popleft()]
                if self._closed and not self._live:
                    return []
                self._changed.wait(left_s if self._live else None)

    def _left_s(self) -> float:
        """How much longer the oldest live request may wait for company."""
        if not self._live or not self._searching or self._closed or len(self._live) >= self._largest:
            return 0.0
        return self._live[0].since_s + self._wait_s - time.monotonic()

    def _company(self) -> list[_Request]:
        oldest, batch, others = self._live[0], list[_Request](), list[_Request]()
        while self._live and len(batch) < self._largest:
            request = self._live.popleft()
            (batch if request is oldest or oldest.fits(request) else others).append(request)
        self._live.extendleft(reversed(others))
        if self._live:
            self._changed.notify()  # for another thread
        self._on_batch(len(batch), time.monotonic() - oldest.since_s)
        return batch


class _BatchedEngine:
    """An Engine whose steps are run by the batcher."""

    def __init__(self, batcher: Batcher, engine: Engine, live: bool, alone: bool) -> None:
        self._batcher, self._engine, self._live, self._alone = batcher, engine, live, alone

    def start(self, clips: int) -> States:
        return self._engine.start(clips)

    def step(self, chunk_BTF: Float32, states: States, outputs_B: NDArray[np.int32]) -> tuple[Float32, States]:
        return self._batcher.step(_Request(self._engine, chunk_BTF, states, outputs_B, self._alone), self._live)


def _run(batch: Sequence[_Request]) -> None:
    """Run a batch; if it fails, each of it alone, so that only the failing stream ends."""
    try:
        if len(batch) == 1:
            (one,) = batch
            one.result.set_result(one.engine.step(one.chunk_BTF, one.states, one.outputs_B))
            return
        chunks_BTF = np.concatenate([one.chunk_BTF for one in batch])
        outputs_B = np.concatenate([one.outputs_B for one in batch])
        probabilities, after = batch[0].engine.step(chunks_BTF, joined([one.states for one in batch]), outputs_B)
    except Exception as error:
        if len(batch) == 1:
            batch[0].result.set_exception(error)
            return
        for one in batch:
            _run([one])
        return
    first = 0
    for one in batch:
        rows = list(range(first, first + len(one.chunk_BTF)))
        one.result.set_result((probabilities[rows], after.of(rows)))
        first += len(rows)


def joined(states: Sequence[States]) -> States:
    """The states of several batches as those of one."""
    axes = states[0].axes
    return States({name: np.concatenate([one[name] for one in states], axis) for name, axis in axes.items()}, axes)
