"""FrameStream: chunks of samples in, features of whole windows out; equal, bit for bit, to the clip prepared whole."""

import numpy as np

from deepspeech.features.mfcc import FeatureExtractor, Float32


class FrameStream:
    """Holds the samples that have not yet filled a window. One stream belongs to one thread."""

    def __init__(self, extractor: FeatureExtractor) -> None:
        self._extractor = extractor
        self._tail = np.zeros(0, np.float32)

    def feed(self, samples: Float32) -> Float32:
        """Features [n, coefficients] that `samples` complete; n may be 0."""
        step = self._extractor.config.step_samples
        held = np.concatenate([self._tail, samples.astype(np.float32, copy=False)])
        features = self._extractor.kernel.features(held)
        self._tail = held[len(features) * step :].copy()
        return features

    def finish(self) -> Float32:
        """Features of what is left, by the configured end rule; the stream is empty afterwards."""
        tail, self._tail = self._tail, np.zeros(0, np.float32)
        if self._extractor.config.end == "drop":
            return np.zeros((0, self._extractor.config.coefficients), np.float32)
        return self._extractor(tail)
