"""Prefetches remote shards in the order of an epoch's plan."""

import threading
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from deepspeech.datasets.sample import Sample
from deepspeech.datasets.shards.shard_set import ShardSet
from deepspeech.errors import ConfigError, DeepSpeechError

IN_FLIGHT = 6  # batches in preparation when the next one is requested (training/loader.py)


def prefetch(samples: Sequence[Sample], groups: Sequence[list[int]]) -> Iterator[list[int]]:
    """The groups of places in `samples` one after another; while they are trained on, the next shards are downloaded.

    Raises ConfigError where the shards that are needed together do not fit into `data.shard_cache_mb`. Download
    errors are ignored here; reading a clip of the shard tries again.
    """
    if not isinstance(samples, ShardSet) or samples.cache is None or not groups:
        yield from groups
        return
    ahead = _Prefetcher(samples, groups)
    try:
        for number, group in enumerate(groups):
            ahead.reach(number)
            yield group
    finally:
        ahead.stop()


class _Prefetcher:
    """A thread that downloads shards in the order of their first use, as far as there is room."""

    def __init__(self, samples: ShardSet, groups: Sequence[list[int]]) -> None:
        assert samples.cache
        self._cache = samples.cache
        shards, first, self._last = uses(samples.shards, groups)
        self._places = [samples.address_of(int(shard)) for shard in shards]
        self._bytes = np.array([size for _, size in self._places], np.int64)
        self._check(first, len(groups))
        self._reached, self._stopped = 0, False
        self._moved = threading.Condition()
        self._thread = threading.Thread(target=self._download, name="shard prefetch", daemon=True)
        self._thread.start()

    def reach(self, number: int) -> None:
        with self._moved:
            self._reached = number
            self._moved.notify_all()

    def stop(self) -> None:
        with self._moved:
            self._stopped = True
            self._moved.notify_all()
        self._thread.join()  # finishes the current download
        self._cache.wanted = frozenset()

    def _check(self, first: NDArray[np.int64], groups: int) -> None:
        change = np.zeros(groups + IN_FLIGHT + 1, np.int64)
        np.add.at(change, first, self._bytes)
        np.add.at(change, self._last + IN_FLIGHT, -self._bytes)
        needed = int(np.cumsum(change).max())
        if needed > self._cache.limit_bytes:
            limit_mb = self._cache.limit_bytes // 1_000_000
            raise ConfigError(
                f"data.shard_cache_mb is {limit_mb}, but shards of {needed / 1e6:.1f} MB are "
                "read together; raise it above that, or lower data.shuffle_window"
            )

    def _download(self) -> None:
        for number, (place, _) in enumerate(self._places):
            if not place:
                continue
            with self._moved:
                self._moved.wait_for(lambda number=number: self._stopped or self._fits(number))  # type: ignore[misc]
            self._cache.wanted = frozenset(self._places[i][0] for i in [*np.flatnonzero(self._needed(number)), number])
            while not self._stopped:
                try:
                    self._cache.open(place).close()
                    break
                except DeepSpeechError:
                    with self._moved:
                        if not self._stopped:
                            self._moved.wait()
            if self._stopped:
                return

    def _fits(self, number: int) -> bool:
        """Whether this shard fits into the cache next to earlier ones still in use."""
        return int(self._bytes[:number][self._needed(number)].sum() + self._bytes[number]) <= self._cache.limit_bytes

    def _needed(self, number: int) -> NDArray[np.bool_]:
        """Mask of earlier shards that are still in use."""
        return self._last[:number] > self._reached - IN_FLIGHT


def uses(
    shards: NDArray[np.int32], groups: Sequence[list[int]]
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """The shards of these groups by their first use, and the numbers of the first and the last group of each."""
    group_of_clip = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    shard_of_clip = shards[np.concatenate(groups).astype(np.int64)]
    found, first = np.unique(shard_of_clip, return_index=True)
    last = len(shard_of_clip) - 1 - np.unique(shard_of_clip[::-1], return_index=True)[1]
    order = np.argsort(first)
    return found[order], group_of_clip[first[order]], group_of_clip[last[order]]
