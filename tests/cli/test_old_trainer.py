"""DeepSpeech.py and evaluate.py: their help, what they do in which order, and what they say when they cannot."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from deepspeech import checkpoint
from deepspeech.cli import old_trainer, train
from deepspeech.compat.flags import BY_NAME, FLAGS
from deepspeech.config import RunConfig
from tests.old_models.old_files import Network, checkpoint_folder

ROOT = Path(__file__).resolve().parents[2]


def child(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, RunConfig]]:
    """What a script does, each step with its configuration; the steps themselves do nothing."""
    steps: list[tuple[str, RunConfig]] = []
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(train, "run_training", lambda config, log, repeat_settings: steps.append(("train", config)))
    for name in ("test", "export", "one_shot"):

        def step(config: RunConfig, *_: Any, name: str = name) -> None:
            steps.append((name, config))

        monkeypatch.setattr(old_trainer, f"_{name}", step)
    return steps


def run(monkeypatch: pytest.MonkeyPatch, script: str, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", [script, *arguments])
    old_trainer.main(script)


def fault(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], script: str, *arguments: str) -> str:
    with pytest.raises(SystemExit) as caught:
        run(monkeypatch, script, *arguments)
    assert caught.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


@pytest.mark.parametrize("script", ["DeepSpeech.py", "evaluate.py", "lm_optimizer.py"])
def test_the_full_help_lists_every_flag_with_its_meaning(script: str) -> None:
    result = child(script, "--helpfull")
    assert (result.returncode, result.stderr) == (0, "")
    entries = dict(re.findall(r"^  --(?:\[no\])?(\w+): ?(.*(?:\n    .*)*)", result.stdout, re.MULTILINE))
    for flag in FLAGS:
        text = " ".join(entries[flag.name].split())
        assert text.startswith(" ".join(flag.meaning.split())), flag.name
        assert " ".join(flag.note.split()) in text
    assert "skip_bad" in entries


def test_help_is_the_same_by_all_its_names() -> None:
    assert "--train_files" in child("DeepSpeech.py", "--help").stdout
    assert "--train_files" in child("DeepSpeech.py", "-h").stdout


def test_evaluate_without_files_says_the_old_sentence() -> None:
    result = child("evaluate.py", "--n_hidden=100")
    assert result.returncode == 2
    assert result.stdout == ""
    assert "You need to specify what files to use for evaluation via the --test_files flag." in result.stderr


def test_nothing_to_do_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    message = fault(monkeypatch, capsys, "DeepSpeech.py", "--n_hidden=100")
    assert message.startswith("deepspeech: DeepSpeech.py: nothing to do; give --train_files")
    assert message.count("\n") == 1


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("--n_hiden=3", "n_hidden"),
        ("--export_zip", "--export_zip: name the folder with --export_dir"),
        ("--one_shot_infer=none.wav", "--one_shot_infer: none.wav: there is no such file"),
        ("--epochs=0", "training.epochs is 0"),
    ],
)
def test_wrong_flags_are_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], argument: str, words: str
) -> None:
    message = fault(monkeypatch, capsys, "DeepSpeech.py", "--train_files=a.csv", argument)
    assert words in message
    assert message.count("\n") == 1


def test_all_steps_in_the_old_order(monkeypatch: pytest.MonkeyPatch, done: list[tuple[str, RunConfig]]) -> None:
    run(
        monkeypatch, "DeepSpeech.py", f"--one_shot_infer={__file__}", "--export_dir=out", "--test_files=t.csv",
        "--train_files=a.csv", "--load_train=init", "--load_evaluate=last", "--load_checkpoint_dir=there",
    )  # fmt: skip
    assert [name for name, _ in done] == ["train", "test", "export", "one_shot"]
    training, *after = [config.checkpoint for _, config in done]
    assert (training.which, training.load) == ("init", "there")
    assert {(checkpoint.which, checkpoint.load) for checkpoint in after} == {("last", "")}


@pytest.mark.parametrize(("level", "shown"), [(0, True), (2, True), (3, False)])
def test_warnings_follow_the_log_level(
    monkeypatch: pytest.MonkeyPatch,
    done: list[tuple[str, RunConfig]],
    capsys: pytest.CaptureFixture[str],
    level: int,
    shown: bool,
) -> None:
    run(monkeypatch, "DeepSpeech.py", "--train_files=a.csv", "--train_cudnn", f"--log_level={level}")
    assert capsys.readouterr().out.startswith("W --train_cudnn") == shown
    assert len(done) == 1


@pytest.mark.parametrize(
    ("argument", "step"),
    [("train_files", "train"), ("test_files", "test"), ("export_dir", "export"), ("one_shot_infer", "one_shot")],
)
def test_a_step_is_done_when_its_flag_is_given(
    monkeypatch: pytest.MonkeyPatch, done: list[tuple[str, RunConfig]], argument: str, step: str
) -> None:
    run(monkeypatch, "DeepSpeech.py", f"--{argument}={__file__}", "--load_checkpoint_dir=there")
    assert [name for name, _ in done] == [step]
    assert done[0][1].checkpoint.load == "there"


def test_evaluate_only_tests_whatever_else_is_asked(
    monkeypatch: pytest.MonkeyPatch, done: list[tuple[str, RunConfig]]
) -> None:
    others = ("--train_files=a.csv", "--dev_files=b.csv", "--export_dir=out", "--one_shot_infer=a.wav")
    run(monkeypatch, "evaluate.py", "--test_files=t.csv", *others)
    assert [name for name, _ in done] == ["test"]
    assert (done[0][1].data.train, done[0][1].data.dev, done[0][1].data.test) == ((), (), ("t.csv",))


def test_notes_about_flags_without_effect_are_warnings(
    monkeypatch: pytest.MonkeyPatch, done: list[tuple[str, RunConfig]], capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "DeepSpeech.py", "--train_files=a.csv", "--train_cudnn", "--log_placement")
    lines = capsys.readouterr().out.splitlines()
    assert lines[:-1] == [f"W --{name}: {BY_NAME[name].note}" for name in ("train_cudnn", "log_placement")]
    assert lines[-1].startswith("I FINISHED optimization in ")


def test_a_signal_that_stopped_training_is_an_exit_code_and_ends_the_door(
    monkeypatch: pytest.MonkeyPatch, done: list[tuple[str, RunConfig]], capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(config: RunConfig, log: Any, repeat_settings: bool) -> None:
        raise typer.Exit(130)

    monkeypatch.setattr(train, "run_training", stopped)
    with pytest.raises(SystemExit) as caught:
        run(monkeypatch, "DeepSpeech.py", "--train_files=a.csv", "--test_files=t.csv")
    assert caught.value.code == 130
    assert done == []


def test_a_folder_of_tensorflow_checkpoints_is_tested(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    done: list[tuple[str, RunConfig]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = checkpoint_folder(tmp_path / "old", Network())
    run(
        monkeypatch, "evaluate.py", "--test_files", "a.csv", "--checkpoint_dir", str(folder), "--load_cudnn",
        "--alphabet_config_path", str(folder / "alphabet.txt"),
    )  # fmt: skip
    ((step, config),) = done
    assert (step, config.checkpoint.folder, config.checkpoint.load) == ("test", str(folder), "")
    assert checkpoint.best_or_newest(folder).name == "best-000000"
    assert "Converted TensorFlow checkpoint: 8 wide" in capsys.readouterr().out
