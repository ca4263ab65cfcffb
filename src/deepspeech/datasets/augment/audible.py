"""AudioAugmenter: applies signal augmentations to audio outside of training, to play or save the result.

Augmentations of spectra and features are refused: their output is not audio.
"""

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepspeech.datasets.augment.apply import augment
from deepspeech.datasets.augment.context import AugmentContext
from deepspeech.datasets.augment.sources import Sources
from deepspeech.datasets.augment.spec import Augmentation, keyed_random
from deepspeech.datasets.augment.spec import parse as parse_entry
from deepspeech.datasets.clips import ClipCache
from deepspeech.datasets.sample import Sample
from deepspeech.errors import ConfigError

Float32 = NDArray[np.float32]
CACHE_MB = 256


def parse_audible(texts: Sequence[str]) -> tuple[Augmentation, ...]:
    """Parse signal augmentations. Raises ConfigError, also for those of other domains."""
    entries = tuple(map(parse_entry, texts))
    for text, entry in zip(texts, entries, strict=True):
        if entry.domain != "signal":
            raise ConfigError(
                f"augment '{text}' acts on the {entry.domain}, whose output is not audio; leave it out here"
            )
    return entries


class AudioAugmenter:
    """Applies signal augmentations as the first epoch of training does. Thread-safe."""

    def __init__(
        self, augmentations: Sequence[Augmentation], speech: Sequence[Sample], seed: int, clock: float
    ) -> None:
        """`speech`: samples for babble; `clock`: progress of training, 0 to 1."""
        if not 0 <= clock <= 1:
            raise ConfigError(f"the clock is {clock:g}; it must be from 0 (start of training) to 1 (end)")
        self._entries, self._speech, self._seed, self._clock = augmentations, speech, seed, clock
        self._contexts: dict[int, AugmentContext] = {}
        self._lock = threading.Lock()

    def __call__(self, samples: Float32, rate_hz: int, sample: Sample) -> Float32:
        """Augment mono `samples` [N] of `sample`; the length may change. Raises AudioError."""
        if not self._entries:
            return samples
        context = self._context(rate_hz)
        for position, entry in enumerate(self._entries):
            random = keyed_random(self._seed, 0, sample.random_key, position)
            samples = augment(samples, entry, self._clock, random, context)
        return samples

    def _context(self, rate_hz: int) -> AugmentContext:
        with self._lock:
            if rate_hz not in self._contexts:
                sources = Sources(self._entries, self._speech, ClipCache(CACHE_MB), rate_hz)
                self._contexts[rate_hz] = AugmentContext(
                    "signal", rate_hz, 1.0, sources
                )  # step_ms is not used for signals
            return self._contexts[rate_hz]
