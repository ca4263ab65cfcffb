"""The one way in which many items are worked on at once: in threads, in order, a bounded number ahead.

Threads suffice: decoding, resampling, the search and writing release the interpreter lock.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 4  # tasks in work or done for each thread


def ordered_map(
    action: Callable[[Item], Result],
    items: Iterable[Item],
    workers: int,
    together: int = 1,
    ahead: int = AHEAD,
    name: Callable[[Item], object] | None = None,
) -> Iterator[Result]:
    """What `action` gives for each item, in their order; at most `ahead` tasks for each of `workers` are taken ahead.

    A task is `together` items: handing over takes the interpreter lock, so small work goes several at a time.
    The first error in order is raised, an unexpected one with a note of the item's `name`. An error, an interrupt or
    a reader that leaves cancels what has not begun.
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
        if name is not None:  # as Python 3.11's add_note() does
            error.__notes__ = [*getattr(error, "__notes__", ()), f"at {name(item)}"]  # type: ignore[attr-defined]
        raise
