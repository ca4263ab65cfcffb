"""Sound as numbers for the network: float32 samples → power spectrum → MFCC.

The arithmetic lives in `native/src/mfcc.cc`, each frame for itself in a fixed order: a matrix product over many frames
gives other last bits than one frame alone, and training and streaming must agree bit for bit.
"""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from deepspeech._native import FrameKernel
from deepspeech.errors import ConfigError
from deepspeech.features.config import FeatureConfig

Float32 = NDArray[np.float32]


class FeatureExtractor:
    """Turns whole clips into features. Immutable; threads may share it."""

    def __init__(self, config: FeatureConfig) -> None:
        self.config = config
        _ = self.kernel  # impossible settings are reported here, not at the first clip

    @cached_property
    def kernel(self) -> FrameKernel:
        c = self.config
        high_hz = c.sample_rate_hz / 2 if c.high_hz is None else c.high_hz
        try:
            return FrameKernel(
                c.sample_rate_hz, c.window_samples, c.step_samples, c.mel_bands, c.coefficients, c.low_hz, high_hz
            )
        except ValueError as error:
            raise ConfigError(f"features: {error}") from None

    def power(self, samples: Float32) -> Float32:
        """Squared magnitudes [frames, bins] of `samples` (mono, -1 to 1), the configured end rule applied."""
        return self.kernel.power(self._ended(samples))

    def mfcc(self, power: Float32) -> Float32:
        """Coefficients [frames, coefficients] of squared magnitudes [frames, bins]."""
        return self.kernel.mfcc(np.ascontiguousarray(power, dtype=np.float32))

    def __call__(self, samples: Float32) -> Float32:
        """Features [frames, coefficients] of a whole clip: those of its power, without keeping that."""
        return self.kernel.features(self._ended(samples))

    def _ended(self, samples: Float32) -> Float32:
        """The samples, with what the end rule adds."""
        samples = np.ascontiguousarray(samples, dtype=np.float32)
        if self.config.end == "pad":
            samples = np.concatenate([samples, np.zeros(self._padding(len(samples)), np.float32)])
        return samples

    def _padding(self, count: int) -> int:
        """Zeros that complete exactly one more window after the whole ones."""
        step, window = self.config.step_samples, self.config.window_samples
        next_start = 0 if count < window else ((count - window) // step + 1) * step
        return next_start + window - count
