"""Whole runs whose data, checkpoints, exports and results lie in a store."""

import json
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest

from deepspeech import checkpoint
from deepspeech.cli import old_trainer
from deepspeech.cli.main import main
from deepspeech.modelfile.card import ModelCard
from deepspeech.remote.files import fetch
from deepspeech.remote.folders import mirror
from deepspeech.runtime.session import Session
from tests.fakes import corpus, small_scorer

ALPHABET = Path(__file__).resolve().parents[2] / "data" / "alphabet.txt"


@pytest.fixture
def store(tmp_path: Path) -> str:
    """Two small sets, one with clips beside it and one with whole addresses, an alphabet and a scorer."""
    system = fsspec.filesystem("flaky")
    for name, count in (("train", 8), ("dev", 4)):
        csv = corpus(tmp_path / "local", count, name)
        if name == "dev":
            text = csv.read_text().replace("dev0", "flaky://bucket/set/dev0")
            csv.write_text(text)
    for path in (tmp_path / "local").iterdir():
        system.put_file(str(path), f"/bucket/set/{path.name}")
    system.put_file(str(ALPHABET), "/bucket/alphabet.txt")
    system.pipe_file("/bucket/pieces.txt", "▁\na\nb\nc\nd\nab\n".encode())
    system.put_file(str(small_scorer(tmp_path / "small.scorer")), "/bucket/small.scorer")
    shutil.rmtree(tmp_path / "local")
    return "flaky://bucket"


