"""Recipes: every one is a valid configuration, the hours of a set choose, and explicit settings win."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from deepspeech.audio.formats import write_wav
from deepspeech.cli.main import app
from deepspeech.config import override, resolve
from deepspeech.datasets.formats.csv_files import write_csv
from deepspeech.datasets.sample import Sample
from deepspeech.errors import ConfigError
from deepspeech.recipes import LIMITS_HOURS, fitting, hours, recipe, with_recipe


def data_set(folder: Path, seconds: list[float]) -> Path:
    samples = []
    for number, duration in enumerate(seconds):
        path = folder / f"{number}.wav"
        write_wav(path, np.zeros(round(16000 * duration), np.float32), 16000)
        samples.append(Sample(str(path), path, "hello", path.stat().st_size))
    write_csv(folder / "train.csv", samples)
    return folder / "train.csv"


@pytest.mark.parametrize("name", LIMITS_HOURS)
def test_a_recipe_is_a_whole_configuration(name: str) -> None:
    config = resolve(recipe(name))
    assert config.training.consistency > 0
    assert config.network.intermediate
    assert config.features.kind == "log_mel"


@pytest.mark.parametrize(
    ("found_hours", "name"), [(0.1, "small"), (20, "small"), (20.1, "medium"), (300, "medium"), (9999, "large")]
)
def test_hours_choose(found_hours: float, name: str) -> None:
    assert fitting(found_hours) == name


def test_hours_are_those_of_the_clips_that_can_be_read(tmp_path: Path) -> None:
    csv = data_set(tmp_path, [1.0, 2.0, 3.0])
    assert hours([str(csv)]) == pytest.approx(6 / 3600)
    (tmp_path / "1.wav").write_bytes(b"RIFF")
    assert hours([str(csv)]) == pytest.approx(6 / 3600)  # the mean of the others
    with pytest.raises(ConfigError, match="name its files"):
        with_recipe("auto", {})
    made = with_recipe("auto", {"data": {"train": str(csv)}})
    assert made["network"] == recipe("small")["network"]


def test_explicit_settings_win() -> None:
    tables = override({"network": {"dropout": 0.3}, "augment": []}, ["training.epochs=3"])
    made = with_recipe("small", tables)
    config = resolve(made)
    assert (config.training.epochs, config.network.dropout, config.augment) == (3, 0.3, ())  # type: ignore[attr-defined]
    assert made["training"]["consistency"] == recipe("small")["training"]["consistency"]


def test_a_network_of_another_kind_replaces_that_of_the_recipe() -> None:
    tables = {"network": {"kind": "conformer", "size": "small"}}
    assert with_recipe("small", tables)["network"] == tables["network"]
    assert with_recipe("medium", {"network": {"size": "large"}})["network"] == {"kind": "conformer", "size": "large"}


def test_an_unknown_recipe_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ConfigError, match="--recipe huge: there are small, medium, large, auto"):
        with_recipe("huge", {})


def test_the_command_shows_what_it_would_train() -> None:
    result = CliRunner().invoke(app, ["train", "--recipe", "small", "--set", "training.epochs=7", "--show"])
    assert result.exit_code == 0
    assert "epochs = 7" in result.output
    assert 'kind = "deep_lstm"' in result.output
