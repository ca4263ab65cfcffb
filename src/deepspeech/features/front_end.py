"""FrontEnd: feature extraction: float32 samples (mono, -1 to 1) → power spectrum → frames of features.

`native/src/frame_kernel.cc` computes each frame separately in a fixed order: batched matrix products differ in the last
bits from a single frame, and training and streaming must agree bit for bit.
"""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepspeech._native import FrameKernel
from deepspeech.errors import ConfigError
from deepspeech.features.config import FrontEndConfig
from deepspeech.features.normalization import Normalization

Float32 = NDArray[np.float32]


class FrontEnd(ABC):
    """Extracts features of whole clips or of streams. Immutable; threads may share it.

    `normalization` (mean and deviation of the training set) is optional. Raises ConfigError where the settings are
    impossible or the normalization has another dimension.
    """

    config: FrontEndConfig

    def __init__(self, config: FrontEndConfig, normalization: Normalization | None = None) -> None:
        self.config = config
        self.normalization = normalization
        try:
            self.kernel = self.new_kernel()
        except ValueError as error:
            raise ConfigError(f"features: {error}") from None
        if normalization and len(normalization.mean) != self.dimensions:
            raise ConfigError(
                f"features have {self.dimensions} values a frame, their normalization {len(normalization.mean)}; "
                "measure it again"
            )

    @abstractmethod
    def new_kernel(self) -> FrameKernel:
        """The native kernel for these settings. Raises ValueError where they are impossible."""

    @property
    def dimensions(self) -> int:
        """Feature dimension."""
        return self.kernel.dimensions

    @property
    def step_s(self) -> float:
        """Seconds from one frame to the next."""
        return self.config.step_s

    def unnormalized(self, samples: Float32) -> Float32:
        """Features [T, dimensions] of a whole clip before normalization, as needed to measure one."""
        return self.kernel.features(self._ended(samples))

    def whole(self, samples: Float32) -> Float32:
        """Features [T, dimensions] of a whole clip, with the end rule; bit-identical to `frames(power(samples))`."""
        return self._normalized(self.unnormalized(samples))

    __call__ = whole

    def stream(self) -> "FrameStream":
        """A streaming extractor whose outputs, concatenated, equal `whole` of the clip bit for bit."""
        return FrameStream(self)

    def power(self, samples: Float32) -> Float32:
        """Power spectrum [T, bins] of `samples`, with the end rule."""
        return self.kernel.power(self._ended(samples))

    def frames(self, power: Float32) -> Float32:
        """Features [T, dimensions] of a power spectrum [T, bins]."""
        return self._normalized(self.kernel.frames(np.ascontiguousarray(power, dtype=np.float32)))

    def complete(self, samples: Float32) -> Float32:
        """Features [T, dimensions] of complete windows only, without the end rule."""
        return self._normalized(self.kernel.features(samples))

    def normalize(self, features: Float32) -> Float32:
        """Normalize the output of `unnormalized`."""
        return self.normalization.apply(features) if self.normalization else features

    def _normalized(self, own: Float32) -> Float32:
        """Normalize in place an array that this object owns."""
        return self.normalization.apply(own, out=own) if self.normalization else own

    def to_dict(self) -> dict[str, Any]:
        """Plain values: the settings, plus mean and deviation if normalized. `read_front_end` reads them."""
        return self.config.to_dict() | (self.normalization.to_dict() if self.normalization else {})

    def _ended(self, samples: Float32) -> Float32:
        """The samples with the padding of the end rule."""
        samples = np.ascontiguousarray(samples, dtype=np.float32)
        if self.config.end == "pad":
            samples = np.concatenate([samples, np.zeros(self._padding(len(samples)), np.float32)])
        return samples

    def _padding(self, count: int) -> int:
        """Number of zeros that complete exactly one more window."""
        step, window = self.config.step_samples, self.config.window_samples
        next_start = 0 if count < window else ((count - window) // step + 1) * step
        return next_start + window - count


class FrameStream:
    """Chunks of samples in, features of whole windows out. One stream belongs to one thread.

    Holds the samples that have not yet filled a window.
    """

    def __init__(self, front_end: FrontEnd) -> None:
        self._front_end = front_end
        self._tail = np.zeros(0, np.float32)

    def feed(self, samples: Float32) -> Float32:
        """Add samples; return the features [n, dimensions] they complete; n may be 0."""
        held = np.concatenate([self._tail, samples.astype(np.float32, copy=False)])
        features = self._front_end.complete(held)
        self._tail = held[len(features) * self._front_end.config.step_samples :].copy()
        return features

    def lacking(self, frames: int) -> int:
        """Samples still to come until `frames` more windows are whole."""
        config = self._front_end.config
        return max(0, config.window_samples + (frames - 1) * config.step_samples - len(self._tail))

    def finish(self) -> Float32:
        """Features of the remaining samples by the end rule. Resets the stream."""
        tail, self._tail = self._tail, np.zeros(0, np.float32)
        if self._front_end.config.end == "drop":
            return np.zeros((0, self._front_end.dimensions), np.float32)
        return self._front_end.whole(tail)