def command(monkeypatch: pytest.MonkeyPatch, name: str, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    try:
        main() if name == "deepspeech" else old_trainer.main(name)
    except SystemExit as left:
        if left.code:
            raise AssertionError(left.code) from None


def names(place: str) -> list[str]:
    system, root = fsspec.core.url_to_fs(place)
    return sorted({path.removeprefix(root + "/").split("/")[0] for path in system.find(root)})


def run(store: str, *more: str) -> list[str]:
    return [
        f"--train_files={store}/set/train.csv", f"--dev_files={store}/set/dev.csv", "--n_hidden=8",
        "--train_batch_size=4", f"--alphabet_config_path={store}/alphabet.txt", f"--checkpoint_dir={store}/checkpoints",
        *more,
    ]  # fmt: skip


def test_the_old_command_trains_tests_and_exports_in_a_store(
    store: str, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    more = (
        "--epochs=2", f"--test_files={store}/set/dev.csv", f"--test_output_file={store}/results/test.json",
        f"--scorer_path={store}/small.scorer", f"--export_dir={store}/export/en",
        f"--one_shot_infer={store}/set/dev001.wav",
    )  # fmt: skip
    command(monkeypatch, "DeepSpeech.py", *run(store, *more))
    assert names(f"{store}/checkpoints") == ["best-000004", "flags.txt", "log.jsonl", "train-000004"]
    rows = json.loads(fetch(f"{store}/results/test.json").read_text())
    assert sorted(row["wav_filename"] for row in rows) == [f"{store}/set/dev00{number}.wav" for number in range(4)]
    assert names(f"{store}/export/en") == ["author_model_0.0.1.md", "exported.json", "output_graph.onnx"]
    card: ModelCard = Session(fetch(f"{store}/export/en/output_graph.onnx")).card
    assert card.model["hidden"] == 8

    shutil.rmtree(cache)  # another machine goes on from there
    capsys.readouterr()
    command(monkeypatch, "DeepSpeech.py", *run(store, "--epochs=3"))
    assert "I Loading most recent checkpoint from" in capsys.readouterr().out
    assert "train-000006" in names(f"{store}/checkpoints")


def test_a_zip_goes_beside_the_folder(store: str, monkeypatch: pytest.MonkeyPatch, hearing_checkpoints: Path) -> None:
    arguments = (
        f"--checkpoint_dir={hearing_checkpoints}", f"--export_dir={store}/export/en", "--export_zip",
        f"--scorer_path={store}/small.scorer",
    )  # fmt: skip
    command(monkeypatch, "DeepSpeech.py", *arguments)
    with zipfile.ZipFile(fetch(f"{store}/export/en.zip")) as archive:
        assert sorted(archive.namelist()) == ["author_model_0.0.1.md", "output_graph.onnx", "small.scorer"]
    command(monkeypatch, "DeepSpeech.py", *arguments[:2], "--remove_export", "--export_file_name=new")
    assert names(f"{store}/export/en") == ["author_model_0.0.1.md", "exported.json", "new.onnx"]


@pytest.mark.parametrize(("setting", "file"), [("alphabet", "alphabet.txt"), ("subwords", "pieces.txt")])
def test_a_settings_file_may_name_addresses(
    setting: str,
    file: str,
    store: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = tmp_path / "run.toml"
    settings.write_text(
        f'[data]\ntrain = "{store}/set/train.csv"\ntest = "{store}/set/dev.csv"\n{setting} = "{store}/{file}"\n'
        f'[checkpoint]\nfolder = "{store}/run"\n[network]\nhidden = 8\n[training]\nepochs = 1\nbatch_size = 4\n'
    )
    command(monkeypatch, "deepspeech", "train", str(settings))
    assert f"Test on {store}/set/dev.csv - WER: " in capsys.readouterr().out
    command(monkeypatch, "deepspeech", "export", f"{store}/run", f"{store}/models/en.onnx")
    assert capsys.readouterr().out.startswith(f"{store}/models/en.onnx: ")
    for model in (f"{store}/run", f"{store}/models/en.onnx"):
        command(monkeypatch, "deepspeech", "evaluate", "--model", model, "--data", f"{store}/set/dev.csv", "--json")
        assert len(json.loads(capsys.readouterr().out)) > 0


def test_a_network_that_fails_for_a_while_does_not_end_the_run(
    store: str, flaky: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save = checkpoint.save

    def save_offline(folder: Path, kind: str, *rest: Any) -> Path:
        flaky.left = 0 if kind == "best" else 10**6  # the best is written first
        return save(folder, kind, *rest)

    monkeypatch.setattr(checkpoint, "save", save_offline)
    command(monkeypatch, "DeepSpeech.py", *run(store, "--epochs=1"))
    said = capsys.readouterr().out
    assert "connection reset by peer" in said
    assert "uploaded with the next checkpoint" in said
    assert {"best-000002", "train-000002"} <= set(names(f"{store}/checkpoints"))


def test_what_could_not_be_sent_at_the_end_is_an_error_and_goes_with_the_next_run(
    store: str, flaky: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save = checkpoint.save

    def save_offline(*arguments: Any) -> Path:
        flaky.left = 0
        return save(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint, "save", save_offline)
        with pytest.raises(AssertionError, match="2"):
            command(patched, "DeepSpeech.py", *run(store, "--epochs=1"))
    assert "cannot be written (connection reset by peer)" in capsys.readouterr().err
    flaky.left = 10**6
    command(monkeypatch, "DeepSpeech.py", *run(store, "--epochs=1"))  # nothing left to learn
    kept = checkpoint.load(checkpoint.found(mirror(f"{store}/checkpoints"), "train")[0])
    assert np.isfinite(kept.weights["layer_1.weight"]).all()
    assert "train-000002" in names(f"{store}/checkpoints")


def test_a_clip_that_is_missing_there_is_a_fault_among_others(
    store: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fsspec.filesystem("flaky").rm_file("/bucket/set/train003.wav")
    with pytest.raises(AssertionError, match="2"):
        command(monkeypatch, "DeepSpeech.py", *run(store, "--epochs=1"))
    assert f"{store}/set/train003.wav: there is no such file" in capsys.readouterr().err
    command(monkeypatch, "DeepSpeech.py", *run(store, "--epochs=1", "--skip_bad"))


def test_event_files_are_written_here_only(
    store: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(AssertionError, match="2"):
        command(monkeypatch, "DeepSpeech.py", *run(store, f"--summary_dir={store}/summaries"))
    assert "event files are appended to, so use a local folder" in capsys.readouterr().err
