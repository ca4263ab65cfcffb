"""`deepspeech convert`, and old models where a model is named, as a person types them."""

from pathlib import Path

import numpy as np
import pytest

from deepspeech.audio.formats import write_wav
from deepspeech.datasets.formats.csv_files import write_csv
from deepspeech.datasets.sample import Sample
from deepspeech.modelfile.card import ModelCard
from deepspeech.runtime.session import Session
from tests.old_models.old_files import Network, checkpoint_folder, frozen_graph


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old models are converted into a cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.pb"
    path.write_bytes(frozen_graph(Network()))
    return path


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "a.wav"
    write_wav(path, np.random.default_rng(0).normal(0, 0.1, 8000).astype(np.float32), 16000)
    return path


def test_a_model_file_is_written_and_what_was_found_is_said(deepspeech, old: Path, tmp_path: Path) -> None:
    code, out, err = deepspeech("convert", old, tmp_path / "new.onnx")
    assert (code, err) == (0, "")
    assert "TensorFlow model: 8 wide, 6 characters, language fr-FR, float32, 16000 Hz" in out
    card: ModelCard = Session(tmp_path / "new.onnx").card
    assert (card.model["hidden"], card.beam_width) == (8, 123)


def test_a_checkpoint_is_written_and_the_next_command_told(deepspeech, tmp_path: Path) -> None:
    folder = checkpoint_folder(tmp_path / "old", Network())
    code, out, _ = deepspeech("convert", folder, tmp_path / "new")
    assert code == 0
    assert f"--set checkpoint.load={tmp_path / 'new'}" in out
    assert "--set network.hidden=8" in out
    assert f"--set data.alphabet={tmp_path / 'new' / 'alphabet.txt'}" in out


def test_an_alphabet_may_be_named(deepspeech, tmp_path: Path) -> None:
    folder = checkpoint_folder(tmp_path / "old", Network())
    letters = (folder / "alphabet.txt").rename(tmp_path / "letters.txt")
    code, _, err = deepspeech("convert", folder, tmp_path / "new.onnx")
    assert code == 2
    assert "--alphabet" in err
    assert deepspeech("convert", folder, tmp_path / "new.onnx", "--alphabet", letters)[0] == 0


def test_what_cannot_be_converted_is_told_in_one_line(deepspeech, tmp_path: Path) -> None:
    code, out, err = deepspeech("convert", tmp_path / "missing.pb", tmp_path / "new.onnx")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert not (tmp_path / "new.onnx").exists()


def test_old_models_are_used_where_a_model_is_named(deepspeech, old: Path, sound: Path, tmp_path: Path) -> None:
    assert deepspeech("convert", old, tmp_path / "new.onnx")[0] == 0
    converted = deepspeech("transcribe", "--model", tmp_path / "new.onnx", "--json", sound)
    assert converted[0] == 0
    assert deepspeech("transcribe", "--model", old, "--json", sound) == converted
    data = tmp_path / "data.csv"
    write_csv(data, [Sample(str(sound), sound, "abc", sound.stat().st_size)])
    evaluated = deepspeech("evaluate", "--model", tmp_path / "new.onnx", "--data", data, "--json")
    assert evaluated[0] == 0
    assert deepspeech("evaluate", "--model", old, "--data", data, "--json") == evaluated
    folder = checkpoint_folder(tmp_path / "old", Network())
    code, out, _ = deepspeech("evaluate", "--model", folder, "--data", data, "--json", "--beam-width", 123)
    assert (code, out) == evaluated[:2]


def test_a_damaged_old_model_is_told_in_one_line(deepspeech, old: Path, sound: Path) -> None:
    old.write_bytes(old.read_bytes()[:2000])
    code, out, err = deepspeech("transcribe", "--model", old, sound)
    assert (code, out) == (2, "")
    assert err.startswith(f"deepspeech: {old}: ")
    assert err.count("\n") == 1
