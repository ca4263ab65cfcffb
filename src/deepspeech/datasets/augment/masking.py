"""Augmentations of any domain: masks in time, dropout, additive and multiplicative noise.

Names, defaults and units are those of DeepSpeech's `util/augmentations.py` where it had them.
"""

import math

import numpy as np

from deepspeech.datasets.augment.context import AugmentContext, Float32
from deepspeech.datasets.augment.spec import Random

SHORT_MS = 2000.0  # clips below have their own rule in spec_augment


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


def spec_augment(
    x: Float32, random: Random, context: AugmentContext, n_bands: float, bands: float, share: float, size: float
) -> Float32:
    """SpecAugment (Park et al. 2019) of log-mel features, with masks in time that grow with the clip.

    `n_bands` masks of up to `bands` mel bands each. In time as many masks of up to `size` ms as cover a `share` of the
    clip together, at most 25. Widths are uniform. Clips under 2 s have two of up to a tenth of the clip. The default
    values are those of CR-CTC (Yao et al. 2024).
    """
    x, frames, fill = x.copy(), len(x), context.masked(x)
    fill_F = np.broadcast_to(np.asarray(fill, np.float32), x.shape[1:])
    for _ in range(round(n_bands)):
        first, end = _interval(x.shape[1], bands, random)
        x[:, first:end] = fill_F[first:end]
    if frames * context.step_ms < SHORT_MS:
        number, longest = 2, 0.1 * frames
    else:
        number = min(25, math.ceil(share * frames / max(1.0, size * context.per_ms())))
        longest = min(size * context.per_ms(), share * frames / max(1, number))
    for _ in range(number):
        first, end = _interval(frames, longest, random)
        x[first:end] = fill_F
    return x


def _interval(length: int, longest: float, random: Random) -> tuple[int, int]:
    """A random interval of 0 to `longest` entries within `length`."""
    width = int(random.integers(0, min(max(0, int(longest)), length) + 1))
    first = int(random.integers(0, length - width + 1))
    return first, first + width


def dropout(x: Float32, random: Random, context: AugmentContext, rate: float) -> Float32:
    """Zero a fraction `rate` of the values."""
    return x * (random.random(x.shape, dtype=np.float32) >= rate)


def add(x: Float32, random: Random, context: AugmentContext, stddev: float) -> Float32:
    """Add Gaussian noise to each value."""
    return x + np.float32(stddev) * random.standard_normal(x.shape, dtype=np.float32)


def multiply(x: Float32, random: Random, context: AugmentContext, stddev: float) -> Float32:
    """Multiply each value by Gaussian noise around 1."""
    return x * (1 + np.float32(stddev) * random.standard_normal(x.shape, dtype=np.float32))
