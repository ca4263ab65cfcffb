"""LogMel: equal to its definition written once more in NumPy, in float64; the settings' bounds."""

from typing import Any

import numpy as np
import pytest

from deepspeech.errors import ConfigError
from deepspeech.features.config import LogMelConfig, MfccConfig
from deepspeech.features.front_end import Float32
from deepspeech.features.log_mel import LogMel
from deepspeech.features.mfcc import Mfcc

SHAPES = (
    LogMelConfig(),
    LogMelConfig(sample_rate_hz=8000),
    LogMelConfig(sample_rate_hz=48000),
    LogMelConfig(sample_rate_hz=22050, window_ms=20, step_ms=20, mel_bands=40, low_hz=0, high_hz=7600),
    LogMelConfig(window_ms=32, step_ms=20, preemphasis=0),
    LogMelConfig(window_ms=25.0625, preemphasis=1),  # an odd number of samples
)


def sweep(config: LogMelConfig) -> Float32:
    """A second that passes through all frequencies, with noise."""
    t = np.arange(config.sample_rate_hz) / config.sample_rate_hz
    noise = 0.05 * np.random.default_rng(1).standard_normal(len(t))
    return (0.3 * np.sin(np.pi * (config.sample_rate_hz / 2) * t * t) + noise).astype(np.float32)


def oracle(samples: Float32, c: LogMelConfig) -> tuple[Any, Any]:
    """Power [frames, bins] and features of whole windows in float64."""
    window, step, high = c.window_samples, c.step_samples, c.high_hz or c.sample_rate_hz / 2
    x = samples.astype(np.float64)
    frames = np.lib.stride_tricks.sliding_window_view(x, window)[::step]
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    size = 1 << (window - 1).bit_length()
    power = np.abs(np.fft.rfft((frames - c.preemphasis * before) * hann, size)) ** 2

    def mel(hz: Any) -> Any:
        return 1127 * np.log(1 + hz / 700)

    edges = np.linspace(mel(c.low_hz), mel(high), c.mel_bands + 2)[:, None]
    at = mel(np.fft.rfftfreq(size, 1 / c.sample_rate_hz))
    rising, falling = (at - edges[:-2]) / np.diff(edges[:-1], axis=0), (edges[2:] - at) / np.diff(edges[1:], axis=0)
    triangles = np.maximum(0, np.minimum(rising, falling))
    return power, np.log(np.maximum(power @ triangles.T, 1e-10))


@pytest.mark.parametrize("config", SHAPES, ids=lambda c: f"{c.sample_rate_hz}-{c.window_ms:g}-{c.step_ms:g}")
def test_equals_the_definition_in_numpy(config: LogMelConfig) -> None:
    samples, front_end = sweep(config), LogMel(config)
    power, features = oracle(samples, config)
    assert features.shape == (config.frames(len(samples)), config.mel_bands)
    np.testing.assert_allclose(front_end.power(samples), power, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(front_end.whole(samples), features, rtol=0, atol=2e-5)


def test_the_defaults() -> None:
    front_end = LogMel(LogMelConfig())
    assert front_end.power(np.zeros(400, np.float32)).shape == (1, 257)  # a transform of 512
    assert (front_end.dimensions, front_end.step_s) == (80, 0.01)


def test_silence_is_the_floor_of_the_logarithm() -> None:
    features = LogMel(LogMelConfig()).whole(np.zeros(400, np.float32))
    np.testing.assert_array_equal(features, np.full((1, 80), np.log(1e-10), np.float32))


def test_a_constant_is_silence_but_for_what_preemphasis_leaves() -> None:
    constant = np.full(4000, 0.5, np.float32)
    loud, quiet = (LogMel(LogMelConfig(preemphasis=share)).power(constant)[0, 0] for share in (0, 0.97))
    assert quiet == pytest.approx(loud * 0.03**2, rel=1e-3)


@pytest.mark.parametrize("hz", [500, 1000, 3000, 6000])
def test_a_tone_is_loudest_in_the_band_around_it(hz: int) -> None:
    config = LogMelConfig()
    tone = np.sin(2 * np.pi * hz * np.arange(400) / 16000).astype(np.float32)
    edges = 700 * np.expm1(np.linspace(np.log1p(20 / 700), np.log1p(8000 / 700), config.mel_bands + 2))
    band = int(LogMel(config).whole(tone)[0].argmax())
    assert edges[band] < hz < edges[band + 2]


def test_what_came_before_a_window_does_not_matter() -> None:
    front_end, window = LogMel(LogMelConfig()), np.random.default_rng(2).uniform(-1, 1, 400).astype(np.float32)
    one, other = (np.concatenate([np.full(160, value, np.float32), window]) for value in (-1, 1))
    np.testing.assert_array_equal(front_end.power(one)[1], front_end.power(other)[1])
    np.testing.assert_array_equal(front_end.power(one)[1:], front_end.power(window))


@pytest.mark.parametrize(
    "settings", [{"mel_bands": 200}, {"sample_rate_hz": 8000, "mel_bands": 120}, {"window_ms": 10}]
)
def test_a_band_between_two_frequencies_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"features: mel band \d+ of \d+ is narrower .* choose fewer mel_bands"):
        LogMel(LogMelConfig(**settings))


def test_the_spectrum_is_that_of_mfcc_where_nothing_is_emphasised() -> None:
    samples = sweep(LogMelConfig())
    one, other = LogMel(LogMelConfig(preemphasis=0)), Mfcc(MfccConfig(window_ms=25, step_ms=10))
    np.testing.assert_array_equal(one.power(samples), other.power(samples))
