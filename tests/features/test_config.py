"""Settings of the front ends: what is impossible is refused, and old pages and old readers understand each other."""

import json
from dataclasses import fields
from typing import Any

import pytest

from deepspeech.errors import ConfigError
from deepspeech.features.config import FrontEndConfig, LogMelConfig, MfccConfig
from deepspeech.features.registry import FRONT_ENDS, read_config

OLD_ENTRIES = (  # of a checkpoint and a model card before there were kinds
    '{"sample_rate_hz": 16000, "window_ms": 32.0, "step_ms": 20.0, "coefficients": 26, "mel_bands": 40, '
    '"low_hz": 20.0, "high_hz": null, "end": "drop"}'
)
CONFIGS = [config for config, _ in FRONT_ENDS.values()]
IMPOSSIBLE = (
    ({"end": "wrap"}, "features.end is 'wrap'; use 'drop' or 'pad'"),
    ({"sample_rate_hz": 11025, "window_ms": 32}, "352.8 samples at 11025 Hz"),
    ({"window_ms": 0.01}, "features.window_ms = 0.01"),
    ({"window_ms": 0}, "features.window_ms = 0"),
    ({"window_ms": float("nan")}, "features.window_ms = nan"),
    ({"step_ms": float("inf")}, "features.step_ms = inf"),
    ({"step_ms": -20}, "features.step_ms = -20"),
    ({"step_ms": 40}, "would skip audio"),
    ({"sample_rate_hz": -16000}, "features.window_ms"),
)


@pytest.mark.parametrize(("settings", "words"), IMPOSSIBLE)
@pytest.mark.parametrize("config", CONFIGS)
def test_impossible_settings_are_refused(config: type[FrontEndConfig], settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config(**settings)
    assert words in str(caught.value)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_an_impossible_preemphasis_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match=r"features\.preemphasis is"):
        LogMelConfig(preemphasis=share)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_an_impossible_memory_of_the_running_mean_is_refused(seconds: float) -> None:
    with pytest.raises(ConfigError, match=r"features\.online_cmn_s is"):
        LogMelConfig(online_cmn_s=seconds)


def test_entries_of_before_online_cmn_are_without_it() -> None:
    entries = LogMelConfig().to_dict()
    del entries["online_cmn_s"]
    assert read_config(entries) == LogMelConfig(online_cmn_s=0)


def test_step_in_seconds() -> None:
    assert MfccConfig().step_s == 0.02
    assert MfccConfig(sample_rate_hz=44100, window_ms=30, step_ms=10).step_s == 0.01
    assert LogMelConfig().step_s == 0.01


def test_entries_without_a_kind_is_of_mfcc_and_is_written_as_it_was() -> None:
    config = read_config(json.loads(OLD_ENTRIES))
    assert config == MfccConfig()
    assert json.dumps(config.to_dict()) == OLD_ENTRIES
    assert MfccConfig(**json.loads(OLD_ENTRIES)) == config


def test_log_mel_is_written_with_its_kind_and_all_its_defaults() -> None:
    entries = LogMelConfig().to_dict()
    assert entries == {
        "kind": "log_mel", "sample_rate_hz": 16000, "window_ms": 25.0, "step_ms": 10.0, "mel_bands": 80,
        "low_hz": 20.0, "high_hz": None, "preemphasis": 0.97, "normalize": True, "online_cmn_s": 0.0,
        "end": "drop",
    }  # fmt: skip
    assert read_config(json.loads(json.dumps(entries))) == LogMelConfig()


@pytest.mark.parametrize("kind", FRONT_ENDS)
def test_every_kind_is_registered_under_its_own_name(kind: str) -> None:
    config, front_end = FRONT_ENDS[kind]
    assert config.kind == kind
    assert read_config({"kind": kind}) == config()
    assert type(front_end(config())) is front_end
    assert {item.name for item in fields(config)} >= {"sample_rate_hz", "window_ms", "step_ms", "end"}  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["mel", "", None, 3, ["mfcc"]])
def test_an_unknown_kind_is_refused(kind: object) -> None:
    with pytest.raises(ConfigError, match="use mfcc or log_mel"):
        read_config({"kind": kind})
