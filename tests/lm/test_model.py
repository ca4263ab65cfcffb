"""Language models of every kind of file give KenLM's scores."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from deepspeech.decoder.sample_words import misfit, sample_words
from deepspeech.errors import DeepSpeechError, LmError
from deepspeech.lm.binary import BinaryOptions, write_binary
from deepspeech.lm.describe import describe
from deepspeech.lm.examine import examine
from deepspeech.lm.model import LanguageModel, Perplexity
from deepspeech.lm.package import Weights, package
from deepspeech.text.tokens import ENGLISH, Characters, Utf8Bytes
from tests.decoder.small_scorer import PROBING, language_model
from tests.lm.small_models import MemoryNgrams, arpa, expected, made_up

LICENCES = "licences.o3"
FILES = ["probing.klm", "trie.klm", "triea255.klm", "trieq8b8.klm", "trieq8b8a255.klm"]
TYPES = {
    "trie": BinaryOptions(quantize_bits=0, array_bits=0),
    "triea255": BinaryOptions(quantize_bits=0),
    "trieq8b8": BinaryOptions(array_bits=0),
    "trieq8b8a255": BinaryOptions(),
    "probing": BinaryOptions("probing"),
}


@pytest.fixture(scope="module")
def goldens(shared: Path) -> dict[str, Any]:
    scores = (shared / "fixtures" / "language_model" / "kenlm_scores.json.gz").read_bytes()
    return json.loads(gzip.decompress(scores))


def same_as_kenlm(model: LanguageModel, golden: dict[str, Any]) -> None:
    assert model.order == golden["order"]
    assert len(golden["sentences"]) == 200
    for sentence in golden["sentences"]:
        for ours, theirs in zip(model.full_scores(sentence["text"]), sentence["words"], strict=True):
            assert (ours.log10, ours.matched, ours.unknown) == (pytest.approx(theirs[0], abs=1e-5), *theirs[1:])
        for (bos, eos), total in zip([(1, 1), (1, 0), (0, 1), (0, 0)], sentence["total"], strict=True):
            assert model.score(sentence["text"], bool(bos), bool(eos)) == pytest.approx(total, abs=1e-4)


@pytest.mark.parametrize("name", [*FILES, "pruned_lm.scorer"])
def test_files_of_kenlm(shared: Path, goldens: dict[str, Any], name: str) -> None:
    if name.endswith(".scorer"):
        same_as_kenlm(LanguageModel.open(shared / "data" / "scorers" / name), goldens[name])
    else:
        path = shared / "fixtures" / "language_model" / f"{LICENCES}.{name}"
        same_as_kenlm(LanguageModel.open(path), goldens[path.name])


@pytest.mark.parametrize("name", TYPES)
def test_binaries_that_are_written_here(shared: Path, tmp_path: Path, goldens: dict[str, Any], name: str) -> None:
    grams, order = arpa(shared / "fixtures" / "language_model" / f"{LICENCES}.arpa.gz")
    write_binary(MemoryNgrams(grams, order, chunk_rows=1000), tmp_path / "my.binary", TYPES[name])
    same_as_kenlm(LanguageModel.open(tmp_path / "my.binary"), goldens[f"{LICENCES}.{name}.klm"])


def test_a_zipped_arpa(shared: Path, goldens: dict[str, Any]) -> None:
    path = shared / "fixtures" / "language_model" / f"{LICENCES}.arpa.gz"
    same_as_kenlm(LanguageModel.open(path), goldens[f"{LICENCES}.probing.klm"])


@pytest.mark.parametrize(
    "name", ["licences.o5.prune001.arpa.gz", "an4_train.o3.fallback.arpa", "an4_train.o4.prune012.fallback.arpa"]
)
def test_arpas_against_the_definition(shared: Path, name: str) -> None:
    path = shared / "fixtures" / "language_model" / name
    grams, order = arpa(path)
    model = LanguageModel.open(path)
    assert model.order == order
    draw = random.Random(5)
    vocabulary = sorted(gram[0] for gram in grams if len(gram) == 1 and not gram[0].startswith("<"))
    longest = [gram for gram in grams if len(gram) == order and not any(word.startswith("<") for word in gram)]
    for _ in range(60):
        words = [*draw.choice(longest), *draw.choices(vocabulary, k=draw.randint(0, 3)), "unheard"]
        history: tuple[str, ...] = ("<s>",)
        for score, word in zip(model.full_scores(" ".join(words)), [*words, "</s>"], strict=True):
            known = word if (word,) in grams else "<unk>"
            assert (pytest.approx(score.log10, abs=1e-5), score.matched) == expected(grams, order, history, known)
            history = (*history, known)


def test_the_kenlm_module_agrees(shared: Path) -> None:
    kenlm = pytest.importorskip("kenlm", reason="the kenlm module is not installed here")
    path = shared / "fixtures" / "language_model" / f"{LICENCES}.trieq8b8a255.klm"
    theirs, ours = kenlm.Model(str(path)), LanguageModel.open(path)
    for sentence in (shared / "fixtures" / "language_model" / "an4_train.txt").read_text().split("\n")[:200]:
        for bos in (False, True):
            for eos in (False, True):
                expected_score = theirs.score(sentence, bos=bos, eos=eos)
                assert ours.score(sentence, bos, eos) == pytest.approx(expected_score, abs=1e-4)
        assert ours.perplexity(sentence or "a") == pytest.approx(theirs.perplexity(sentence or "a"), rel=1e-5)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "small.klm").write_bytes(language_model(made_up(3, 4), 3, PROBING))
    return tmp_path / "small.klm"


def test_perplexity_is_that_of_all_words_and_ends(small: Path) -> None:
    model = LanguageModel.open(small)
    log10 = model.score("one two") + model.score("three unheard")
    assert model.perplexity("one two\n\nthree unheard\n") == pytest.approx(10 ** (-log10 / 6))
    assert model.measure("one unheard") == Perplexity(1, 2, 1, model.score("one unheard"))
    assert model.perplexity("") == 1


def test_words_are_cut_where_kenlm_cuts_them(small: Path) -> None:
    model = LanguageModel.open(small)
    assert model.score(" one\ttwo\0three ") == model.score("one two three")
    assert model.units("one\u00a0two 日本\u3000") == ["one\u00a0two", "日本\u3000"]
    assert "one" in model
    assert "unheard" not in model


def test_a_scorer_for_bytes_scores_characters(shared: Path) -> None:
    model = LanguageModel.open(shared / "data" / "scorers" / "pruned_lm.bytes.scorer")
    assert [score.unknown for score in model.full_scores("ab é")] == [False, False, True, False]
    assert model.score("ab") == model.score("a b")


def test_what_is_no_language_model_is_one_line(tmp_path: Path) -> None:
    for name, content, cause in [
        ("foreign", b"RIFF", "not a scorer, KenLM binary or ARPA file"),
        ("empty", b"", "not a scorer"),
        ("cut.klm", language_model(made_up(2, 1), 2)[:300], "cut short"),
        ("cut.gz", gzip.compress(b"\\data\\\nngram 1=1\n" * 50, mtime=0)[:30], "damaged or truncated"),
        ("bits.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + b"\xff" * 40, "damaged or truncated"),
        ("bad.arpa", b"\\data\\\nnonsense\n", "bad.arpa"),
    ]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DeepSpeechError, match=cause) as report:
            LanguageModel.open(tmp_path / name)
        assert "\n" not in str(report.value)
    with pytest.raises(LmError, match="No such file"):
        LanguageModel.open(tmp_path / "missing")
    with pytest.raises(LmError, match="directory"):
        LanguageModel.open(tmp_path)


@pytest.mark.parametrize("name", ["data/scorers/pruned_lm.bytes.scorer", "fixtures/decoder/an4.scorer"])
def test_damage_does_no_harm(shared: Path, tmp_path: Path, name: str) -> None:
    content, draw, path = (shared / name).read_bytes(), random.Random(3), tmp_path / "damaged.scorer"
    errors = []
    for _ in range(150):
        damaged = bytearray(content)
        for _ in range(draw.choice([1, 2, 50])):
            damaged[draw.randrange(draw.choice([200, len(damaged)]))] = draw.choice([0, 0xFF, draw.randrange(256)])
        path.write_bytes(damaged[: draw.choice([len(damaged), draw.randrange(len(damaged))])])
        try:
            examine(path, draw.choice([ENGLISH, Utf8Bytes(), None])).to_dict()
            LanguageModel.open(path).perplexity("one two three")
        except DeepSpeechError as error:
            errors.append(str(error))
    assert 50 < len(errors) < 140
    assert not any("\n" in error for error in errors)


def test_descriptions(shared: Path, tmp_path: Path) -> None:
    seen = describe(shared / "data" / "scorers" / "pruned_lm.scorer")
    assert (seen.kind, seen.type, seen.order, seen.bits) == ("scorer", "quantised array trie", 4, (8, 8))
    assert (seen.counts, seen.model_bytes) == ((3543, 13119, 17076, 17231), 266112)
    assert seen.scorer is not None
    assert (seen.scorer.words, seen.scorer.states, seen.scorer.arc_count) == (3540, 3451, 6488)
    seen = describe(shared / "fixtures" / "language_model" / "licences.o3.arpa.gz")
    assert (seen.kind, seen.order, len(seen.counts)) == ("arpa", 3, 3)
    content = bytearray(language_model(made_up(2, 1), 2))
    content[100] = 1
    (tmp_path / "strings.klm").write_bytes(content + "<unk>\0one\0日本\0".encode())
    seen = describe(tmp_path / "strings.klm")
    assert (seen.kind, seen.type, seen.strings) == ("kenlm", "probing", ("<unk>", "one", "日本"))


def test_words_of_a_dictionary_and_the_alphabet_that_spells_them(tmp_path: Path) -> None:
    words = ["one", "two", "three"]
    (tmp_path / "lm.klm").write_bytes(language_model(made_up(3, 4), 3, PROBING))
    package(tmp_path / "lm.klm", words, ENGLISH, tmp_path / "my.scorer", Weights())
    seen = describe(tmp_path / "my.scorer")
    assert seen.scorer is not None
    assert sample_words(seen.scorer, ENGLISH, 10) == sorted(words)
    assert len(sample_words(seen.scorer, ENGLISH, 2)) == 2
    assert misfit(seen.scorer, ENGLISH) == ""
    other = Characters([" ", *"zyxwvutsrqponmlkjihgfedcba", "'"])
    assert "3 of its words, spelled with this alphabet, its language model knows 0" in misfit(seen.scorer, other)
    assert "the alphabet 3" in misfit(seen.scorer, Characters([" ", "a", "b"]))
    assert "characters, not bytes" in misfit(seen.scorer, Utf8Bytes())
