"""Subwords from recordings to text: every command, with a scorer of words and phrases, in one piece and streamed."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from deepspeech import EndpointRules, HotPhrases, Recognizer, checkpoint
from deepspeech.audio.formats import write_wav
from deepspeech.cli.main import main
from deepspeech.datasets.formats.csv_files import read_csv, write_csv
from deepspeech.datasets.sample import Sample
from deepspeech.modelfile.vocabulary import read_vocabulary
from deepspeech.text.tokens import ENGLISH
from deepspeech.training.log import Log
from deepspeech.training.run import Run
from tests.fakes import config, corpus, knows_tones, small_scorer, tones

PIECES = ["▁", "a", "b", "c", "d", "▁a", "ab", "▁dad", "bad"]
HEARD = ["▁", "a", "b", "c", "bad"]  # in silence and in four tones
Door = Callable[..., str]


@pytest.fixture
def door(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Door:
    """Runs a command that must succeed; gives its stdout."""

    def run(*arguments: object, code: int | None = None) -> str:
        monkeypatch.setattr(sys, "argv", ["deepspeech", *map(str, arguments)])
        left = None
        try:
            main()
        except SystemExit as error:
            left = error.code
        said = capsys.readouterr()
        assert (left or 0) == (code or 0), said.err
        return said.err if code else said.out

    return run


def vocabulary(folder: Path) -> Path:
    path = folder / "pieces.vocab"
    path.write_text("".join(f"{piece}\t{-rank}.5\n" for rank, piece in enumerate(PIECES)), encoding="utf-8")
    return path


def settings(folder: Path, **more: object) -> list[str]:
    values = {
        "data.subwords": vocabulary(folder), "data.train": corpus(folder, 12), "data.dev": corpus(folder, 4, "dev"),
        "data.workers": 1, "network.hidden": 16, "training.batch_size": 4, "training.learning_rate": 0.01,
        "training.threads": 1, "checkpoint.folder": folder / "checkpoints",
    } | {name.replace("__", "."): value for name, value in more.items()}  # fmt: skip
    return [word for name, value in values.items() for word in ("--set", f"{name}={value}")]


def test_a_network_of_subwords_is_trained_and_tested(door: Door, tmp_path: Path) -> None:
    test = corpus(tmp_path, 3, "test")
    told = door("train", *settings(tmp_path, training__epochs=3, data__test=test, decoding__beam_width=16))
    assert "WER" in told
    lines = [json.loads(line) for line in (tmp_path / "checkpoints" / "log.jsonl").read_text().splitlines()]
    losses = [line["train_loss"] for line in lines if "train_loss" in line]
    assert losses[-1] < losses[0]
    tokens = read_vocabulary(tmp_path / "pieces.vocab")
    run = checkpoint.describe(checkpoint.best_or_newest(tmp_path / "checkpoints"))
    assert run["alphabet"] == json.loads(json.dumps(tokens.to_dict()))
    (tmp_path / "pieces.vocab").unlink()  # checkpoints hold their tokens
    door("export", tmp_path / "checkpoints", tmp_path / "model.onnx")
    assert Recognizer.open(tmp_path / "model.onnx").card.tokens == tokens


def test_training_goes_on_with_the_same_pieces_alone(door: Door, tmp_path: Path) -> None:
    arguments = settings(tmp_path, training__probe="false")
    door("train", *arguments, "--set", "training.epochs=1")
    door("train", *arguments, "--set", "training.epochs=2")
    other = tmp_path / "other.txt"
    other.write_text("▁\na\nb\nc\nd\n", encoding="utf-8")
    told = door("train", *arguments, "--set", "training.epochs=3", "--set", f"data.subwords={other}", code=2)
    assert "another alphabet" in told
    told = door("train", *arguments, "--set", "data.alphabet=alphabet.txt", code=2)
    assert "data.subwords and data.alphabet are both set" in told


def test_what_the_pieces_cannot_spell_is_told_before_training(door: Door, tmp_path: Path) -> None:
    (tmp_path / "few.txt").write_text("▁\na\nb\nc\n", encoding="utf-8")
    told = door("train", *settings(tmp_path, data__subwords=tmp_path / "few.txt"), code=2)
    assert "characters outside the vocabulary: 'd' (U+0064)" in told


# ---- a network that need not learn ---------------------------------------------------------------------------------


def write(folder: Path, name: str, sounds: list[str], texts: list[str]) -> Path:
    """A CSV of sounds of tones with what the network hears in them."""
    samples = []
    for number, (sound, text) in enumerate(zip(sounds, texts, strict=True)):
        path = folder / f"{name}{number}.wav"
        write_wav(path, tones(sound, number), 16000)
        samples.append(Sample(str(path), path, text, path.stat().st_size))
    write_csv(folder / f"{name}.csv", samples)
    return folder / f"{name}.csv"


def words(text: str) -> str:
    """Without the spaces that the network hears in long silence."""
    return " ".join(text.split())


SOUNDS = ["ab d", "ca  bd", "d c"]
TEXTS = ["ab bad", "ca bbad", "bad c"]


@pytest.fixture(scope="module")
def hearing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints of a network that hears HEARD in tones; made, not learnt."""
    folder = tmp_path_factory.mktemp("subwords")
    wide = {"hidden": 32, "normalize_features": False}
    run = Run(config(folder, network=wide, data__subwords=str(vocabulary(folder))), Log())
    knows_tones(run.network, run.parts.tokens, HEARD)
    run.position.epoch, run.position.step = run.config.training.epochs, 6
    run.writer.save("best")
    return folder / "checkpoints"


