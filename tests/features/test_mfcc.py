"""MFCC: equal to the old trainer's outputs, and to the same definition written once more in NumPy."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from deepspeech.audio.formats import read_audio
from deepspeech.errors import ConfigError
from deepspeech.features.config import MfccConfig
from deepspeech.features.front_end import Float32
from deepspeech.features.mfcc import Mfcc

CLIPS = ("LDC93S1", "an4_an398-miry-b", "an4_an406-fcaw-b", "an4_cen3-fjlp-b", "an4_cen7-marh-b", "an4_cen7-mjwl-b")
SHAPES = (
    MfccConfig(),
    MfccConfig(sample_rate_hz=8000),
    MfccConfig(window_ms=25, step_ms=10),
    MfccConfig(sample_rate_hz=44100, window_ms=30, step_ms=30),
    MfccConfig(window_ms=64, step_ms=20, coefficients=13, mel_bands=23, low_hz=0, high_hz=4000),
)


def clip(shared: Path, name: str) -> Float32:
    fixtures = shared / "fixtures"
    samples, rate_hz = read_audio(fixtures / json.loads((fixtures / "mfcc/info.json").read_text())[name]["wav"])
    assert rate_hz == 16000
    return samples


def golden(shared: Path, name: str, kind: str) -> Float32:
    array: Float32 = np.load(shared / "fixtures" / "mfcc" / f"{name}.{kind}.npy")
    return array


def oracle(samples: Float32, c: MfccConfig) -> tuple[Any, Any]:
    """Power [frames, bins] and MFCC of whole windows in float64, by the definition of TensorFlow 1.15's kernels."""
    window, step, high = c.window_samples, c.step_samples, c.high_hz or c.sample_rate_hz / 2
    starts = range(0, len(samples) - window + 1, step)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    size = 1 << (window - 1).bit_length()
    frames = np.array([samples[start : start + window] * hann for start in starts]).reshape(-1, window)
    power = np.abs(np.fft.rfft(frames, size)) ** 2

    def mel(hz: Any) -> Any:
        return 1127 * np.log1p(hz / 700)

    edges = np.linspace(mel(c.low_hz), mel(high), c.mel_bands + 2)
    hz_a_bin = c.sample_rate_hz / size
    bins = np.arange(int(1.5 + c.low_hz / hz_a_bin), int(high / hz_a_bin) + 1)
    at = mel(bins * hz_a_bin)[:, None]
    low, centre, top = edges[:-2], edges[1:-1], edges[2:]
    triangles = np.maximum(0, np.minimum((at - low) / (centre - low), (top - at) / (top - centre)))
    logs = np.log(np.maximum(np.sqrt(power[:, bins]) @ triangles, 1e-12))
    rows, columns = np.arange(c.coefficients)[:, None], np.arange(c.mel_bands) + 0.5
    return power, logs @ (np.sqrt(2 / c.mel_bands) * np.cos(rows * np.pi / c.mel_bands * columns)).T


@pytest.mark.parametrize("name", CLIPS)
def test_equals_the_old_trainer(shared: Path, name: str) -> None:
    samples, front_end = clip(shared, name), Mfcc(MfccConfig())
    power, expected = front_end.power(samples), golden(shared, name, "spectrogram")
    assert power.shape == expected.shape
    np.testing.assert_allclose(power, expected, atol=1e-4, rtol=1e-6)
    features, expected = front_end.whole(samples), golden(shared, name, "mfcc")
    assert features.shape == expected.shape
    np.testing.assert_allclose(features, expected, atol=1e-4, rtol=0)
    np.testing.assert_array_equal(features, front_end.frames(power))


@pytest.mark.parametrize("name", CLIPS)
def test_the_pad_rule_adds_the_old_clients_last_window(shared: Path, name: str) -> None:
    samples = clip(shared, name)
    padded = Mfcc(MfccConfig(end="pad")).whole(samples)
    np.testing.assert_allclose(padded[-1:], golden(shared, name, "mfcc_last_zero_padded"), atol=1e-4, rtol=0)
    np.testing.assert_array_equal(padded[:-1], Mfcc(MfccConfig()).whole(samples))


@pytest.mark.parametrize("config", SHAPES, ids=lambda c: f"{c.sample_rate_hz}-{c.window_ms:g}-{c.step_ms:g}")
def test_equals_the_definition_in_numpy(config: MfccConfig) -> None:
    random = np.random.default_rng(1)
    t = np.arange(config.sample_rate_hz) / config.sample_rate_hz
    samples = (0.3 * np.sin(2 * np.pi * (200 + 900 * t) * t) + 0.05 * random.standard_normal(len(t))).astype(np.float32)
    front_end = Mfcc(config)
    power, features = oracle(samples, config)
    np.testing.assert_allclose(front_end.power(samples), power, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(front_end.whole(samples), features, rtol=0, atol=1e-4)
    assert len(features) == config.frames(len(samples))


def test_a_tone_lies_in_its_bin() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(512) / 16000).astype(np.float32)
    power = Mfcc(MfccConfig()).power(tone)[0]
    assert power.argmax() == 1000 / (16000 / 512)
    assert power.max() == pytest.approx((512 / 4) ** 2, rel=1e-4)  # half of the Hann window's sum


def test_silence_is_the_floor_of_the_logarithm() -> None:
    features = Mfcc(MfccConfig()).whole(np.zeros(512, np.float32))
    assert features[0, 0] == pytest.approx(-247.1394, abs=1e-3)
    np.testing.assert_allclose(features[0, 1:], 0, atol=1e-9)


@pytest.mark.parametrize(("samples", "frames"), [(0, 0), (1, 0), (511, 0), (512, 1), (831, 1), (832, 2)])
def test_frames_of_short_clips(samples: int, frames: int) -> None:
    sound = np.ones(samples, np.float32)
    for end, expected in (("drop", frames), ("pad", frames + 1)):
        config = MfccConfig(end=end)
        assert config.frames(samples) == expected
        assert Mfcc(config).power(sound).shape == (expected, 257)
        assert Mfcc(config).whole(sound).shape == (expected, 26)


@pytest.mark.parametrize(
    "settings",
    [{"coefficients": 41}, {"coefficients": 0}],
)
def test_impossible_coefficients_are_refused_before_the_first_clip(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="features: "):
        Mfcc(MfccConfig(**settings))


def test_the_golden_clips_are_the_ones_described(shared: Path) -> None:
    info = json.loads((shared / "fixtures/mfcc/info.json").read_text())
    assert sorted(info) == sorted(CLIPS)
    for name, entry in info.items():
        assert soundfile.info(shared / "fixtures" / entry["wav"]).frames == entry["samples"], name
