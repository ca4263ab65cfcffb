"""FrontEnd: feature extraction: float32 samples (mono, -1 to 1) → power spectrum → frames of features.

`native/src/frame_kernel.cc` computes each frame separately in a fixed order: batched matrix products differ in the last
bits from a single frame, and training and streaming must agree bit for bit.
"""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepspeech._native import FrameKernel, online_cmn
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
        return self.kernel.features(self.ended(samples))

    def whole(self, samples: Float32) -> Float32:
        """Features [T, dimensions] of a whole clip, with the end rule; bit-identical to `frames(power(samples))`."""
        return self._normalized(self.unnormalized(samples), self.running_mean())

    __call__ = whole

    def stream(self) -> "FrameStream":
        """A streaming extractor whose outputs, concatenated, equal `whole` of the clip bit for bit."""
        return FrameStream(self)

    def power(self, samples: Float32) -> Float32:
        """Power spectrum [T, bins] of `samples`, with the end rule."""
        return self.kernel.power(self.ended(samples))

    def frames(self, power: Float32) -> Float32:
        """Features [T, dimensions] of a power spectrum [T, bins]."""
        own = self.kernel.frames(np.ascontiguousarray(power, dtype=np.float32))
        return self._normalized(own, self.running_mean())

    def complete(self, samples: Float32, mean: "RunningMean | None") -> Float32:
        """Features [T, dimensions] of complete windows only, without the end rule; `mean` is that of their clip."""
        return self._normalized(self.kernel.features(samples), mean)

    def normalize(self, features: Float32) -> Float32:
        """Normalize the output of `unnormalized`."""
        return self._normalized(features.copy(), self.running_mean())

    def _normalized(self, own: Float32, mean: "RunningMean | None") -> Float32:
        """Normalize in place an array that this object owns."""
        if self.normalization:
            self.normalization.apply(own, out=own)
        if mean:
            mean.subtract(own)
        return own

    def running_mean(self) -> "RunningMean | None":
        """That of a new clip, if the settings ask for online CMN."""
        seconds = self.config.online_cmn_s
        prior_s = 1.0 if self.normalization else 0.0
        return RunningMean(self.dimensions, self.step_s, seconds, prior_s) if seconds else None

    def to_dict(self) -> dict[str, Any]:
        """Plain values: the settings, plus mean and deviation if normalized. `read_front_end` reads them."""
        return self.config.to_dict() | (self.normalization.to_dict() if self.normalization else {})

    def ended(self, samples: Float32) -> Float32:
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


class RunningMean:
    """Online CMN of one clip: each normalized frame less the mean of those so far, remembered over `memory_s` seconds.

    The training set's mean, 0 after normalization, counts as `prior_s` of audio before the first frame, as global
    statistics do in Kaldi's online CMVN; the memory is exponential, so the state is one sum per dimension.
    """

    def __init__(self, dimensions: int, step_s: float, memory_s: float, prior_s: float) -> None:
        self._keep = max(0.0, 1 - step_s / memory_s)
        self._state = np.zeros(dimensions + 1)
        self._state[-1] = prior_s / step_s

    def subtract(self, features: Float32) -> None:
        """In place from the next frames [T, dimensions]."""
        online_cmn(features, self._keep, self._state)


class FrameStream:
    """Chunks of samples in, features of whole windows out. One stream belongs to one thread.

    Holds the samples that have not yet filled a window.
    """

    def __init__(self, front_end: FrontEnd) -> None:
        self._front_end = front_end
        self._begin()

    def _begin(self) -> None:
        self._tail = np.zeros(0, np.float32)
        self._mean = self._front_end.running_mean()

    def feed(self, samples: Float32) -> Float32:
        """Add samples; return the features [n, dimensions] they complete; n may be 0."""
        held = np.concatenate([self._tail, samples.astype(np.float32, copy=False)])
        features = self._front_end.complete(held, self._mean)
        self._tail = held[len(features) * self._front_end.config.step_samples :].copy()
        return features

    def lacking(self, frames: int) -> int:
        """Samples still to come until `frames` more windows are whole."""
        config = self._front_end.config
        return max(0, config.window_samples + (frames - 1) * config.step_samples - len(self._tail))

    def finish(self) -> Float32:
        """Features of the remaining samples by the end rule. Resets the stream."""
        front_end, tail, mean = self._front_end, self._tail, self._mean
        self._begin()
        if front_end.config.end == "drop":
            return np.zeros((0, front_end.dimensions), np.float32)
        return front_end.complete(front_end.ended(tail), mean)
