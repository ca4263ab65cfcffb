"""Bad luck in the middle of a run: each kind is told in one line, and what was learnt before is kept."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepspeech import checkpoint
from deepspeech.cli.main import main
from deepspeech.config import RunConfig
from deepspeech.datasets.pipeline import Example, Pipeline
from deepspeech.datasets.sample import Sample
from deepspeech.errors import CheckpointError, TrainingError
from deepspeech.training.log import Log
from deepspeech.training.run import Run
from deepspeech.training.step import StepResult, Trainer
from tests.fakes import config


def words(made: RunConfig, **more: object) -> list[str]:
    """The same run as arguments of the command."""
    settings: dict[str, object] = {
        "data.train": made.data.train[0], "data.dev": made.data.dev[0], "checkpoint.folder": made.checkpoint.folder,
        "network.hidden": 16, "training.threads": 1, "training.epochs": 2, "training.batch_size": 4,
    }  # fmt: skip
    settings |= {name.replace("__", "."): value for name, value in more.items()}
    return ["train", *(word for name, value in settings.items() for word in ("--set", f"{name}={value}"))]


def spoilt(monkeypatch: pytest.MonkeyPatch, name: str, spoil: Any) -> None:
    """From now on the clip `name` comes out of the trainer's pipeline as `spoil` makes it."""
    prepare = Pipeline.prepare

    def prepared(self: Pipeline, sample: Sample, epoch: int) -> Example:
        example = prepare(self, sample, epoch)
        if sample.audio.name == name and self.epochs > 1:  # not while features are measured
            spoil(example)
        return example

    monkeypatch.setattr(Pipeline, "prepare", prepared)


def test_one_clip_of_which_features_are_not_numbers_is_named_and_its_batch_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def spoil(example: Example) -> None:
        example.features_TF[2, 5] = np.nan

    spoilt(monkeypatch, "train005.wav", spoil)
    run = Run(config(tmp_path), Log())
    run.train()
    named = [line for line in capsys.readouterr().err.splitlines() if "infinite (or NaN) loss" in line]
    assert len(named) == 2  # once an epoch
    assert all(line.count(".wav") == 1 and line.endswith("train005.wav") for line in named)
    assert run.position.step == 6
    assert all(bool(p.isfinite().all()) for p in run.network.parameters())


def test_a_worker_that_fails_unexpectedly_names_the_clip_and_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(example: Example) -> None:
        raise MemoryError("of another kind")

    spoilt(monkeypatch, "train005.wav", spoil)
    with pytest.raises(TrainingError) as told:
        Run(config(tmp_path), Log()).train()
    assert "train005.wav: preparing this clip failed unexpectedly (MemoryError: of another kind, " in str(told.value)
    assert f"{Path(__file__).name}:" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_full_disk_ends_the_run_in_one_line_and_the_checkpoint_before_goes_on(tmp_path: Path) -> None:
    """The disk is as good as full: the system lets no file grow larger than the weights need."""
    made = config(tmp_path)
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2);"
        "from deepspeech.cli.main import main; main()"
    )
    Run(config(tmp_path, training__epochs=1), Log()).train()
    kept = checkpoint.found(Path(made.checkpoint.folder), "train")
    before = (kept[0] / "weights.safetensors").read_bytes()
    full = subprocess.run(
        [sys.executable, "-c", code, "30000", *words(made)], capture_output=True, text=True, check=False
    )
    assert full.returncode == 2
    last = full.stderr.splitlines()[-1]
    assert last.startswith("deepspeech: ")
    assert "cannot write the checkpoint" in last
    assert "File too large" in last
    assert "Traceback" not in full.stderr
    assert checkpoint.found(Path(made.checkpoint.folder), "train") == kept
    assert (kept[0] / "weights.safetensors").read_bytes() == before
    assert not list(Path(made.checkpoint.folder).glob(".*partial"))
    run = Run(config(tmp_path), Log())
    assert run.position.epoch == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_a_checkpoint_and_says_so_in_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    train_step = Trainer.train_step

    def disturbed(self: Trainer, *arguments: Any) -> StepResult:
        result = train_step(self, *arguments)
        os.kill(os.getpid(), number)
        if number == signal.SIGTERM:
            os.kill(os.getpid(), number)  # a scheduler may say it twice
        return result

    monkeypatch.setattr(Trainer, "train_step", disturbed)
    made = config(tmp_path)
    monkeypatch.setattr(sys, "argv", ["deepspeech", *words(made)])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 128 + number
    assert "Stopped. A checkpoint is written; run the same command again to resume." in capsys.readouterr().err
    assert [path.name for path in checkpoint.found(Path(made.checkpoint.folder), "train")] == ["train-000001"]


