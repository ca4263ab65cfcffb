"""Augmentations of spectrograms: squared magnitudes [T, bins].

Names, defaults and units are those of DeepSpeech's `util/augmentations.py` where it had them.
"""

import numpy as np
from numpy.typing import NDArray

from deepspeech.datasets.augment.context import SLOWEST, AugmentContext, Float32
from deepspeech.datasets.augment.spec import Random

TINY = np.float32(1e-20)


def pitch(x: Float32, random: Random, context: AugmentContext, pitch: float) -> Float32:
    """With its frequency axis stretched by `pitch`, cut or filled with zeros to its old height."""
    source = np.arange(x.shape[1]) / max(pitch, SLOWEST)
    return _interpolate(x, source, axis=1)


def tempo(x: Float32, random: Random, context: AugmentContext, factor: float, max_time: float) -> Float32:
    """Faster by `factor`, pitch kept; made no longer than `max_time` ms where that is above 0."""
    frames = max(1, round(len(x) / max(factor, SLOWEST)))
    if max_time > 0:
        frames = min(frames, max(len(x), round(max_time * context.per_ms())))
    return _interpolate(x, np.linspace(0, len(x) - 1, frames), axis=0)


def warp(x: Float32, random: Random, context: AugmentContext, nt: float, nf: float, wt: float, wf: float) -> Float32:
    """Bent smoothly: a grid of `nt` by `nf` inner points is shifted by normal deviates, its edges stay.

    `wt` and `wf` are the deviations as shares of half the distance between points, in time and in frequency.
    """
    points_t, points_f = max(0, round(nt)), max(0, round(nf))
    shape = (points_t + 2, points_f + 2)
    source_t, source_f = np.meshgrid(*(np.arange(size, dtype=np.float32) for size in x.shape), indexing="ij")
    for source, share, points in ((source_t, wt, points_t), (source_f, wf, points_f)):
        size = x.shape[0 if source is source_t else 1]
        shifts = np.zeros(shape, np.float32)
        shifts[1:-1, 1:-1] = random.standard_normal((points_t, points_f)) * (share * size / (2 * (points + 1)))
        source -= _cubic(shape[0], x.shape[0]) @ shifts @ _cubic(shape[1], x.shape[1]).T
    return _bilinear(x, source_t, source_f)


def frequency_mask(x: Float32, random: Random, context: AugmentContext, n: float, size: float) -> Float32:
    """With `n` bands of `size` frequency bins levelled: each bin at its geometric mean over what sounds in the clip.

    0.9.3 put zeros there, which after the logarithm are not silence but a cliff; so are the zeros of a clip's cut ends.
    """
    x = x.copy()
    width = min(max(0, round(size)), x.shape[1])
    sounding = x.max(axis=1) > TINY
    for _ in range(round(n)):
        first = int(random.integers(0, x.shape[1] - width + 1))
        band = x[sounding, first : first + width]
        x[sounding, first : first + width] = np.exp(np.log(band + TINY).mean(axis=0)) if len(band) else 0
    return x


def _interpolate(x: Float32, source: NDArray[np.float64], axis: int) -> Float32:
    """Values of `x` at fractional positions along `axis`; zeros beyond its end."""
    last = x.shape[axis] - 1
    below = np.minimum(source.astype(np.intp), last)
    above = np.minimum(below + 1, last)
    share = (source - below).clip(0, 1).astype(np.float32)
    inside = (source <= last).astype(np.float32)
    if axis == 0:
        share, inside = share[:, None], inside[:, None]
    result: Float32 = (np.take(x, below, axis) * (1 - share) + np.take(x, above, axis) * share) * inside
    return result


def _cubic(points: int, size: int) -> Float32:
    """[size, points]: weights that draw a smooth curve through `points` equidistant values (Catmull and Rom 1974)."""
    place = np.linspace(0, points - 1, size)
    first = np.minimum(place.astype(np.intp), points - 2)
    t = place - first
    taps = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3)
    weights = np.zeros((size, points), np.float32)
    for offset, tap in zip((-1, 0, 1, 2), taps, strict=True):
        np.add.at(weights, (np.arange(size), np.clip(first + offset, 0, points - 1)), tap / 2)
    return weights


def _bilinear(x: Float32, rows: Float32, columns: Float32) -> Float32:
    """Values of `x` at fractional places; beyond its edges, those of the edge."""
    rows, columns = rows.clip(0, x.shape[0] - 1), columns.clip(0, x.shape[1] - 1)
    top, left = rows.astype(np.intp), columns.astype(np.intp)
    bottom, right = np.minimum(top + 1, x.shape[0] - 1), np.minimum(left + 1, x.shape[1] - 1)
    down, across = rows - top, columns - left
    upper = x[top, left] * (1 - across) + x[top, right] * across
    lower = x[bottom, left] * (1 - across) + x[bottom, right] * across
    result: Float32 = upper * (1 - down) + lower * down
    return result
