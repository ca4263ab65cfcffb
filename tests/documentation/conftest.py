"""The desk: a folder in which everything lies that the pages speak of."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from deepspeech.audio.formats import write_wav
from tests.documentation.pages import ROOT
from tests.fakes import corpus, small_scorer, tones

SETTINGS = """
[data]
train = ["train.csv"]
dev = ["dev.csv"]
[network]
hidden = 16
[training]
epochs = 1
batch_size = 4
threads = 1
[checkpoint]
folder = "fresh"
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def whole_desk(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, hearing_model: Path) -> Path:
    """A model that hears tones, checkpoints and settings of another, scorer, data sets, sounds, book, Common Voice."""
    desk = tmp_path_factory.mktemp("desk") / "desk"
    for name, count in (("train", 12), ("dev", 4), ("test", 4)):
        corpus(desk, count, name)
    shutil.copy(hearing_model, desk / "model.onnx")
    shutil.copytree(tiny_model.parent / "checkpoints", desk / "checkpoints")
    shutil.copy(ROOT / "data/alphabet.txt", desk / "alphabet.txt")
    small_scorer(desk / "my.scorer")
    (desk / "my.toml").write_text(SETTINGS)
    for folder in ("recordings", "clips", "me", "noises"):
        (desk / folder).mkdir()
    texts = ["abba", "dc", "cab", "bad dad", "abc", "ddd", "a b", "cd", "bb", "ac", "da", "bc"]
    for number, text in enumerate(texts):
        for folder in ("clips", "me"):
            write_wav(desk / folder / f"{number:03d}.wav", tones(text, number), 16000)
            (desk / folder / f"{number:03d}.txt").write_text(text + "\n")
    for name in ("hello.wav", "talk.wav", "recordings/a.wav", "recordings/b.wav", "noises/kitchen.wav"):
        write_wav(desk / name, tones("abba dc", len(name)), 16000)
    write_wav(desk / "call.wav", np.stack([tones("abba dc"), tones("cab dad")], axis=1), 16000)
    write_wav(desk / "book.wav", tones("abba dc cab bad"), 16000)
    (desk / "book.txt").write_text("Abba dc. Cab bad.\n")
    (desk / "old.srt").write_text(
        "1\n00:00:00,000 --> 00:00:01,000\nAbba dc.\n\n2\n00:00:01,000 --> 00:00:02,000\nCab bad.\n"
    )
    common_voice(desk / "cv-corpus/xx", texts)
    return desk


def common_voice(folder: Path, texts: list[str]) -> None:
    """A language of Common Voice in its layout, of tones."""
    (folder / "clips").mkdir(parents=True)
    rows = [{"client_id": f"speaker{n % 3}", "path": f"clip{n}.mp3", "sentence": text} for n, text in enumerate(texts)]
    for number, text in enumerate(texts):
        soundfile.write(folder / "clips" / f"clip{number}.mp3", tones(text), 16000, format="MP3")
    for name, part in (("test", rows[:2]), ("dev", rows[2:4]), ("train", rows[4:]), ("validated", rows)):
        with (folder / f"{name}.tsv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["client_id", "path", "sentence"], delimiter="\t")
            writer.writeheader()
            writer.writerows(part)


@pytest.fixture
def desk(whole_desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the desk, as the current folder: each page begins with everything as it was."""
    shutil.copytree(whole_desk, tmp_path / "desk")
    monkeypatch.chdir(tmp_path / "desk")
    return tmp_path / "desk"


@pytest.fixture
def execute(entry_point: Run) -> Callable[[list[str]], str]:
    """Runs one command line of a page in this process, trainings for one epoch; returns its stdout."""

    def run(words: list[str]) -> str:
        if words[0] == "python3":
            words = words[1:]
        if words[:2] == ["deepspeech", "train"] and not {"--show", "--help"} & set(words):
            words = [*words, "--set", "training.epochs=1", "--set", "training.threads=1"]
        code, out, err = entry_point(Path(words[0]).name, *words[1:])
        assert code == 0, f"{' '.join(words)}\n{err[-2000:]}"
        return out

    return run