@pytest.mark.parametrize("damage", ["cut", "no description", "half a description", "no weights"])
def test_a_damaged_last_checkpoint_is_passed_over_for_the_one_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    Run(config(tmp_path, checkpoint__every_s=1e-9), Log()).train()
    newest, before = checkpoint.found(tmp_path / "checkpoints", "train")[:2]
    weights, page = newest / "weights.safetensors", newest / "run.json"
    if damage == "cut":
        weights.write_bytes(weights.read_bytes()[:-8])
    elif damage == "no weights":
        weights.unlink()
    elif damage == "no description":
        page.unlink()
    else:
        page.write_text(page.read_text()[:50])
    run = Run(config(tmp_path), Log())
    said = capsys.readouterr().err
    assert f"{newest}" in said
    assert "trying an older one" in said
    assert f"Loading most recent checkpoint from {before}" in said
    assert run.position.step == int(before.name.split("-")[1])


def test_an_unreadable_batch_is_passed_over_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = config(tmp_path, data__on_bad_sample="skip", training__batch_size=1, training__epochs=1, data__cache_mb=0)
    run = Run(made, Log())
    (tmp_path / "train003.wav").unlink()  # after the look at the set
    run.train()
    assert "skipped: " in capsys.readouterr().err
    assert run.position.step == 12  # so that a resumed run does not meet a batch twice


def test_a_probe_with_init_moves_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = config(tmp_path)
    Run(made, Log()).train()
    before = sorted(path for path in tmp_path.rglob("*"))
    features = {"data.feature_cache": str(tmp_path / "features"), "training.summaries": str(tmp_path / "events")}
    more = [word for name, value in features.items() for word in ("--set", f"{name}={value}")]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["deepspeech", *words(made, checkpoint__which="init"), *more, "--probe"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 0
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_a_folder_that_cannot_be_written_is_told_with_its_path_before_anything_is_learnt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Trainer, "train_step", lambda *_: pytest.fail("learnt"))
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file/below"):
        run = Run(config(tmp_path, checkpoint__folder=str(place)), Log())
        with pytest.raises(CheckpointError, match=f"^{place}: checkpoints cannot be written there .*checkpoint.folder"):
            run.train()


def test_leftovers_of_a_killed_run_are_swept_at_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    Run(config(tmp_path, training__epochs=1), Log()).train()
    for name in (".train-000009.partial", ".best-000009.partial", "train-000003.replaced"):
        (folder / name).mkdir()
    Run(config(tmp_path, training__epochs=1), Log()).train()
    assert sorted(path.name for path in folder.iterdir()) == ["best-000003", "train-000003"]


def test_a_checkpoint_whose_successor_was_not_there_yet_is_still_one(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    Run(config(tmp_path, training__epochs=1), Log()).train()
    (folder / "train-000003").rename(folder / "train-000003.replaced")
    run = Run(config(tmp_path), Log())
    assert run.position.step == 3
    run.train()
    assert [path.name for path in checkpoint.found(folder, "train")] == ["train-000006", "train-000003.replaced"]
