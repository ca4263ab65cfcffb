"""Batch order of an epoch over shards: each shard is read once, few at a time, and clips of open shards are shuffled.

Shards are shuffled by (seed, epoch) and cut into windows; within a window clips are batched as within a small set
(sampler.py). All of it depends on the manifest and the key alone: a position is (epoch, batch), on any number of ranks.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from deepspeech.datasets.augment.spec import keyed_random
from deepspeech.datasets.config import DataConfig
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.shards.index import chunks, release
from deepspeech.datasets.shards.shard_set import ShardSet

FEW_SHARDS = 8  # a sample of a set: clips are shuffled across shards
_MANY_BATCHES = 1 << 12
Batches = Callable[[Sequence[float], int], list[list[int]]]


class Plan(Sequence[list[int]]):
    """Batches of clip indices in one array, for sets of ten million clips."""

    def __init__(self, places: NDArray[Any], ends: NDArray[np.int64]) -> None:
        """Batch n is `places` from the end of the one before to `ends[n]`."""
        self._places, self._ends = places, ends

    @classmethod
    def of(cls, groups: Sequence[Sequence[int]]) -> "Plan":
        places = np.fromiter((place for group in groups for place in group), np.int64)
        return cls(places, np.cumsum([len(group) for group in groups], dtype=np.int64))

    @classmethod
    def joined(cls, plans: "Sequence[Plan]") -> "Plan":
        """Concatenate plans."""
        before = np.cumsum([0, *(len(plan._places) for plan in plans)])
        ends = [plan._ends + count for plan, count in zip(plans, before, strict=False)]
        nothing = [np.zeros(0, np.int64)]
        return cls(np.concatenate([*nothing, *(p._places for p in plans)]), np.concatenate([*nothing, *ends]))

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, number: int) -> list[int]: ...
    @overload
    def __getitem__(self, number: slice) -> "Plan": ...
    def __getitem__(self, number: int | slice) -> "list[int] | Plan":
        if isinstance(number, slice):
            first, end, _ = number.indices(len(self))
            begin = int(self._ends[first - 1]) if first else 0
            ends = self._ends[first : max(first, end)]
            return Plan(self._places[begin : int(ends[-1]) if len(ends) else begin], ends - begin)
        number = range(len(self))[number]
        places: list[int] = self._places[self._ends[number - 1] if number else 0 : self._ends[number]].tolist()
        return places

    def __add__(self, other: "Plan") -> "Plan":
        return Plan.joined([self, other])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(list.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]

    def largest(self, lengths_s: NDArray[Any]) -> list[int]:
        """The batch that is longest when all its clips are padded to the longest of them."""
        counts = np.diff(self._ends, prepend=0)
        padded_s = np.empty(len(counts))
        for first, ends in chunks(self._ends, _MANY_BATCHES):
            clips = counts[first : first + len(ends)]
            begins = ends - clips
            longest_s = np.maximum.reduceat(lengths_s[self._places[begins[0] : ends[-1]]], begins - begins[0])
            padded_s[first : first + len(ends)] = clips * longest_s.astype(np.float64)
            release(lengths_s)
        return self[int(np.argmax(padded_s))]


def epoch_plan(samples: Sequence[Sample], data: DataConfig, seed: int, epoch: int, batches: Batches) -> Plan:
    """Places in `samples`, in batches: window after window, in each as `batches(lengths in seconds, seed)` has them.

    A set without shards is one window, and so is one of fewer than twice `data.shuffle_window` clips: both have the
    same order. Shards keep theirs where `data.order` is not "shuffled".
    """
    if not isinstance(samples, ShardSet):
        return Plan.of(batches([sample.duration_s or 0.0 for sample in samples], seed))
    places, ends, count = np.empty(len(samples), np.int32), list[NDArray[np.int64]](), 0
    mixed = data.order == "shuffled"
    for number, window in enumerate(windows(samples.shards, data.shuffle_window, mixed, seed, epoch)):
        own = batches(samples.durations_s[window].tolist(), seed + (number << 32))  # else windows would draw alike
        release(samples.durations_s)
        ends.append(count + np.cumsum([len(group) for group in own], dtype=np.int64))
        places[count : count + len(window)] = window[[place for group in own for place in group]]
        count += len(window)
    return Plan(places, np.concatenate([np.zeros(0, np.int64), *ends]))


def durations(samples: Sequence[Sample]) -> NDArray[Any]:
    """Duration of each sample in seconds, 0 if unknown; reads no line of a sharded set, which may be memory-mapped."""
    if isinstance(samples, ShardSet):
        return samples.durations_s
    return np.array([sample.duration_s or 0.0 for sample in samples], np.float64)


def identity(samples: Sequence[Sample]) -> int:
    """Checksum of a list of samples; reads no line of a sharded set."""
    if isinstance(samples, ShardSet):
        return samples.identity()
    value = 0
    for sample in samples:
        value = zlib.crc32(f"{sample.audio.name} {sample.transcript} {sample.duration_s}\n".encode(), value)
    return value


def some(samples: Sequence[Sample], clips: int) -> Sequence[Sample]:
    """About `clips` samples, evenly spaced over the set; of a sharded one, from a few shards.

    A remote shard is downloaded whole even for one clip.
    """
    if isinstance(samples, ShardSet):
        ends = np.cumsum(clips_of_shards(samples.shards))
        begins = np.concatenate([[0], ends])[:-1]
        filled = np.flatnonzero(ends > begins)
        chosen = filled[np.linspace(0, len(filled) - 1, min(len(filled), FEW_SHARDS)).astype(int)]
        samples = samples.take(_ranges(begins[chosen], ends[chosen]))
    return samples[:: max(1, len(samples) // clips)]


def windows(
    shards: NDArray[np.int32], window_clips: int, mixed: bool, seed: int, epoch: int
) -> Iterator[NDArray[np.int64]]:
    """Indices of the clips of each window, ascending; whole shards, about `window_clips` clips or more.

    `shards`: of each clip the number of its shard, ascending.
    """
    if not len(shards):
        return
    clips = clips_of_shards(shards)
    order = keyed_random(seed, epoch).permutation(len(clips)) if mixed else np.arange(len(clips))
    count = max(1, len(shards) // window_clips)
    before = np.cumsum(clips[order]) - clips[order]
    window_of_shard = np.empty(len(clips), np.int64)
    window_of_shard[order] = before * count // len(shards)
    ends = np.cumsum(clips)
    by_window = np.argsort(window_of_shard, kind="stable")
    for some_shards in np.split(by_window, np.cumsum(np.bincount(window_of_shard, minlength=count))[:-1]):
        window = _ranges((ends - clips)[some_shards], ends[some_shards])
        if len(window):
            yield window


def clips_of_shards(shards: NDArray[np.int32]) -> NDArray[np.int64]:
    """The number of clips of each shard, of the ascending numbers of each clip's."""
    counts = np.zeros(int(shards[-1]) + 1 if len(shards) else 0, np.int64)
    for _, part in chunks(shards):
        counts += np.bincount(part, minlength=len(counts))
    return counts


def _ranges(begins: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(0, np.int64), *map(np.arange, begins, ends)])
