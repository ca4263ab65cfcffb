"""Batch order of an epoch over shards: each shard is read once, few at a time, and clips of open shards are shuffled.

Shards are shuffled by (seed, epoch) and cut into windows; within a window clips are batched as within a small set
(sampler.py). All of it depends on the manifest and the key alone: a position is (epoch, batch), on any number of ranks.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

from deepspeech.datasets.augment.spec import keyed_random
from deepspeech.datasets.config import DataConfig
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.shards.shard_set import ShardSet

FEW_SHARDS = 8  # a sample of a set: clips are shuffled across shards
Batches = Callable[[Sequence[float], int], list[list[int]]]


class Plan(Sequence[list[int]]):
    """Batches of clip indices in one array, for sets of ten million clips."""

    def __init__(self, places: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
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

    def at(self, places: NDArray[np.int64]) -> "Plan":
        """The same batches in a larger set, where clips have the indices `places`."""
        return Plan(places[self._places], self._ends)

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

    def largest(self, lengths_s: NDArray[np.float64]) -> list[int]:
        """The batch that is longest when all its clips are padded to the longest of them."""
        counts = np.diff(self._ends, prepend=0)
        return self[int(np.argmax(counts * np.maximum.reduceat(lengths_s[self._places], self._ends - counts)))]


def epoch_plan(samples: Sequence[Sample], data: DataConfig, seed: int, epoch: int, batches: Batches) -> Plan:
    """Places in `samples`, in batches: window after window, in each as `batches(lengths in seconds, seed)` has them.

    A set without shards is one window, and so is one of fewer than twice `data.shuffle_window` clips: both have the
    same order. Shards keep theirs where `data.order` is not "shuffled".
    """
    if not isinstance(samples, ShardSet):
        return Plan.of(batches([sample.duration_s or 0.0 for sample in samples], seed))
    plans: list[Plan] = []
    mixed = data.order == "shuffled"
    for number, places in enumerate(windows(samples.shards, data.shuffle_window, mixed, seed, epoch)):
        own = batches(samples.durations_s[places].tolist(), seed + (number << 32))  # else windows would draw alike
        plans.append(Plan.of(own).at(places))
    return Plan.joined(plans)


def durations(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """Duration of each sample in seconds, 0 if unknown; reads no line of a sharded set."""
    if isinstance(samples, ShardSet):
        return samples.durations_s.astype(np.float64)
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
        shards = np.unique(samples.shards)
        chosen = shards[np.linspace(0, len(shards) - 1, min(len(shards), FEW_SHARDS)).astype(int)]
        samples = samples.take(np.flatnonzero(np.isin(samples.shards, chosen)))
    return samples[:: max(1, len(samples) // clips)]


def windows(
    shards: NDArray[np.int32], window_clips: int, mixed: bool, seed: int, epoch: int
) -> Iterator[NDArray[np.int64]]:
    """Indices of the clips of each window, ascending; whole shards, about `window_clips` clips or more."""
    if not len(shards):
        return
    clips = np.bincount(shards)
    order = keyed_random(seed, epoch).permutation(len(clips)) if mixed else np.arange(len(clips))
    count = max(1, len(shards) // window_clips)
    before = np.cumsum(clips[order]) - clips[order]
    window_of_shard = np.empty(len(clips), np.int64)
    window_of_shard[order] = before * count // len(shards)
    window_of_clip = window_of_shard[shards]
    places = np.argsort(window_of_clip, kind="stable")
    ends = np.cumsum(np.bincount(window_of_clip, minlength=count))
    yield from (window for window in np.split(places, ends[:-1]) if len(window))
