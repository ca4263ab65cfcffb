"""The benchmark of recognition in noise: what it mixes, and what it tells."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from deepspeech.audio.formats import read_audio, write_wav
from deepspeech.datasets.clips import ClipCache
from deepspeech.datasets.sample import Sample

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "robustness.py"


@pytest.fixture(scope="module")
def robustness() -> ModuleType:
    spec = importlib.util.spec_from_file_location("robustness", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["robustness"] = importlib.util.module_from_spec(spec)  # dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("snr_db", [20, 5, 0, -10])
def test_noise_lies_below_the_spoken_part(robustness: ModuleType, snr_db: float) -> None:
    random = np.random.default_rng(1)
    speech = np.zeros(48000, np.float32)
    speech[16000:32000] = random.normal(0, 0.1, 16000)  # a second of three
    noise = random.normal(0, 0.3, 48000).astype(np.float32)
    result = robustness.mixed(speech, noise, snr_db)
    assert np.abs(result).max() <= 1
    share = np.dot(result, speech) / np.dot(speech, speech)  # less than 1 where it was made to fit
    added = result / share - speech
    measured = 10 * np.log10(0.01 / np.mean(added**2))
    assert measured == pytest.approx(snr_db, abs=1)


def test_clips_are_the_same_for_the_same_seed(robustness: ModuleType, tmp_path: Path) -> None:
    samples = []
    for number, speaker in enumerate("aabb"):
        path = tmp_path / f"{number}-{speaker}-x.wav"
        tone = np.sin(np.arange(16000) * 0.05 * (number + 1)).astype(np.float32) / 4
        write_wav(path, tone, 16000)
        samples.append(Sample(str(path), path, "tone", 0))
    written = []
    for seed, name in ((1, "first"), (1, "again"), (2, "other")):
        (tmp_path / name).mkdir()
        mixer = robustness.Mixer(samples, {"babble": "babble"}, r"-([a-z])-", seed, ClipCache(1))
        written.append([read_audio(one.audio)[0] for one in mixer.write("babble", 5, tmp_path / name)])
    first, again, other = written
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_ratio_is_reported_for_each_noise_and_all(robustness: ModuleType) -> None:
    rates = {("none", None): {"a": 0.1, "b": 0.1}}
    for kind, b in (("white", 0.2), ("babble", 0.4)):
        rates |= {(kind, snr): {"a": 0.5, "b": b} for snr in robustness.SNRS_DB}
    compared = robustness.ratios(rates, ["a", "b"], ["white", "babble"])
    assert {kind: of["b"] for kind, of in compared.items()} == pytest.approx({"white": 0.4, "babble": 0.8, "all": 0.6})
    shown = robustness.table(rates, ["a", "b"], compared)
    assert "| white | 5 | 50.0% | 20.0% |" in shown
    assert "white 0.40, babble 0.80, all 0.60" in shown
