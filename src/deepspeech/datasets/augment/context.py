"""AugmentContext: what an augmentation may need to know beside the values drawn for it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepspeech.datasets.augment.sources import Sources

Float32 = NDArray[np.float32]
SLOWEST = 0.1  # factors drawn below it, or below 0, become it


@dataclass(frozen=True)
class AugmentContext:
    """What an augmentation may need to know beside the values drawn for it."""

    domain: str
    rate_hz: int
    step_ms: float
    sources: Sources | None = None  # what may be mixed in
    normalized: bool = False  # features have had the training set's mean taken off

    def per_ms(self) -> float:
        """Samples or frames in a millisecond, whichever the domain counts."""
        return self.rate_hz / 1000 if self.domain == "signal" else 1 / self.step_ms

    def masked(self, x: Float32) -> Float32 | float:
        """What a mask puts in place of frames or samples: silence, or for features their mean: that of the training
        set where they are normalized by it, which is 0, else the clip's."""
        return x.mean(axis=0) if self.domain == "features" and not self.normalized else 0.0
