"""The one order of steps that makes a training example of a sample; the walk of a clip is read here.

In: a Sample and the epoch. Out: an Example, the same for the same (seed, epoch, sample) on any machine.
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
    """What the network learns from: features [T, dimensions] and label ids."""

    id: str
    features_TF: Float32
    labels_L: NDArray[np.int32]


def frames_needed(labels: Sequence[int]) -> int:
    """Frames without which CTC has no path: one a label, and a blank between equal neighbours."""
    return len(labels) + sum(a == b for a, b in pairwise(labels))


@dataclass(frozen=True)
class Pipeline:
    """Prepares samples for training (with augmentations) or for judging (without)."""

    front_end: FrontEnd
    alphabet: TokenSet
    cache: ClipCache
    augmentations: tuple[Augmentation, ...] = ()
    seed: int = 0
    epochs: int = 1
    clean_epochs: float = 0.0  # epochs before augmentation begins
    sources: Sources | None = None  # what augmentations mix in
    outputs: Callable[[int], int] = int  # the network's, for so many frames of features
    shift_samples: int = 0  # the clip is heard so much later, or earlier if negative
    feature_cache: FeatureCache | None = None  # features of clips that no augmentation touched before they were made
    _by_domain: dict[str, list[tuple[int, Augmentation]]] = field(init=False)

    def __post_init__(self) -> None:
        entries = list(enumerate(self.augmentations))
        object.__setattr__(
            self,
            "_by_domain",
            {d: [e for e in entries if e[1].domain == d] for d in ("signal", "spectrogram", "features")},
        )

    def expect(self, sample: Sample) -> None:
        """The sample will be prepared soon: its sound is brought from disk meanwhile, unless it may not be needed."""
        if not self.feature_cache:
            self.cache.expect(sample)

    def prepare(self, sample: Sample, epoch: int) -> Example:
        """Sound → noise → power → bend → frames → blur → labels. Raises AudioError or TextError."""
        labels = self.alphabet.encode(sample.transcript)
        features = self._features(sample, epoch)
        if self.outputs(len(features)) < frames_needed(labels):
            features = self._plain(sample)  # bent too short for its transcript: the clip as it is
        return Example(sample.id, features, np.asarray(labels, dtype=np.int32))

    def _features(self, sample: Sample, epoch: int) -> Float32:
        if self.feature_cache and not self._acts(("signal", "spectrogram"), sample, epoch):
            return self._augment("features", self._plain(sample), sample, epoch)
        x = self._augment("signal", self._sound(sample), sample, epoch)
        if self._acts(("spectrogram",), sample, epoch):
            x = self.front_end.frames(self._augment("spectrogram", self.front_end.power(x), sample, epoch))
        else:
            x = self.front_end.whole(x)
        return self._augment("features", x, sample, epoch)

    def _sound(self, sample: Sample) -> Float32:
        return shifted(self.cache.read(sample, self.front_end.config.sample_rate_hz), self.shift_samples)

    def _plain(self, sample: Sample) -> Float32:
        """Features of the clip as it is."""
        if self.feature_cache and not self.shift_samples:
            kept = self.feature_cache.features(sample, lambda: self.front_end.unnormalized(self._sound(sample)))
            return self.front_end.normalize(kept)
        return self.front_end.whole(self._sound(sample))

    def _acts(self, domains: Sequence[str], sample: Sample, epoch: int) -> bool:
        """Does any augmentation of these domains act on the clip in this epoch? The draw is the one in augment()."""
        return epoch >= self.clean_epochs and any(
            keyed_random(self.seed, epoch, sample.random_key, position).random() < entry.probability
            for domain in domains
            for position, entry in self._by_domain[domain]
        )

    def _augment(self, domain: str, x: Float32, sample: Sample, epoch: int) -> Float32:
        if epoch < self.clean_epochs:
            return x
        config = self.front_end.config
        normalized = self.front_end.normalization is not None
        context = AugmentContext(domain, config.sample_rate_hz, config.step_ms, self.sources, normalized)
        for position, entry in self._by_domain[domain]:
            random = keyed_random(self.seed, epoch, sample.random_key, position)
            x = augment(x, entry, epoch / self.epochs, random, context)
        return x
