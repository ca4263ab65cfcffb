"""ordered_map: a parallel map in threads, in order, with bounded look-ahead.

Threads suffice: decoding, resampling, beam search and writing release the interpreter lock.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 4  # submitted tasks per thread


def ordered_map(
    action: Callable[[Item], Result],
    items: Iterable[Item],
    workers: int,
    together: int = 1,
    ahead: int = AHEAD,
    name: Callable[[Item], object] | None = None,
) -> Iterator[Result]:
    """Results of `action` for each item, in order; at most `ahead` tasks per worker are submitted in advance.

    A task is `together` items, to amortize scheduling. The first exception in order is raised, with a note of the
    item's `name`. An exception, an interrupt or closing the iterator cancels pending tasks.
    """

    def work(some: list[Item]) -> list[Result]:
        return [_named(action, item, name) for item in some]

    source, waiting = iter(items), deque[Future[list[Result]]]()
    pool = ThreadPoolExecutor(workers)
    try:
        while some := list(islice(source, together)):
            waiting.append(pool.submit(work, some))
            if len(waiting) >= ahead * workers:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _named(action: Callable[[Item], Result], item: Item, name: Callable[[Item], object] | None) -> Result:
    try:
        return action(item)
    except Exception as error:
        if name is not None:  # like add_note() of Python 3.11
            error.__notes__ = [*getattr(error, "__notes__", ()), f"at {name(item)}"]  # type: ignore[attr-defined]
        raise
