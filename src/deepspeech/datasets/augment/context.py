"""AugmentContext: inputs of augmentations besides their drawn parameters."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepspeech.datasets.augment.sources import Sources

Float32 = NDArray[np.float32]
SLOWEST = 0.1  # lower limit of drawn speed factors


@dataclass(frozen=True)
class AugmentContext:
    """Inputs of augmentations besides their drawn parameters."""

    domain: str
    rate_hz: int
    step_ms: float
    sources: Sources | None = None  # recordings to mix in
    normalized: bool = False  # features have the training set's mean subtracted

    def per_ms(self) -> float:
        """Samples (signal) or frames (other domains) per millisecond."""
        return self.rate_hz / 1000 if self.domain == "signal" else 1 / self.step_ms

    def masked(self, x: Float32) -> Float32 | float:
        """Fill value of masks: 0; for features that are not normalized, the clip's mean [dimensions]."""
        return x.mean(axis=0) if self.domain == "features" and not self.normalized else 0.0
