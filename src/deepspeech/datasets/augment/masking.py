"""Augmentations of any domain: masks in time, dropout, additive and multiplicative noise.

Names, defaults and units are those of DeepSpeech's `util/augmentations.py` where it had them.
"""

import numpy as np

from deepspeech.datasets.augment.context import AugmentContext, Float32
from deepspeech.datasets.augment.spec import Random


def time_mask(x: Float32, random: Random, context: AugmentContext, n: float, size: float) -> Float32:
    """With `n` intervals of `size` ms silenced; features set to their mean."""
    x = x.copy()
    width = min(max(0, round(size * context.per_ms())), len(x))
    fill = context.masked(x)
    for _ in range(round(n)):
        first = int(random.integers(0, len(x) - width + 1))
        x[first : first + width] = fill
    return x


def adaptive_time_mask(x: Float32, random: Random, context: AugmentContext, n: float, size: float) -> Float32:
    """With masks whose number and greatest length are shares of the clip's frames (Park et al. 2020): `n`, at most
    20 of them, and `size`; each of random length, silenced, or features set to their mean.
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
    """With a share `rate` of its values zeroed."""
    return x * (random.random(x.shape, dtype=np.float32) >= rate)


def add(x: Float32, random: Random, context: AugmentContext, stddev: float) -> Float32:
    """Plus a normal deviate for each value."""
    return x + np.float32(stddev) * random.standard_normal(x.shape, dtype=np.float32)


def multiply(x: Float32, random: Random, context: AugmentContext, stddev: float) -> Float32:
    """Times a normal deviate around 1 for each value."""
    return x * (1 + np.float32(stddev) * random.standard_normal(x.shape, dtype=np.float32))
