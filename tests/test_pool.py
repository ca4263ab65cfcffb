"""ordered_map: results in order, little taken ahead, the first error by name; nothing goes on when a reader leaves."""

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import deepspeech
from deepspeech.pool import AHEAD, ordered_map


@given(st.lists(st.integers()), st.integers(1, 3), st.integers(1, 9), st.integers(1, 3))
def test_it_is_map(items: list[int], workers: int, together: int, ahead: int) -> None:
    assert list(ordered_map(str, items, workers, together, ahead)) == [str(item) for item in items]


def test_order_is_kept_and_little_is_taken_ahead() -> None:
    taken = 0

    def numbers() -> Iterator[int]:
        nonlocal taken
        for number in range(1000):
            taken += 1
            yield number

    def slow_at_first(number: int) -> int:
        time.sleep(0.05 if number == 0 else 0)
        return -number

    results = ordered_map(slow_at_first, numbers(), 2, together=8)
    assert next(results) == 0
    assert taken <= 8 * 2 * AHEAD
    assert list(results) == [-number for number in range(1, 1000)]


def test_leaving_early_stops_the_work() -> None:
    done: list[int] = []
    gate = threading.Event()

    def work(number: int) -> None:
        gate.wait(0.01)
        done.append(number)

    results = ordered_map(work, range(1000), 1)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert len(done) <= 1 + AHEAD


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_the_first_failure_in_order_is_raised_by_name_and_cancels_the_rest(kind: type[BaseException]) -> None:
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        if number in (5, 6):
            raise kind(f"of {number}")
        return number

    results, found = ordered_map(work, range(1000), 1, name=lambda number: f"clip {number}"), []
    with pytest.raises(kind, match="of 5") as raised:
        found.extend(results)
    assert found == [0, 1, 2, 3, 4]
    assert len(begun) <= 6 + AHEAD
    notes = getattr(raised.value, "__notes__", [])
    assert notes == (["at clip 5"] if kind is ValueError else [])


def test_nobody_else_makes_pools_for_a_list_of_items() -> None:
    """Where tasks make tasks, or one pool serves many calls, a pool of one's own is right: these places alone."""
    source = Path(deepspeech.__file__).parent
    found = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if re.search(r"\b(ThreadPoolExecutor|ProcessPoolExecutor|multiprocessing)\b", path.read_text("utf-8"))
    }
    assert found <= {
        "pool.py",
        "training/step.py",
        "training/loader.py",
        "runtime/batch_transcriber.py",
        "runtime/emit.py",
        "alignment/emissions.py",
        "serve/run.py",
        "serve/service.py",
    }
