"""Bytes mode from recordings to text, in scripts of two and three bytes a letter: every command, new and old."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deepspeech import Recognizer, checkpoint
from deepspeech.cli import old_trainer
from deepspeech.cli.main import main
from deepspeech.datasets.csv_files import read_csv
from deepspeech.decoder.scorer import Scorer
from deepspeech.text.alphabet import ByteAlphabet
from tests.fakes import corpus, small_scorer

SCRIPTS = {"Chinese": "你好世界", "Georgian": "აბგდ ", "Hindi": "अबकद "}
Door = Callable[..., str]


@pytest.fixture
def door(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Door:
    """Runs a command or an old script that must succeed; gives its stdout."""

    def run(name: str, *arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        code = None
        try:
            main() if name == "deepspeech" else old_trainer.main(name)
        except SystemExit as left:
            code = left.code
        said = capsys.readouterr()
        assert not code, said.err
        return said.out

    return run


def trained(door: Door, folder: Path, letters: str, **changes: Any) -> tuple[Path, Path]:
    """The checkpoints of a network that learnt the tones of `letters`, and recordings that it did not hear."""
    train, dev = corpus(folder, 24, "train", letters), corpus(folder, 6, "dev", letters)
    settings = {
        "data.bytes_output": "true", "data.train": train, "data.dev": dev, "data.test": dev, "network.hidden": 64,
        "network.dropout_1": 0, "training.epochs": 40, "training.learning_rate": 0.005, "training.batch_size": 4,
        "training.select_by": "wer", "checkpoint.folder": folder / "checkpoints",
    } | changes  # fmt: skip
    door("deepspeech", "train", *(word for pair in settings.items() for word in ("--set", "{}={}".format(*pair))))
    return folder / "checkpoints", dev


@pytest.mark.parametrize("script", SCRIPTS)
def test_from_recordings_to_text(door: Door, tmp_path: Path, script: str) -> None:
    letters = SCRIPTS[script]
    checkpoints, dev = trained(door, tmp_path, letters)
    lines = [json.loads(line) for line in (checkpoints / "log.jsonl").read_text().splitlines()]
    rates = [line["cer"] for line in lines if "cer" in line]
    kept = checkpoint.describe(checkpoint.judged(checkpoints))
    assert kept["position"]["progress"]["best"] == min(rates)  # chosen by letters
    assert kept["alphabet"] == "bytes"
    judged = json.loads(door("deepspeech", "evaluate", "--model", checkpoints, "--data", dev, "--json", "--greedy"))
    assert judged["cer"] == pytest.approx(min(rates))
    assert judged["cer"] < 0.1

    model = tmp_path / "model.onnx"
    door("deepspeech", "export", checkpoints, model)
    assert Recognizer.open(model).card.alphabet == ByteAlphabet()
    samples = read_csv(dev)
    said = door("deepspeech", "transcribe", "--model", model, *(sample.audio for sample in samples)).splitlines()
    texts = [line.split(": ", 1)[1] for line in said]
    assert sum(text == sample.transcript for text, sample in zip(texts, samples, strict=True)) >= 4
    page = json.loads(door("deepspeech", "transcribe", "--model", model, "--json", samples[0].audio))
    assert " ".join(word["text"] for word in page["words"]) == texts[0]
    assert set(page["text"]) <= set(letters)


def test_a_scorer_of_characters(door: Door, tmp_path: Path) -> None:
    letters = SCRIPTS["Chinese"]
    checkpoints, dev = trained(door, tmp_path, letters, **{"training.epochs": 20})
    scorer = small_scorer(tmp_path / "bytes.scorer", list(letters), ByteAlphabet(), bytes_mode=True)
    model = tmp_path / "model.onnx"
    door("deepspeech", "export", checkpoints, model)
    common = ("--data", dev, "--scorer", scorer)
    for one in (checkpoints, model):
        page = json.loads(door("deepspeech", "evaluate", "--model", one, *common, "--json", "--samples"))
        assert all(set(sample["hypothesis"]) <= set(letters) for sample in page["samples"])
    tuning = ("--model", model, *common, "--trials", 6, "--beam-width", 50, "--storage", tmp_path / "tuning")
    tuned = tmp_path / "tuned.scorer"
    found = json.loads(door("deepspeech", "lm", "tune", *tuning, "--output", tuned, "--json"))
    assert found["cer"] == min(trial["cer"] for trial in found["trials"])  # letters are what counts
    assert Scorer.open(tuned).bytes_mode
    sound = read_csv(dev)[0].audio
    heard = door("deepspeech", "transcribe", "--model", model, "--scorer", tuned, sound).strip()
    assert heard == Recognizer.open(model, tuned).transcribe(sound).text
    assert set(heard) <= set(letters)


def test_the_old_doors(door: Door, tmp_path: Path) -> None:
    letters = SCRIPTS["Chinese"]
    train, dev = corpus(tmp_path, 24, "train", letters), corpus(tmp_path, 6, "dev", letters)
    scorer = small_scorer(tmp_path / "bytes.scorer", list(letters), ByteAlphabet(), bytes_mode=True)
    results = tmp_path / "results.json"
    common = ("--bytes_output_mode", f"--checkpoint_dir={tmp_path / 'checkpoints'}", f"--test_files={dev}")
    out = door(
        "DeepSpeech.py", *common, f"--train_files={train}", f"--dev_files={dev}", "--n_hidden=64", "--epochs=20",
        "--train_batch_size=4", "--learning_rate=0.005", "--dropout_rate=0", f"--export_dir={tmp_path / 'export'}",
        f"--one_shot_infer={read_csv(dev)[0].audio}",
    )  # fmt: skip
    assert f"Test on {dev} - WER: " in out
    assert "greedy CER" in out
    assert Recognizer.open(tmp_path / "export" / "output_graph.onnx").card.alphabet == ByteAlphabet()
    out = door("evaluate.py", *common, f"--scorer_path={scorer}", f"--test_output_file={results}", "--report_count=6")
    shown = [line for line in out.split("Best WER:")[1].split("Median WER:")[0].splitlines() if line.startswith("WER")]
    rates = [float(line.split("CER: ")[1].split(",")[0]) for line in shown]
    assert len(rates) == 6
    assert rates == sorted(rates)  # by letters, as 0.9.3 did
    assert all(set(row["res"]) <= set(letters) for row in json.loads(results.read_text()))
    out = door("lm_optimizer.py", *common, f"--scorer_path={scorer}", "--n_trials=3", "--beam_width=50")
    assert out.splitlines()[-1].startswith("Best params: lm_alpha=")


def test_the_published_bytes_scorer(door: Door, tmp_path: Path, shared: Path) -> None:
    """It spells English, so of a network that spells something else it leaves what both know: nothing is lost."""
    checkpoints, dev = trained(door, tmp_path, "abcd", **{"training.epochs": 30})
    published = shared / "data/scorers/pruned_lm.bytes.scorer"
    arguments = ("--model", checkpoints, "--data", dev, "--json", "--samples")
    page = json.loads(door("deepspeech", "evaluate", *arguments, "--scorer", published))
    assert page["cer"] < 0.5
    assert {letter for sample in page["samples"] for letter in sample["hypothesis"]} <= set("abcd")
