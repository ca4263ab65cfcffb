"""The order of an epoch over shards: each is read once, few at a time, and what is open together is mixed.

Shards are shuffled by (seed, epoch) and cut into windows; within a window clips are batched as within a small set
(sampler.py). All of it depends on the manifest and the key alone: a position is (epoch, batch), on any number of ranks.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from deepspeech.datasets.augment.spec import keyed_random
from deepspeech.datasets.config import DataConfig
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.shards import ShardSet

FEW_SHARDS = 8  # their clips stand for a set: shards are mixed when they are written
Batches = Callable[[Sequence[float], int], list[list[int]]]


def epoch_plan(samples: Sequence[Sample], data: DataConfig, seed: int, epoch: int, batches: Batches) -> list[list[int]]:
    """Places in `samples`, in batches: window after window, in each as `batches(lengths in seconds, seed)` has them.

    A set without shards is one window, and so is one of fewer than twice `data.shuffle_window` clips: both have the
    same order. Shards keep theirs where `data.order` is not "shuffled".
    """
    if not isinstance(samples, ShardSet):
        return batches([sample.duration_s or 0.0 for sample in samples], seed)
    groups: list[list[int]] = []
    mixed = data.order == "shuffled"
    for number, places in enumerate(windows(samples.shards, data.shuffle_window, mixed, seed, epoch)):
        own = batches(samples.durations_s[places].tolist(), seed + (number << 32))  # else windows would draw alike
        groups += [places[group].tolist() for group in own]
    return groups


def durations(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """Seconds of each sample, 0 where they are not known; of a sharded set without reading a line."""
    if isinstance(samples, ShardSet):
        return samples.durations_s.astype(np.float64)
    return np.array([sample.duration_s or 0.0 for sample in samples], np.float64)


def identity(samples: Sequence[Sample]) -> int:
    """A number that differs where two lists of samples do; of a sharded set without reading a line."""
    if isinstance(samples, ShardSet):
        return samples.identity()
    value = 0
    for sample in samples:
        value = zlib.crc32(f"{sample.audio.name} {sample.transcript} {sample.duration_s}\n".encode(), value)
    return value


def some(samples: Sequence[Sample], clips: int) -> Sequence[Sample]:
    """About so many of the samples, from all over the set; of a sharded one, from a few shards all over it.

    For one that lies at an address may have to be brought whole for a single clip.
    """
    if isinstance(samples, ShardSet):
        shards = np.unique(samples.shards)
        chosen = shards[np.linspace(0, len(shards) - 1, min(len(shards), FEW_SHARDS)).astype(int)]
        samples = samples.take(np.flatnonzero(np.isin(samples.shards, chosen)))
    return samples[:: max(1, len(samples) // clips)]


def windows(
    shards: NDArray[np.int32], window_clips: int, mixed: bool, seed: int, epoch: int
) -> Iterator[NDArray[np.int64]]:
    """Places of the clips of each window, ascending; whole shards, about `window_clips` clips or more."""
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
