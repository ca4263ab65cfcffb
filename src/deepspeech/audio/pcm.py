"""Samples as 16-bit integers and as float32 between -1 and 1, one channel. The only home of 32768."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float32 = NDArray[np.float32]
Int16 = NDArray[np.int16]

FULL_SCALE = 32768.0


def int16_to_float(samples: Int16) -> Float32:
    """16-bit samples as float32, -1 to just below 1; exact: `float_to_int16` gives the same integers back."""
    result: Float32 = samples.astype(np.float32) / np.float32(FULL_SCALE)
    return result


def float_to_int16(samples: ArrayLike) -> Int16:
    """Float samples as 16-bit integers: rounded to the nearest, louder ones limited to the range."""
    scaled = np.rint(np.asarray(samples, np.float32) * np.float32(FULL_SCALE))
    limited: Int16 = np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    return limited


def to_mono(samples: Float32) -> Float32:
    """Samples [frames] or [frames, channels] as [frames]: the mean of the channels."""
    if samples.ndim == 1:
        return samples
    if samples.shape[1] == 1:
        return samples[:, 0]
    mean: Float32 = samples.mean(axis=1, dtype=np.float32)
    return mean
