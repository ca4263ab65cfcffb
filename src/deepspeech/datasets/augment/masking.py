"""Augmentations of any domain: masks in time, dropout, additive and multiplicative noise.

Names, defaults and units are those of DeepSpeech's `util/augmentations.py` where it had them.
"""

import numpy as np

from deepspeech.datasets.augment.context import AugmentContext, Float32
from deepspeech.datasets.augment.spec import Random


def time_mask(x: Float32, random: Random, context: AugmentContext, n: float, size: float) -> Float32:
    """Mask `n` intervals of `size` ms: silence, or the mean of features."""
    x = x.copy()
    width = min(max(0, round(size * context.per_ms())), len(x))
    fill = context.masked(x)
    for _ in range(round(n)):
        first = int(random.integers(0, len(x) - width + 1))
        x[first : first + width] = fill
    return x


def adaptive_time_mask(x: Float32, random: Random, context: AugmentContext, n: float, size: float) -> Float32:
    """Adaptive time masking (Park et al. 2020): number (at most 20) and maximum length of masks are fractions `n` and
    `size` of the clip's frames; lengths are random.
    """
    x = x.copy()
    longest = min(max(0, int(size * len(x))), len(x))
    fill = context.masked(x)
    for _ in range(min(20, int(n * len(x)))):
        width = int(random.integers(0, longest + 1))
        first = int(random.integers(0, len(x) - width + 1))
        x[first : first + width] = fill
    return x


def dropout(x: Float32, random: Random, context: AugmentContext, rate: float) -> Float32:
    """Zero a fraction `rate` of the values."""
    return x * (random.random(x.shape, dtype=np.float32) >= rate)


def add(x: Float32, random: Random, context: AugmentContext, stddev: float) -> Float32:
    """Add Gaussian noise to each value."""
    return x + np.float32(stddev) * random.standard_normal(x.shape, dtype=np.float32)


def multiply(x: Float32, random: Random, context: AugmentContext, stddev: float) -> Float32:
    """Multiply each value by Gaussian noise around 1."""
    return x * (1 + np.float32(stddev) * random.standard_normal(x.shape, dtype=np.float32))