@pytest.fixture(scope="module")
def model(hearing: Path) -> Path:
    from deepspeech.cli.export import export

    export(hearing, hearing.parent / "model.onnx", language="en")
    return hearing.parent / "model.onnx"


def test_commands_hear_the_same(door: Door, hearing: Path, model: Path, tmp_path: Path) -> None:
    data = write(tmp_path, "heard", SOUNDS, TEXTS)
    for one in (hearing, model):
        for search in (["--greedy"], []):
            page = json.loads(door("evaluate", "--model", one, "--data", data, "--json", "--samples", *search))
            assert page["wer"] == 0
    sounds = [sample.audio for sample in read_csv(data)]
    said = door("transcribe", "--model", model, *sounds).splitlines()
    assert [words(line.split(": ", 1)[1]) for line in said] == TEXTS
    page = json.loads(door("transcribe", "--model", model, "--json", sounds[1]))
    assert [word["text"] for word in page["words"]] == ["ca", "bbad"]
    assert page["words"][0]["end_s"] <= page["words"][1]["start_s"]


def test_a_scorer_of_words_and_phrases(door: Door, hearing: Path, model: Path, tmp_path: Path) -> None:
    data = write(tmp_path, "heard", SOUNDS, TEXTS)
    scorer = small_scorer(tmp_path / "words.scorer", ("ab", "bad", "cab", "abba"), ENGLISH)
    pages = [
        json.loads(door("evaluate", "--model", one, "--data", data, "--json", "--samples", "--scorer", scorer))
        for one in (hearing, model)
    ]
    texts = [[sample["hypothesis"] for sample in page["samples"]] for page in pages]
    assert texts[0] == texts[1]
    assert set(" ".join(texts[0]).split()) <= {"ab", "bad", "cab", "abba"}
    assert words(texts[0][0]) == "ab bad"
    sound = read_csv(data)[1].audio
    recognizer = Recognizer.open(model, scorer, phrases=HotPhrases({"ca bbad": 4.0}))
    assert words(recognizer.transcribe(sound).text) == "ca bbad"


@pytest.mark.parametrize("size", [160, 1111, 16000])
def test_a_stream_hears_what_the_whole_is(model: Path, size: int) -> None:
    sound = tones(SOUNDS[1], 3)
    recognizer = Recognizer.open(model)
    whole = recognizer.transcribe(sound)
    with recognizer.stream() as stream:
        for start in range(0, len(sound), size):
            stream.feed(sound[start : start + size])
            stream.partial()
        assert stream.finish() == [whole]
    assert words(whole.text) == TEXTS[1]
    assert all(word.confidence is not None and word.confidence > 0.2 for word in whole.words)


def test_a_conversation_cuts_at_silence_and_between_words(model: Path) -> None:
    sound = np.concatenate([tones("ab", 0), tones(" " * 14, 1), tones("d c", 2), tones(" " * 14, 3)])
    recognizer = Recognizer.open(model)
    with recognizer.stream(endpoints=EndpointRules()) as stream:
        found = [*stream.feed(sound), *stream.finish()]
    assert [one.text for one in found] == ["ab", "bad c"]
    long = tones(" ".join(["ab", "c", "bca"] * 4), 4)
    with recognizer.stream(endpoints=EndpointRules(max_utterance_s=3.0)) as stream:
        texts = [one.text for one in [*stream.feed(long), *stream.finish()]]
    assert len(texts) > 1
    assert " ".join(texts) == " ".join(["ab", "c", "bca"] * 4)


def test_a_scorer_is_built_for_the_pieces(door: Door, model: Path, tmp_path: Path) -> None:
    data, pieces, scorer = write(tmp_path, "heard", SOUNDS, TEXTS), vocabulary(tmp_path), tmp_path / "own.scorer"
    door("lm", "build", "--text", data, "--subwords", pieces, "--order", 2, "--discount-fallback", "-o", scorer)
    shown = json.loads(door("lm", "inspect", scorer, "--subwords", pieces, "--json"))
    assert shown["alphabet_fits"]
    assert set(shown["words"]) == {"ab", "bad", "ca", "bbad", "c"}
    page = json.loads(door("evaluate", "--model", model, "--data", data, "--json", "--scorer", scorer))
    assert page["wer"] == 0
    told = door("lm", "build", "--text", data, "--subwords", pieces, "--alphabet", pieces, "-o", scorer, code=2)
    assert "--alphabet and --subwords" in told


def test_data_are_checked_for_the_pieces(door: Door, tmp_path: Path) -> None:
    data, pieces = write(tmp_path, "heard", SOUNDS, TEXTS), vocabulary(tmp_path)
    assert "The alphabet:" not in door("data", "check", data, "--subwords", pieces)
    (tmp_path / "few.txt").write_text("▁\na\nb\nc\n", encoding="utf-8")
    with pytest.raises(AssertionError):  # the exit code is 1
        door("data", "check", data, "--subwords", tmp_path / "few.txt")
    for other in (("--bytes",), ("--alphabet", pieces)):
        assert "leave one of them out" in door("data", "check", data, "--subwords", pieces, *other, code=2)
