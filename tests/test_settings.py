"""Every setting says what it does and when to change it: `train --show` and the documentation print these texts."""

from dataclasses import fields

import pytest

from deepspeech.acoustic.registry import FAMILIES
from deepspeech.datasets.config import DataConfig
from deepspeech.decoder.options import DecodeOptions
from deepspeech.features.registry import FRONT_ENDS
from deepspeech.run_settings import CardConfig, CheckpointConfig, TrainingConfig, TransferConfig
from deepspeech.serve.limits import Limits
from deepspeech.serve.settings import ServeSettings
from deepspeech.settings import documented
from deepspeech.text.config import TextConfig

KINDS = [
    *(DataConfig, TextConfig, TrainingConfig, CheckpointConfig, TransferConfig, CardConfig, DecodeOptions),
    *(Limits, ServeSettings),
    *(family.config for family in FAMILIES.values()),
    *(config for config, _ in FRONT_ENDS.values()),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_setting_is_documented(kind: type) -> None:
    known = {name: setting for name, _, setting in documented(kind)}
    assert [item.name for item in fields(kind) if item.name not in known] in ([], ["kind"], ["models", "limits"])  # type: ignore[arg-type]
    assert all(setting.effect and setting.change for setting in known.values())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_texts_fit_a_comment_and_a_table(kind: type) -> None:
    for _, _, setting in documented(kind):
        for text in (setting.effect, setting.change, setting.unit):
            assert "\n" not in text
            assert not text.endswith(".")
