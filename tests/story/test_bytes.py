"""Bytes mode from recordings to text, in scripts of two and three bytes a letter: every command, new and old."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deepspeech import Recognizer, checkpoint
from deepspeech.cli.main import main
from deepspeech.datasets.formats.csv_files import read_csv
from deepspeech.decoder.scorer import Scorer
from deepspeech.text.tokens import Utf8Bytes
from tests.fakes import corpus, small_scorer

SCRIPTS = {"Chinese": "你好世界", "Georgian": "აბგდ ", "Hindi": "अबकद "}
Door = Callable[..., str]


@pytest.fixture
def door(entry_point: Callable[..., tuple[int, str, str]]) -> Door:
    """Runs a command or an old script that must succeed; gives its stdout."""

    def run(name: str, *arguments: object) -> str:
        code, out, err = entry_point(name, *arguments)
        assert not code, err
        return out

    return run


def learn(folder: Path, letters: str) -> tuple[Path, Path]:
    """Checkpoints of a network that learnt the tones of `letters`, and recordings that it did not hear.

    Few clips and weights: one seed in some learns nothing, which one depends on the processor's rounding.
    """
    train, dev = corpus(folder, 48, "train", letters), corpus(folder, 6, "dev", letters)
    for seed in (1, 2, 3):
        checkpoints = folder / f"checkpoints-{seed}"
        learn_once(checkpoints, train, dev, seed)
        if min(rates(checkpoints)) < 0.2:
            return checkpoints, dev
    pytest.fail("no seed made a network that hears")


def rates(checkpoints: Path) -> list[float]:
    lines = [json.loads(line) for line in (checkpoints / "log.jsonl").read_text().splitlines()]
    return [line["cer"] for line in lines if "cer" in line]


def learn_once(checkpoints: Path, train: Path, dev: Path, seed: int) -> None:
    settings = {
        "data.bytes_output": "true", "data.train": train, "data.dev": dev, "network.hidden": 96,
        "network.dropout_1": 0, "network.dropout_2": 0, "network.dropout_3": 0, "network.dropout_5": 0,
        "training.epochs": 18, "training.learning_rate": 0.003, "training.batch_size": 1, "training.threads": 1,
        "training.schedule": "cosine", "training.clip_norm": 5, "training.evaluate_every": 4, "training.seed": seed,
        "training.select_by": "wer", "checkpoint.folder": checkpoints,
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patched:
        changes = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
        patched.setattr(sys, "argv", ["deepspeech", "train", *changes])
        with pytest.raises(SystemExit) as left:
            main()
        assert not left.value.code


@pytest.fixture(scope="module")
def chinese(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return learn(tmp_path_factory.mktemp("chinese"), SCRIPTS["Chinese"])


def test_the_best_checkpoint_is_chosen_by_letters(chinese: tuple[Path, Path], door: Door) -> None:
    checkpoints, dev = chinese
    found = rates(checkpoints)
    kept = checkpoint.describe(checkpoint.best_or_newest(checkpoints))
    assert (kept["alphabet"], kept["position"]["progress"]["best"]) == ("bytes", min(found))
    judged = json.loads(door("deepspeech", "evaluate", "--model", checkpoints, "--data", dev, "--json", "--greedy"))
    assert judged["cer"] == pytest.approx(min(found))
    assert judged["cer"] < 0.25


def hear(door: Door, checkpoints: Path, dev: Path, letters: str, model: Path) -> None:
    """Export, and transcribe what was not heard in training."""
    door("deepspeech", "export", checkpoints, model)
    assert Recognizer.open(model).card.tokens == Utf8Bytes()
    by_checkpoint, by_file = (
        json.loads(door("deepspeech", "evaluate", "--model", one, "--data", dev, "--json", "--samples"))
        for one in (checkpoints, model)
    )
    assert by_file["cer"] == by_checkpoint["cer"] < 0.25
    samples = read_csv(dev)
    said = door("deepspeech", "transcribe", "--model", model, *(sample.audio for sample in samples)).splitlines()
    texts = [line.split(": ", 1)[1] for line in said]
    assert texts == [sample["hypothesis"] for sample in by_file["samples"]]
    page = json.loads(door("deepspeech", "transcribe", "--model", model, "--json", samples[0].audio))
    assert (page["text"], [word["text"] for word in page["words"]]) == (texts[0], texts[0].split())
    assert set(page["text"]) <= {*letters, "\ufffd"}


def test_exported_it_hears_the_same(chinese: tuple[Path, Path], door: Door, tmp_path: Path) -> None:
    hear(door, *chinese, SCRIPTS["Chinese"], tmp_path / "model.onnx")


@pytest.mark.slow
@pytest.mark.parametrize("script", ["Georgian", "Hindi"])
def test_other_scripts(door: Door, tmp_path: Path, script: str) -> None:
    checkpoints, dev = learn(tmp_path, SCRIPTS[script])
    hear(door, checkpoints, dev, SCRIPTS[script], tmp_path / "model.onnx")


def test_a_scorer_of_characters(chinese: tuple[Path, Path], door: Door, tmp_path: Path) -> None:
    (checkpoints, dev), letters, scorer = chinese, SCRIPTS["Chinese"], tmp_path / "bytes.scorer"
    text = dev.with_name("train.csv")
    door("deepspeech", "lm", "build", "--text", text, "--bytes", "--order", 2, "--discount-fallback", "-o", scorer)
    model, tuned = tmp_path / "model.onnx", tmp_path / "tuned.scorer"
    door("deepspeech", "export", checkpoints, model)
    common = ("--data", dev, "--beam-width", 50, "--json")
    tuning = ("--model", checkpoints, "--scorer", scorer, "--trials", 6, "--storage", tmp_path / "tuning")
    found = json.loads(door("deepspeech", "lm", "tune", *common, *tuning, "--output", tuned))
    assert found["cer"] == min(trial["cer"] for trial in found["trials"])  # letters are what counts
    assert found["cer"] < 0.25
    assert Scorer.open(tuned).bytes_mode
    for one in (checkpoints, model):
        page = json.loads(door("deepspeech", "evaluate", *common, "--model", one, "--scorer", tuned, "--samples"))
        assert page["cer"] == found["cer"]
        assert all(set(sample["hypothesis"]) <= set(letters) for sample in page["samples"])
    sound = read_csv(dev)[0].audio
    heard = door("deepspeech", "transcribe", "--model", model, "--scorer", tuned, sound).strip()
    assert heard == Recognizer.open(model, tuned).transcribe(sound).text


def test_the_old_doors(door: Door, tmp_path: Path) -> None:
    letters = SCRIPTS["Chinese"]
    train, dev = corpus(tmp_path, 8, "train", letters), corpus(tmp_path, 6, "dev", letters)
    scorer = small_scorer(tmp_path / "bytes.scorer", list(letters), Utf8Bytes(), bytes_mode=True)
    results = tmp_path / "results.json"
    common = ("--bytes_output_mode", f"--checkpoint_dir={tmp_path / 'checkpoints'}", f"--test_files={dev}")
    out = door(
        "DeepSpeech.py", *common, f"--train_files={train}", f"--dev_files={dev}", "--n_hidden=16", "--epochs=2",
        f"--export_dir={tmp_path / 'export'}", f"--one_shot_infer={read_csv(dev)[0].audio}",
    )  # fmt: skip
    assert f"Test on {dev} - WER: " in out
    assert "greedy CER" in out
    assert Recognizer.open(tmp_path / "export" / "output_graph.onnx").card.tokens == Utf8Bytes()
    common = (*common, f"--scorer_path={scorer}", "--beam_width=50")
    out = door("evaluate.py", *common, f"--test_output_file={results}", "--report_count=6")
    shown = [line for line in out.split("Best WER:")[1].split("Median WER:")[0].splitlines() if line.startswith("WER")]
    rates = [float(line.split("CER: ")[1].split(",")[0]) for line in shown]
    assert len(rates) == 6
    assert rates == sorted(rates)  # by letters, as 0.9.3 did
    assert all(set(row["res"]) <= set(letters) for row in json.loads(results.read_text()))
    out = door("lm_optimizer.py", *common, "--n_trials=3")
    assert out.splitlines()[-1].startswith("Best params: lm_alpha=")


@pytest.mark.slow
def test_the_published_bytes_scorer(door: Door, tmp_path: Path, shared: Path) -> None:
    """It spells English letters, also those of a network that learnt four of them."""
    checkpoints, dev = learn(tmp_path, "abcd")
    published = shared / "data/scorers/pruned_lm.bytes.scorer"
    arguments = ("--model", checkpoints, "--data", dev, "--json", "--samples")
    page = json.loads(door("deepspeech", "evaluate", *arguments, "--scorer", published, "--alpha", 0.1, "--beta", 0))
    assert page["cer"] < 0.25
