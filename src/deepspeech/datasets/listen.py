"""Selects samples of a data set and applies augmentations, to play or save them."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from deepspeech.audio.formats import read_audio
from deepspeech.audio.pcm import Float32
from deepspeech.datasets.augment.audible import AudioAugmenter
from deepspeech.datasets.augment.spec import Augmentation
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.samples import is_data_set, read_samples
from deepspeech.errors import DataError


class PlayedClip(NamedTuple):
    """A sample with augmented mono audio [N]."""

    sample: Sample
    samples: Float32
    rate_hz: int


def listen(
    source: Path,
    start: int = 0,
    number: int = -1,
    shuffled: bool = False,
    augmentations: Sequence[Augmentation] = (),
    seed: int | None = None,
    clock: float = 0.5,
) -> Iterator[PlayedClip]:
    """Samples of a data set, or one sound file: `number` of them (negative: all) from `start` (negative: from the end).

    `seed` None: a random one. Raises DataError or AudioError.
    """
    whole = read_samples(source, labeled=False) if is_data_set(source) else [Sample(str(source), source, "", 0)]
    seed = random.SystemRandom().getrandbits(32) if seed is None else seed
    augment = AudioAugmenter(augmentations, whole, seed, clock)
    order = list(whole)
    if shuffled:
        random.Random(seed).shuffle(order)
    first = max(0, len(order) + start) if start < 0 else start
    chosen = order[first:] if number < 0 else order[first : first + number]
    if not chosen:
        raise DataError(f"{source}: no sample there; it has {len(order)}, counted from 0")
    for sample in chosen:
        samples, rate_hz = read_audio(sample.audio)
        yield PlayedClip(sample, augment(samples, rate_hz, sample), rate_hz)
