"""MFCC: equal to the old trainer's outputs, and to the same definition written once more in NumPy."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from deepspeech.audio.formats import read_audio
from deepspeech.errors import ConfigError
from deepspeech.features.config import FeatureConfig
from deepspeech.features.mfcc import FeatureExtractor, Float32

CLIPS = ("LDC93S1", "an4_an398-miry-b", "an4_an406-fcaw-b", "an4_cen3-fjlp-b", "an4_cen7-marh-b", "an4_cen7-mjwl-b")
SHAPES = (
    FeatureConfig(),
    FeatureConfig(sample_rate_hz=8000),
    FeatureConfig(window_ms=25, step_ms=10),
    FeatureConfig(sample_rate_hz=44100, window_ms=30, step_ms=30),
    FeatureConfig(window_ms=64, step_ms=20, coefficients=13, mel_bands=23, low_hz=0, high_hz=4000),
)


def clip(shared: Path, name: str) -> Float32:
    fixtures = shared / "fixtures"
    samples, rate_hz = read_audio(fixtures / json.loads((fixtures / "mfcc/info.json").read_text())[name]["wav"])
    assert rate_hz == 16000
    return samples


def golden(shared: Path, name: str, kind: str) -> Float32:
    array: Float32 = np.load(shared / "fixtures" / "mfcc" / f"{name}.{kind}.npy")
    return array


def oracle(samples: Float32, c: FeatureConfig) -> tuple[Any, Any]:
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
    samples, extractor = clip(shared, name), FeatureExtractor(FeatureConfig())
    power, expected = extractor.power(samples), golden(shared, name, "spectrogram")
    assert power.shape == expected.shape
    np.testing.assert_allclose(power, expected, atol=1e-4, rtol=1e-6)
    features, expected = extractor(samples), golden(shared, name, "mfcc")
    assert features.shape == expected.shape
    np.testing.assert_allclose(features, expected, atol=1e-4, rtol=0)
    np.testing.assert_array_equal(features, extractor.mfcc(power))


@pytest.mark.parametrize("name", CLIPS)
def test_the_pad_rule_adds_the_old_clients_last_window(shared: Path, name: str) -> None:
    samples = clip(shared, name)
    padded = FeatureExtractor(FeatureConfig(end="pad"))(samples)
    np.testing.assert_allclose(padded[-1:], golden(shared, name, "mfcc_last_zero_padded"), atol=1e-4, rtol=0)
    np.testing.assert_array_equal(padded[:-1], FeatureExtractor(FeatureConfig())(samples))


@pytest.mark.parametrize("config", SHAPES, ids=lambda c: f"{c.sample_rate_hz}-{c.window_ms:g}-{c.step_ms:g}")
def test_equals_the_definition_in_numpy(config: FeatureConfig) -> None:
    random = np.random.default_rng(1)
    t = np.arange(config.sample_rate_hz) / config.sample_rate_hz
    samples = (0.3 * np.sin(2 * np.pi * (200 + 900 * t) * t) + 0.05 * random.standard_normal(len(t))).astype(np.float32)
    extractor = FeatureExtractor(config)
    power, features = oracle(samples, config)
    np.testing.assert_allclose(extractor.power(samples), power, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(extractor(samples), features, rtol=0, atol=1e-4)
    assert len(features) == config.frames(len(samples))


@pytest.mark.parametrize("config", SHAPES, ids=lambda c: f"{c.sample_rate_hz}-{c.window_ms:g}-{c.step_ms:g}")
def test_a_frame_is_the_same_to_the_bit_whatever_its_neighbours(config: FeatureConfig) -> None:
    window, step = config.window_samples, config.step_samples
    samples = np.random.default_rng(4).uniform(-1, 1, 10 * step + window).astype(np.float32)
    extractor = FeatureExtractor(config)
    power, features = extractor.power(samples), extractor(samples)
    np.testing.assert_array_equal(extractor.mfcc(power), features)
    for frame in range(len(features)):
        alone = samples[frame * step : frame * step + window]
        np.testing.assert_array_equal(extractor.power(alone), power[frame : frame + 1])
        np.testing.assert_array_equal(extractor.mfcc(power[frame : frame + 1]), features[frame : frame + 1])
        np.testing.assert_array_equal(extractor(alone), features[frame : frame + 1])


def test_a_tone_lies_in_its_bin() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(512) / 16000).astype(np.float32)
    power = FeatureExtractor(FeatureConfig()).power(tone)[0]
    assert power.argmax() == 1000 / (16000 / 512)
    assert power.max() == pytest.approx((512 / 4) ** 2, rel=1e-4)  # half of the Hann window's sum


def test_silence_is_the_floor_of_the_logarithm() -> None:
    features = FeatureExtractor(FeatureConfig())(np.zeros(512, np.float32))
    assert features[0, 0] == pytest.approx(-247.1394, abs=1e-3)
    np.testing.assert_allclose(features[0, 1:], 0, atol=1e-9)


@pytest.mark.parametrize(("samples", "frames"), [(0, 0), (1, 0), (511, 0), (512, 1), (831, 1), (832, 2)])
def test_frames_of_short_clips(samples: int, frames: int) -> None:
    sound = np.ones(samples, np.float32)
    for end, expected in (("drop", frames), ("pad", frames + 1)):
        config = FeatureConfig(end=end)
        assert config.frames(samples) == expected
        assert FeatureExtractor(config).power(sound).shape == (expected, 257)
        assert FeatureExtractor(config)(sound).shape == (expected, 26)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 3000), st.sampled_from(SHAPES[:3]), st.sampled_from(["drop", "pad"]))
def test_as_many_frames_as_foretold(samples: int, shape: FeatureConfig, end: str) -> None:
    config = FeatureConfig(shape.sample_rate_hz, shape.window_ms, shape.step_ms, end=end)
    assert len(FeatureExtractor(config)(np.zeros(samples, np.float32))) == config.frames(samples)


def test_input_of_other_layout_and_type_gives_the_same() -> None:
    extractor = FeatureExtractor(FeatureConfig())
    samples = np.random.default_rng(2).uniform(-1, 1, 4000).astype(np.float32)
    stereo = np.stack([samples, -samples], axis=1)
    np.testing.assert_array_equal(extractor(stereo[:, 0]), extractor(samples))
    np.testing.assert_array_equal(extractor(samples.astype(np.float64)), extractor(samples))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"end": "wrap"}, "features.end is 'wrap'; use 'drop' or 'pad'"),
        ({"sample_rate_hz": 11025}, "352.8 samples at 11025 Hz"),
        ({"window_ms": 0.01}, "features.window_ms = 0.01"),
        ({"window_ms": 0}, "features.window_ms = 0"),
        ({"window_ms": float("nan")}, "features.window_ms = nan"),
        ({"step_ms": float("inf")}, "features.step_ms = inf"),
        ({"step_ms": -20}, "features.step_ms = -20"),
        ({"step_ms": 40}, "would skip sound"),
        ({"sample_rate_hz": -16000}, "features.window_ms"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        FeatureConfig(**settings)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [{"high_hz": 9000}, {"low_hz": -1}, {"low_hz": 8000}, {"coefficients": 41}, {"coefficients": 0}, {"mel_bands": 0}],
)
def test_impossible_filters_are_refused_before_the_first_clip(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="features: "):
        FeatureExtractor(FeatureConfig(**settings))


def test_step_in_seconds() -> None:
    assert FeatureConfig().step_s == 0.02
    assert FeatureConfig(sample_rate_hz=44100, window_ms=30, step_ms=10).step_s == 0.01


def test_the_golden_clips_are_the_ones_described(shared: Path) -> None:
    info = json.loads((shared / "fixtures/mfcc/info.json").read_text())
    assert sorted(info) == sorted(CLIPS)
    for name, entry in info.items():
        assert soundfile.info(shared / "fixtures" / entry["wav"]).frames == entry["samples"], name
