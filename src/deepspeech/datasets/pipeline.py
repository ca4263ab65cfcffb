"""Pipeline: sample → training example: decode, augment, features, tokenize, in this order.

In: a Sample and the epoch. Out: an Example, determined by (seed, epoch, sample) on any machine.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from deepspeech.audio.shift import shifted
from deepspeech.datasets.augment.apply import augment
from deepspeech.datasets.augment.context import AugmentContext
from deepspeech.datasets.augment.sources import Sources
from deepspeech.datasets.augment.spec import Augmentation, keyed_random
from deepspeech.datasets.clips import ClipCache
from deepspeech.datasets.feature_cache import FeatureCache
from deepspeech.datasets.sample import Sample
from deepspeech.features.front_end import FrontEnd
from deepspeech.text.tokens import TokenSet

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class Example:
    """A training example: features [T, dimensions], token ids [L], and a second view of the same length, if any."""

    id: str
    features_TF: Float32
    labels_L: NDArray[np.int32]
    second_TF: Float32 | None = None


def frames_needed(labels: Sequence[int]) -> int:
    """Minimum number of frames for a CTC path: one per label, and a blank between equal neighbors."""
    return len(labels) + sum(a == b for a, b in pairwise(labels))


@dataclass(frozen=True)
class Pipeline:
    """Prepares samples for training (with augmentations) or evaluation (without)."""

    front_end: FrontEnd
    tokens: TokenSet
    cache: ClipCache
    augmentations: tuple[Augmentation, ...] = ()
    seed: int = 0
    epochs: int = 1
    clean_epochs: float = 0.0  # epochs before augmentation begins
    sources: Sources | None = None  # recordings that augmentations mix in
    outputs: Callable[[int], int] = int  # feature frames → output frames of the network
    shift_samples: int = 0  # delay of the audio (test-time jitter); negative: advance
    feature_cache: FeatureCache | None = None  # of clips without augmentations of signal and spectrum
    two_views: bool = False  # augment features twice, independently
    _by_domain: dict[str, list[tuple[int, Augmentation]]] = field(init=False)

    def __post_init__(self) -> None:
        entries = list(enumerate(self.augmentations))
        object.__setattr__(
            self,
            "_by_domain",
            {d: [e for e in entries if e[1].domain == d] for d in ("signal", "spectrogram", "features")},
        )

    def expect(self, sample: Sample) -> None:
        """Start reading the sample's audio in the background, unless features may be cached."""
        if not self.feature_cache:
            self.cache.expect(sample)

    def prepare(self, sample: Sample, epoch: int) -> Example:
        """Decode, augment, compute features, tokenize. Raises AudioError or TextError."""
        labels = self.tokens.encode(sample.transcript)
        features = self._features(sample, epoch)
        if self.outputs(len(features)) < frames_needed(labels):
            features = self._plain(sample)  # augmented too short for its transcript: use it unaugmented
            views = [features, features]
        else:
            views = [self._augment("features", features, sample, epoch, view) for view in range(1 + self.two_views)]
        return Example(sample.id, views[0], np.asarray(labels, np.int32), views[1] if self.two_views else None)

    def _features(self, sample: Sample, epoch: int) -> Float32:
        """Features after the augmentations of signal and spectrum."""
        if self.feature_cache and not self._acts(("signal", "spectrogram"), sample, epoch):
            return self._plain(sample)
        x = self._augment("signal", self._sound(sample), sample, epoch)
        if self._acts(("spectrogram",), sample, epoch):
            return self.front_end.frames(self._augment("spectrogram", self.front_end.power(x), sample, epoch))
        return self.front_end.whole(x)

    def _sound(self, sample: Sample) -> Float32:
        return shifted(self.cache.read(sample, self.front_end.config.sample_rate_hz), self.shift_samples)

    def _plain(self, sample: Sample) -> Float32:
        """Features of the unaugmented clip."""
        if self.feature_cache and not self.shift_samples:
            kept = self.feature_cache.features(sample, lambda: self.front_end.unnormalized(self._sound(sample)))
            return self.front_end.normalize(kept)
        return self.front_end.whole(self._sound(sample))

    def _acts(self, domains: Sequence[str], sample: Sample, epoch: int) -> bool:
        """Whether any augmentation of these domains applies in this epoch; the same draw as in augment()."""
        return epoch >= self.clean_epochs and any(
            keyed_random(self.seed, epoch, sample.random_key, position).random() < entry.probability
            for domain in domains
            for position, entry in self._by_domain[domain]
        )

    def _augment(self, domain: str, x: Float32, sample: Sample, epoch: int, view: int = 0) -> Float32:
        if epoch < self.clean_epochs:
            return x
        config = self.front_end.config
        normalized = self.front_end.normalization is not None
        context = AugmentContext(domain, config.sample_rate_hz, config.step_ms, self.sources, normalized)
        for position, entry in self._by_domain[domain]:
            key = (self.seed, epoch, sample.random_key, position)
            random = keyed_random(*key, view) if view else keyed_random(*key)  # the first as without views
            x = augment(x, entry, epoch / self.epochs, random, context)
        return x
