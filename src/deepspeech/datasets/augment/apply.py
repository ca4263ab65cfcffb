"""What each augmentation does to a clip: float32 arrays in, arrays of the same kind out. Nothing is changed in place.

Domains: "signal" samples [N] in -1 to 1; "spectrogram" squared magnitudes [T, bins]; "features" MFCC [T, coefficients].
Names, defaults and units are those of DeepSpeech's `util/augmentations.py` where it had them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepspeech.audio.resample import resample
from deepspeech.datasets.augment.spec import Augmentation, Random

Float32 = NDArray[np.float32]
TINY = np.float32(1e-20)
SLOWEST = 0.1  # factors drawn below it, or below 0, become it


@dataclass(frozen=True)
class Scene:
    """What an augmentation may need to know beside the values drawn for it."""

    domain: str
    rate_hz: int
    step_ms: float

    def per_ms(self) -> float:
        """Samples or frames in a millisecond, whichever the domain counts."""
        return self.rate_hz / 1000 if self.domain == "signal" else 1 / self.step_ms


def speed(x: Float32, random: Random, scene: Scene, factor: float) -> Float32:
    """Played faster by `factor`, pitch included (Ko et al. 2015)."""
    return resample(x, round(scene.rate_hz * max(factor, SLOWEST)), scene.rate_hz)


def noise(x: Float32, random: Random, scene: Scene, snr: float, colour: float) -> Float32:
    """With noise whose power falls as 1/frequency**colour (0 white, 1 pink, 2 brown), `snr` dB below the speech."""
    length = 1 << (len(x) - 1).bit_length()  # transforms of other lengths take many times longer
    spectrum = np.fft.rfft(random.standard_normal(length, dtype=np.float32))
    spectrum[1:] *= np.arange(1, len(spectrum), dtype=np.float32) ** (-colour / 2)
    spectrum[0] = 0
    sound = np.fft.irfft(spectrum, length)[: len(x)].astype(np.float32)
    power = float(np.mean(sound**2))
    if power == 0:
        return x
    gain = np.sqrt(float(np.mean(x**2)) / power) * 10 ** (-snr / 20)
    return x + np.float32(gain) * sound


def volume(x: Float32, random: Random, scene: Scene, dbfs: float) -> Float32:
    """With its peak at `dbfs`; a full-scale sine is 0, a full-scale square wave 3.0103."""
    peak = max(1e-16, float(np.max(np.abs(x), initial=0)))
    gain = 10 ** ((dbfs - 3.0103) / 20) / peak
    result: Float32 = np.clip(x * np.float32(gain), -1, 1)
    return result


def pitch(x: Float32, random: Random, scene: Scene, pitch: float) -> Float32:
    """With its frequency axis stretched by `pitch`, cut or filled with zeros to its old height."""
    source = np.arange(x.shape[1]) / max(pitch, SLOWEST)
    return _interpolate(x, source, axis=1)


def tempo(x: Float32, random: Random, scene: Scene, factor: float) -> Float32:
    """Faster by `factor`, pitch kept."""
    frames = max(1, round(len(x) / max(factor, SLOWEST)))
    return _interpolate(x, np.linspace(0, len(x) - 1, frames), axis=0)


def frequency_mask(x: Float32, random: Random, scene: Scene, n: float, size: float) -> Float32:
    """With `n` bands of `size` frequency bins levelled: each bin at its geometric mean over the clip.

    0.9.3 put zeros there, which after the logarithm are not silence but a cliff.
    """
    x = x.copy()
    width = min(max(0, round(size)), x.shape[1])
    for _ in range(round(n)):
        first = int(random.integers(0, x.shape[1] - width + 1))
        x[:, first : first + width] = np.exp(np.log(x[:, first : first + width] + TINY).mean(axis=0))
    return x


def time_mask(x: Float32, random: Random, scene: Scene, n: float, size: float) -> Float32:
    """With `n` intervals of `size` ms silenced; in the feature domain set to the clip's mean."""
    x = x.copy()
    width = min(max(0, round(size * scene.per_ms())), len(x))
    fill = x.mean(axis=0) if scene.domain == "features" else 0
    for _ in range(round(n)):
        first = int(random.integers(0, len(x) - width + 1))
        x[first : first + width] = fill
    return x


def dropout(x: Float32, random: Random, scene: Scene, rate: float) -> Float32:
    """With a share `rate` of its values zeroed."""
    return x * (random.random(x.shape, dtype=np.float32) >= rate)


def add(x: Float32, random: Random, scene: Scene, stddev: float) -> Float32:
    """Plus a normal deviate for each value."""
    return x + np.float32(stddev) * random.standard_normal(x.shape, dtype=np.float32)


def multiply(x: Float32, random: Random, scene: Scene, stddev: float) -> Float32:
    """Times a normal deviate around 1 for each value."""
    return x * (1 + np.float32(stddev) * random.standard_normal(x.shape, dtype=np.float32))


OPERATIONS: dict[str, Callable[..., Float32]] = {
    operation.__name__: operation
    for operation in (speed, noise, volume, pitch, tempo, frequency_mask, time_mask, dropout, add, multiply)
}


def augment(x: Float32, entry: Augmentation, clock: float, random: Random, scene: Scene) -> Float32:
    """`x` after one entry of the list, which acts with its probability."""
    if len(x) == 0 or random.random() >= entry.probability:
        return x
    values = entry.draw(clock, random)
    result: Float32 = np.asarray(OPERATIONS[entry.name](x, random, scene, **values), dtype=np.float32)
    return np.maximum(result, 0) if scene.domain == "spectrogram" else result  # of power a root will be taken


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
