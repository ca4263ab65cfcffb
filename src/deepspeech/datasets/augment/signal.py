"""Augmentations of samples [N] in -1 to 1: overlays, noise, rooms, speed, codecs, volume.

Names, defaults and units are those of DeepSpeech's `util/augmentations.py` where it had them.
"""

import math

import numpy as np

from deepspeech.audio.codec import fitted, round_trip
from deepspeech.audio.resample import resample
from deepspeech.datasets.augment.context import SLOWEST, AugmentContext, Float32
from deepspeech.datasets.augment.sources import Sources, colored
from deepspeech.datasets.augment.spec import Random
from deepspeech.errors import ConfigError


def overlay(x: Float32, random: Random, context: AugmentContext, source: str, snr: float, layers: float) -> Float32:
    """Overlay `layers` recordings of `source`, their peak `snr` dB below that of the clip, which is kept."""
    sounds = _sources(context)
    layer = np.zeros_like(x)
    for _ in range(max(0, round(layers))):
        layer += sounds.sound(source, len(x), random)
    if not np.any(layer):
        return x
    gain = _peak(x) / _peak(layer) * 10 ** (-snr / 20)
    return _with_peak(x + np.float32(gain) * layer, _peak(x))


def noise(x: Float32, random: Random, context: AugmentContext, snr: float, color: float) -> Float32:
    """Add noise with power 1/frequency**color (0 white, 1 pink, 2 brown), `snr` dB below the speech."""
    sound = colored(len(x), color, random)
    power = float(np.mean(sound**2))
    if power == 0:
        return x
    gain = np.sqrt(float(np.mean(x**2)) / power) * 10 ** (-snr / 20)
    return x + np.float32(gain) * sound


def room(x: Float32, random: Random, context: AugmentContext, source: str, rt60: float, direct: float) -> Float32:
    """Convolve with a room impulse response: a recording of `source`, or a simulated one.

    The simulated one is noise that decays by 60 dB in `rt60` s, with a direct-to-reverberant ratio of `direct` dB
    (Polack 1988). Peak and timing of the clip are kept.
    """
    if source == "simulated":
        length = max(1, round(min(max(rt60, 0.05), 3) * context.rate_hz))
        echoes = random.standard_normal(length, dtype=np.float32)
        echoes *= np.exp(np.linspace(0, -math.log(1000), length, dtype=np.float32))
        echoes[0] = math.sqrt(float(np.sum(echoes[1:] ** 2))) * 10 ** (direct / 20)
    else:
        echoes = _sources(context).recording(source, random)
        echoes = echoes[int(np.argmax(np.abs(echoes))) :]  # starts with the direct sound, to keep timing
    size = 1 << (len(x) + len(echoes) - 1).bit_length()
    convolved = np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(echoes, size), size)[: len(x)]
    return _with_peak(convolved.astype(np.float32), _peak(x))


def reverb(x: Float32, random: Random, context: AugmentContext, delay: float, decay: float) -> Float32:
    """Add five repeating echoes, the first after `delay` ms, each repetition `decay` dB lower; the peak is kept."""
    feedback, result = np.float32(10 ** (-max(0.0, decay) / 20)), x.copy()
    for prime in (17, 19, 23, 29, 31):  # coprime delays, so echoes do not coincide
        result += _comb(x, max(16, round(delay * prime / 17 * context.per_ms())), min(feedback, np.float32(0.98)))
    return _with_peak(result, _peak(x))


def speed(x: Float32, random: Random, context: AugmentContext, factor: float) -> Float32:
    """Speed perturbation by `factor`, which changes pitch too (Ko et al. 2015)."""
    return resample(x, round(context.rate_hz * max(factor, SLOWEST)), context.rate_hz)


def resampled(x: Float32, random: Random, context: AugmentContext, rate: float) -> Float32:
    """Resample to `rate` Hz and back, a low-pass filter at half of it."""
    rate_hz = max(100, round(rate))
    return fitted(resample(resample(x, context.rate_hz, rate_hz), rate_hz, context.rate_hz), len(x))


def codec(x: Float32, random: Random, context: AugmentContext, format: str, bitrate: float) -> Float32:
    """Encode and decode with one of `format` (opus, gsm, alaw, ulaw; joined by |); `bitrate` of Opus in bit/s."""
    choices = format.split("|")
    return round_trip(x, context.rate_hz, choices[int(random.integers(len(choices)))], bitrate)


def packet_loss(x: Float32, random: Random, context: AugmentContext, rate: float, size: float) -> Float32:
    """Packet loss: silence a fraction `rate` of packets of `size` ms."""
    packet = max(1, round(size * context.per_ms()))
    kept = random.random(-(-len(x) // packet)) >= rate
    return x * np.repeat(kept, packet)[: len(x)]


def clipping(x: Float32, random: Random, context: AugmentContext, gain: float) -> Float32:
    """Clip the signal `gain` dB below its peak; the peak level is restored."""
    limit = np.float32(_peak(x) * 10 ** (-max(0.0, gain) / 20))
    return _with_peak(np.clip(x, -limit, limit), _peak(x))


def volume(x: Float32, random: Random, context: AugmentContext, dbfs: float) -> Float32:
    """Scale the peak to `dbfs`; a full-scale sine has 0, a full-scale square wave 3.0103."""
    peak = max(1e-16, _peak(x))
    gain = 10 ** ((dbfs - 3.0103) / 20) / peak
    result: Float32 = np.clip(x * np.float32(gain), -1, 1)
    return result


def _comb(x: Float32, lag: int, feedback: np.float32) -> Float32:
    """Comb filter y[n] = x[n] + feedback · y[n - lag], `lag` samples at a time."""
    rows = np.pad(x, (0, -len(x) % lag)).reshape(-1, lag)
    for i in range(1, len(rows)):
        rows[i] += feedback * rows[i - 1]
    return rows.reshape(-1)[: len(x)]


def _sources(context: AugmentContext) -> Sources:
    if context.sources is None:
        raise ConfigError("no recordings to mix in are available here; leave out augmentations with source=…")
    return context.sources


def _peak(x: Float32) -> float:
    return float(np.max(np.abs(x), initial=0))


def _with_peak(x: Float32, peak: float) -> Float32:
    found = _peak(x)
    return x * np.float32(peak / found) if found else x
