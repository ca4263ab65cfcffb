"""The batcher: the same numbers as alone, company for those who wait, streams before uploads, faults to their owner."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from deepspeech.runtime.engines.engine import States
from deepspeech.serve.batcher import Batcher, joined

ONE = np.ones(1, np.int32)


class Sums:
    """An engine that adds up what it sees; it may be held, and fails at 13."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.seen: list[float] = []
        self.open = threading.Event()
        self.open.set()

    def start(self, clips: int) -> States:
        return States({"sum": np.zeros((1, clips), np.float32)}, {"sum": 1})

    def step(self, chunk_BTF: np.ndarray, states: States, outputs_B: np.ndarray) -> tuple[np.ndarray, States]:
        self.sizes.append(len(chunk_BTF))
        self.seen.append(float(chunk_BTF[0, 0, 0]))
        assert self.open.wait(10)
        if (chunk_BTF == 13).any():
            raise ValueError("13")
        after = states["sum"] + chunk_BTF.sum((1, 2))[None]
        return np.repeat(after[0][:, None, None], 2, axis=2), States({"sum": after}, states.axes)


def chunk(value: float, frames: int = 3) -> np.ndarray:
    return np.full((1, frames, 1), value, np.float32)


def last(engine: Any, chunk_BTF: np.ndarray) -> float:
    return float(engine.step(chunk_BTF, engine.start(1), ONE)[0][0, 0, 0])


def waiting(batcher: Batcher, count: int) -> None:
    end = time.monotonic() + 10
    while batcher.waiting < count:
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.fixture
def held() -> Any:
    """A batcher with one network thread, which a first request occupies until `open` is set."""
    engine, batcher = Sums(), Batcher(threads=1, largest=4)
    engine.open.clear()
    pool = ThreadPoolExecutor(16)
    first = pool.submit(batcher.uploads(engine).step, chunk(0), engine.start(1), ONE)
    while not engine.sizes:
        time.sleep(0.002)
    yield engine, batcher, pool
    engine.open.set()
    first.result(10)
    batcher.close()
    pool.shutdown()


def stream(batcher: Batcher, engine: Any, work: Callable[[Any], Any]) -> Any:
    """Run `work` as a stream's thread does; the slot is not kept while it waits."""
    with batcher.at_work():
        return work(engine)


def test_steps_that_wait_run_together_and_give_what_they_give_alone(held: Any) -> None:
    engine, batcher, pool = held
    live = batcher.live(engine)

    def two(value: float) -> list[float]:
        def work(engine: Any) -> list[float]:
            states, found = engine.start(1), []
            for _ in range(2):
                probabilities, states = engine.step(chunk(value), states, ONE)
                found.append(float(probabilities[0, 0, 0]))
            return found

        return stream(batcher, live, work)

    jobs = [pool.submit(two, value) for value in range(1, 7)]
    waiting(batcher, 6)
    engine.open.set()
    assert [job.result(10) for job in jobs] == [[3.0 * value, 6.0 * value] for value in range(1, 7)]
    assert max(engine.sizes) == 4, "no batch is larger than the largest"


def test_chunks_of_other_lengths_or_of_engines_that_mix_rows_are_not_joined(held: Any) -> None:
    engine, batcher, pool = held
    engines = [batcher.live(engine), batcher.live(engine), batcher.live(engine, alone=True)]
    jobs = [
        pool.submit(stream, batcher, one, lambda e, frames=frames: last(e, chunk(1, frames)))
        for one, frames in zip(engines, (3, 5, 3), strict=True)
    ]
    waiting(batcher, 3)
    engine.open.set()
    assert [float(job.result(10)) for job in jobs] == [3, 5, 3]
    assert engine.sizes == [1, 1, 1, 1]


def test_streams_go_before_uploads(held: Any) -> None:
    engine, batcher, pool = held
    uploads = [pool.submit(last, batcher.uploads(engine), chunk(value)) for value in (1, 2, 3)]
    waiting(batcher, 3)
    live = pool.submit(stream, batcher, batcher.live(engine), lambda one: last(one, chunk(4)))
    waiting(batcher, 4)
    engine.open.set()
    for job in (*uploads, live):
        job.result(10)
    assert engine.seen[:2] == [0, 4]


def test_a_step_that_fails_ends_only_its_stream(held: Any) -> None:
    engine, batcher, pool = held
    live = batcher.live(engine)
    jobs = [
        pool.submit(stream, batcher, live, lambda one, value=value: last(one, chunk(value))) for value in (1, 13, 2)
    ]
    waiting(batcher, 3)
    engine.open.set()
    assert [float(jobs[0].result(10)), float(jobs[2].result(10))] == [3, 6]
    with pytest.raises(ValueError, match="13"):
        jobs[1].result(10)


def test_a_lone_stream_does_not_wait_for_company() -> None:
    engine, waits = Sums(), []
    batcher = Batcher(threads=1, wait_s=30.0, on_batch=lambda size, waited_s: waits.append((size, waited_s)))
    began_s = time.monotonic()
    stream(batcher, batcher.live(engine), lambda one: one.step(chunk(1), one.start(1), ONE))
    assert time.monotonic() - began_s < 10
    assert [size for size, _ in waits] == [1]
    batcher.close()


def test_company_is_awaited_no_longer_than_the_bound() -> None:
    """Another stream is at work and never comes."""
    engine, batcher = Sums(), Batcher(threads=2, wait_s=0.05)
    with batcher.at_work():
        done: list[float] = []

        def one_step() -> None:
            stream(batcher, batcher.live(engine), lambda one: one.step(chunk(1), one.start(1), ONE))
            done.append(time.monotonic())

        began_s = time.monotonic()
        thread = threading.Thread(target=one_step)
        thread.start()
        thread.join(10)
    assert done
    assert done[0] - began_s >= 0.04
    batcher.close()


def test_states_are_joined_along_their_batch_axis() -> None:
    parts = [States({"a": np.full((2, n, 3), n, np.float32)}, {"a": 1}) for n in (1, 2)]
    both = joined(parts)
    assert both["a"].shape == (2, 3, 3)
    assert both["a"][0, :, 0].tolist() == [1, 2, 2]
