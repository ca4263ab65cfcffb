"""Resampling (libsoxr HQ): of whole clips, or streaming with equal results."""

import math

import numpy as np
import soxr

from deepspeech.audio.pcm import Float32

LEAST_HZ, MOST_HZ = 1000, 1_000_000  # of sound that is read: at 1 Hz a small file would become hours
QUALITY = "HQ"  # flat to 0.91 of the band, 125 dB attenuation above: better than 16 bits


def resample(samples: Float32, from_hz: int, to_hz: int) -> Float32:
    """Mono `samples` at rate `to_hz`: len * to_hz / from_hz of them. Equal rates: the samples themselves."""
    if from_hz == to_hz:
        return samples
    result: Float32 = soxr.resample(samples.astype(np.float32, copy=False), from_hz, to_hz, quality=QUALITY)
    return result


class StreamResampler:
    """Streaming resampler; not thread-safe.

    The outputs of `feed` and `finish`, concatenated, equal `resample` of the whole input. The filter has look-ahead,
    so the first chunks may return nothing.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._stream = None if from_hz == to_hz else soxr.ResampleStream(from_hz, to_hz, 1, quality=QUALITY)
        self._ratio, self._fed, self._given = from_hz / to_hz, 0, 0

    def feed(self, samples: Float32) -> Float32:
        """Feed a chunk; return the samples [n], n ≥ 0, that are ready."""
        return self._resample(samples, last=False)

    def finish(self) -> Float32:
        """Flush the remaining samples; the next `feed` begins a new signal."""
        tail = self._resample(np.zeros(0, np.float32), last=True)
        if self._stream is not None:
            self._stream.clear()
        self._fed = self._given = 0
        return tail

    def lacking(self, count: int) -> int:
        """How many more samples must be fed at least before `count` more have been returned."""
        return max(0, math.floor((self._given + count) * self._ratio) - self._fed - (self._stream is not None))

    def _resample(self, samples: Float32, last: bool) -> Float32:
        samples = samples.astype(np.float32, copy=False)
        result: Float32 = samples if self._stream is None else self._stream.resample_chunk(samples, last=last)
        self._fed, self._given = self._fed + len(samples), self._given + len(result)
        return result
