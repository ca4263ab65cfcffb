"""Samples as 16-bit integers and as float32 between -1 and 1, one channel. The only home of 32768."""

from collections.abc import Iterator
from typing import IO

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float32 = NDArray[np.float32]
Int16 = NDArray[np.int16]

FULL_SCALE = 32768.0


def int16_to_float(samples: Int16) -> Float32:
    """16-bit samples as float32, -1 to just below 1; exact: `float_to_int16` gives the same integers back."""
    result: Float32 = np.multiply(samples, np.float32(1 / FULL_SCALE), dtype=np.float32)
    return result


def float_to_int16(samples: ArrayLike) -> Int16:
    """Float samples as 16-bit integers: rounded to the nearest, louder ones limited to the range."""
    scaled = np.atleast_1d(np.asarray(samples, np.float32) * np.float32(FULL_SCALE))
    np.rint(scaled, out=scaled)
    np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1, out=scaled)
    return scaled.astype(np.int16)


def to_mono(samples: Float32) -> Float32:
    """Samples [frames] or [frames, channels] as [frames]: the mean of the channels."""
    if samples.ndim == 1:
        return samples
    if samples.shape[1] == 1:
        return samples[:, 0]
    mean: Float32 = samples.mean(axis=1, dtype=np.float32)
    return mean


def read_pcm(file: IO[bytes], chunk_samples: int) -> Iterator[Int16]:
    """Raw 16-bit little-endian mono samples of an open pipe or file, in chunks of at most `chunk_samples` as they come.

    Half a sample at the end is left out.
    """
    read = getattr(file, "read1", file.read)  # read1: what is there now, without waiting for more
    rest = b""
    while data := read(2 * chunk_samples - len(rest)):
        data = rest + data
        whole = len(data) // 2 * 2
        rest = data[whole:]
        if whole:
            yield np.frombuffer(data[:whole], "<i2").astype(np.int16, copy=False)
