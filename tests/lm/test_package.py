"""Scorer packages: what goes in comes out, and other weights change nothing else."""

from pathlib import Path

import numpy as np
import pytest

from deepspeech.decoder.beam import decode
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.scorer import Scorer
from deepspeech.errors import LmError, ScorerError
from deepspeech.lm.binary import BinaryOptions, write_binary
from deepspeech.lm.package import Weights, looks_like_characters, model_end, package, with_weights
from deepspeech.text.tokens import ENGLISH, Characters, Utf8Bytes
from tests.lm.small_models import MemoryNgrams, made_up

CHARACTERS = Characters([" ", *"abcdefghijklmnopqrstuvwxyz-日本"])
TEXTS = ["one", "two", "three", "four-and-twenty", "日本"]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write_binary(MemoryNgrams(made_up(3, 1), 3), tmp_path / "lm.binary", BinaryOptions())
    return tmp_path / "lm.binary"


def test_what_goes_in_comes_out(model: Path, tmp_path: Path) -> None:
    output = tmp_path / "my.scorer"
    done = package(model, [*TEXTS, "ñ", "unheard", "<s>"], CHARACTERS, output, Weights(0.3, 1.7))
    opened = Scorer.open(output)
    assert (opened.alpha, opened.beta) == (np.float32(0.3), np.float32(1.7))
    assert (opened.order, opened.bytes_mode) == (3, False)
    assert (done.dictionary.words, done.dictionary.skipped, done.unknown) == (6, ("ñ",), 1)
    assert done.size_bytes == output.stat().st_size
    assert output.read_bytes().startswith(model.read_bytes())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lm.binary", "my.scorer"]


def test_characters_for_bytes_mode(tmp_path: Path) -> None:
    grams = {(word,): (-1.0, 0.0) for word in ("<unk>", "<s>", "</s>", "日", "本")} | {("日", "本"): (-0.5, 0.0)}
    write_binary(MemoryNgrams(grams, 2), tmp_path / "lm.binary", BinaryOptions())
    done = package(tmp_path / "lm.binary", ["日", "本"], Utf8Bytes(), tmp_path / "my.scorer", Weights())
    assert Scorer.open(tmp_path / "my.scorer").bytes_mode
    assert (done.dictionary.words, done.unknown) == (2, 0)


def test_a_scorer_can_be_packaged_again_with_other_words(model: Path, tmp_path: Path) -> None:
    package(model, TEXTS, CHARACTERS, tmp_path / "all.scorer", Weights())
    package(tmp_path / "all.scorer", ["one"], CHARACTERS, tmp_path / "one.scorer", Weights())
    package(model, ["one"], CHARACTERS, tmp_path / "same.scorer", Weights())
    assert (tmp_path / "one.scorer").read_bytes() == (tmp_path / "same.scorer").read_bytes()


def test_words_that_a_binary_holds_as_texts_are_left_away(model: Path, tmp_path: Path) -> None:
    content = bytearray(model.read_bytes())
    content[100] = 1
    (tmp_path / "with.binary").write_bytes(content + b"<unk>\0one\0")
    package(tmp_path / "with.binary", TEXTS, CHARACTERS, tmp_path / "with.scorer", Weights())
    package(model, TEXTS, CHARACTERS, tmp_path / "without.scorer", Weights())
    assert (tmp_path / "with.scorer").read_bytes() == (tmp_path / "without.scorer").read_bytes()


def test_the_guess() -> None:
    assert looks_like_characters(["a", "é", "日"])
    assert not looks_like_characters(["a", "ab"])


def test_other_weights_change_sixteen_bytes(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "my.scorer"
    package(model, TEXTS, CHARACTERS, path, Weights())
    before = path.read_bytes()
    with_weights(path, tmp_path / "tuned.scorer", 1.5, -0.25)
    tuned = (tmp_path / "tuned.scorer").read_bytes()
    assert (Scorer.open(tmp_path / "tuned.scorer").alpha, Scorer.open(tmp_path / "tuned.scorer").beta) == (1.5, -0.25)
    at = model_end(path) + 9
    assert tuned[:at] + tuned[at + 16 :] == before[:at] + before[at + 16 :]
    with_weights(path, path, 1.5, -0.25)
    assert path.read_bytes() == tuned


def test_what_cannot_be_packaged_is_reported_and_leaves_nothing(model: Path, tmp_path: Path) -> None:
    output = tmp_path / "my.scorer"
    for error, cause, change in [
        (LmError, "needs the alphabet", {"tokens": None}),
        (LmError, "no word can be spelled", {"words": ["ñ"]}),
        (LmError, "no space", {"tokens": Characters(["o", "n", "e"])}),
        (ScorerError, "no scorer and no KenLM binary", {"model": Path(__file__)}),
        (ScorerError, "No such file", {"model": tmp_path / "none"}),
        (LmError, "cannot be written", {"output": tmp_path / "none" / "my.scorer"}),
    ]:
        arguments = {"model": model, "words": TEXTS, "tokens": CHARACTERS, "output": output, "weights": Weights()}
        with pytest.raises(error, match=cause):
            package(**(arguments | change))
    with pytest.raises(LmError, match="alpha is nan"):
        Weights(float("nan"))
    with pytest.raises(ScorerError, match="plain language model"):
        with_weights(model, output, 1, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["lm.binary"]


def test_the_same_transcripts_as_with_the_old_package(shared: Path, tmp_path: Path) -> None:
    """The old scorer's language model and words, packaged again: another numbering of states, the same search."""
    old = shared / "data" / "scorers" / "pruned_lm.scorer"
    words = (shared / "data" / "scorers" / "vocab.pruned.txt").read_text().split()
    package(old, words, ENGLISH, tmp_path / "new.scorer", Weights(0.75, 1.85))
    options = DecodeOptions(beam_width=100)
    for clip in sorted((shared / "fixtures" / "decoder" / "inputs").glob("real_*.npy"))[:4]:
        emission = Emission(np.load(clip), 0.02)
        new = decode(emission, ENGLISH, options, 5, Scorer.open(tmp_path / "new.scorer"))
        assert new == decode(emission, ENGLISH, options, 5, Scorer.open(old))
