"""The old decoder package's face: its names and shapes, and the results of the real one."""

import json
from pathlib import Path

import numpy as np
import pytest

import deepspeech.mozilla.ds_ctcdecoder as ds_ctcdecoder
from deepspeech.errors import TextError
from deepspeech.mozilla.ds_ctcdecoder import (
    Alphabet,
    Scorer,
    UTF8Alphabet,
    ctc_beam_search_decoder,
    ctc_beam_search_decoder_batch,
)
from deepspeech.text.tokens import ENGLISH
from tests.fakes import small_scorer

DEAD = -1e30  # the old decoder's score of prefixes that no alignment reaches
SCORERS = {"pruned_lm.scorer": "data/scorers", "an4.scorer": "fixtures/decoder"}


@pytest.fixture
def characters(tmp_path: Path) -> Alphabet:
    path = tmp_path / "alphabet.txt"
    path.write_text("# a comment\n \na\nb\né\n", encoding="utf-8")
    return Alphabet(str(path))


@pytest.fixture
def english(tmp_path: Path) -> Alphabet:
    (tmp_path / "english.txt").write_text(ENGLISH.to_text())
    return Alphabet(str(tmp_path / "english.txt"))


def random_probabilities(frames: int, classes: int, seed: int = 0) -> np.ndarray:
    scores = np.exp(2 * np.random.default_rng(seed).standard_normal((frames, classes)))
    return scores / scores.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    "name", ["noscorer_beam32", "noscorer_beam500_cutoff099_top10", "en_default_beam32", "an4_a2.5_b0.2_beam500",
             "en_default_hotwords_beam500"],
)  # fmt: skip
def test_results_are_the_old_ones(shared: Path, english: Alphabet, name: str) -> None:
    folder = shared / "fixtures" / "decoder"
    golden = json.loads((folder / "outputs" / f"{name}.json").read_text())
    setting = golden["setting"]
    scorer = None
    if setting["scorer"]:
        path = shared / SCORERS[setting["scorer"]] / setting["scorer"]
        alpha, beta = setting["alpha_beta"] or (0.75, 1.85)
        scorer = Scorer(alpha, beta, str(path), english)
    hot_words = {word.encode(): boost for word, boost in (setting["hot_words"] or {}).items()}
    names = [clip for clip in golden["outputs"] if clip.startswith(("real", "synth"))]
    if "an4" in name and not setting["alpha_beta"]:
        pytest.skip("its weights are those in the file")
    clips = [np.load(folder / "inputs" / f"{clip}.npy").astype(np.float64) for clip in names]
    rest = {
        "cutoff_prob": setting["cutoff_prob"], "cutoff_top_n": setting["cutoff_top_n"], "scorer": scorer,
        "hot_words": hot_words, "num_results": setting["num_results"],
    }  # fmt: skip
    lengths = [len(clip) for clip in clips]
    padded = np.zeros((len(clips), max(lengths), 29))
    for row, clip in zip(padded, clips, strict=True):
        row[: len(clip)] = clip
    batch = ctc_beam_search_decoder_batch(padded, lengths, english, setting["beam_size"], 2, **rest)
    for clip, probabilities, found in zip(names, clips, batch, strict=True):
        assert found == ctc_beam_search_decoder(probabilities, english, setting["beam_size"], **rest)
        expected = [result for result in golden["outputs"][clip] if result["confidence"] > DEAD]
        assert found[0][1] == expected[0]["text"], clip
        for (confidence, _), theirs in zip(found, expected, strict=False):
            assert confidence == pytest.approx(theirs["confidence"], abs=1e-3)


def test_an_alphabet_of_characters(characters: Alphabet) -> None:
    assert characters.GetSize() == 4
    assert characters.GetSpaceLabel() == 0
    assert [characters.IsSpace(label) for label in range(3)] == [True, False, False]
    assert characters.Encode("bé a") == [2, 3, 0, 1]
    assert characters.Decode([2, 3, 0, 1]) == "bé a"
    assert (characters.EncodeSingle("é"), characters.DecodeSingle(3)) == (3, "é")
    assert (characters.Encode(""), characters.Decode([])) == ([], "")
    assert (characters.CanEncode("aé b"), characters.CanEncode("abc")) == (True, False)
    assert (characters.CanEncodeSingle("é"), characters.CanEncodeSingle("c"), characters.CanEncodeSingle("ab")) == (
        True, False, False,
    )  # fmt: skip
    with pytest.raises(TextError, match="'c'"):
        characters.Encode("abc")


def test_an_alphabet_of_bytes() -> None:
    alphabet = UTF8Alphabet()
    assert (alphabet.GetSize(), alphabet.GetSpaceLabel(), alphabet.IsSpace(31)) == (255, 31, True)
    assert alphabet.Encode("aé") == [96, 194, 168]
    assert alphabet.Decode([96, 194, 168]) == "aé"
    assert (alphabet.CanEncodeSingle("a"), alphabet.CanEncodeSingle("é"), alphabet.CanEncode("日本")) == (
        True, True, True,
    )  # fmt: skip


def test_an_alphabet_without_a_space(tmp_path: Path) -> None:
    (tmp_path / "alphabet.txt").write_text("a\nb\n")
    assert Alphabet(tmp_path / "alphabet.txt").GetSpaceLabel() == 2**32 - 2


def test_alphabets_travel_as_bytes(shared: Path, characters: Alphabet) -> None:
    for original in (characters, UTF8Alphabet()):
        other = Alphabet()
        assert other.Deserialize(original.Serialize(), len(original.Serialize())) == 0
        assert other.text == original.text
    old = (shared / "fixtures/acoustic/alphabet.serialized.bin").read_bytes()
    other = Alphabet()
    assert other.Deserialize(old) == 0
    assert other.text == Alphabet(shared / "fixtures/acoustic/alphabet.txt").text
    for cut in range(len(old)):
        assert Alphabet().Deserialize(old[:cut]) == 1


def test_what_cannot_be_opened_is_a_value_error(tmp_path: Path, characters: Alphabet) -> None:
    with pytest.raises(ValueError, match=r"Alphabet initialization failed: .*none\.txt"):
        Alphabet(str(tmp_path / "none.txt"))
    with pytest.raises(ValueError, match=r"Scorer initialization failed: .*none\.scorer"):
        Scorer(1.0, 1.0, str(tmp_path / "none.scorer"), characters)
    with pytest.raises(ValueError, match=r"Scorer initialization failed: .*does not fit"):
        Scorer(1.0, 1.0, str(small_scorer(tmp_path / "small.scorer")), characters)
    with pytest.raises(ValueError, match="needs alpha, beta and scorer_path"):
        Scorer(alpha=1.0, alphabet=characters)
    for use in (Scorer().is_utf8_mode, Alphabet().GetSize):
        with pytest.raises(ValueError, match="is empty"):
            use()


def test_weights_can_be_changed(tmp_path: Path, english: Alphabet) -> None:
    scorer = Scorer(0.75, 1.85, str(small_scorer(tmp_path / "small.scorer")), english)
    assert (scorer.alpha, scorer.beta, scorer.is_utf8_mode(), scorer.get_max_order()) == (0.75, 1.85, False, 2)
    probabilities = random_probabilities(20, 29)
    before = ctc_beam_search_decoder(probabilities, english, 50, scorer=scorer)
    scorer.reset_params(0.1, 5.0)
    after = ctc_beam_search_decoder(probabilities, english, 50, scorer=scorer)
    assert (scorer.alpha, scorer.beta) == (0.1, 5.0)
    assert before != after
    again = Scorer(0.1, 5.0, str(tmp_path / "small.scorer"), english)
    assert ctc_beam_search_decoder(probabilities, english, 50, scorer=again) == after


def test_probabilities_of_words(tmp_path: Path, english: Alphabet) -> None:
    scorer = Scorer(0.75, 1.85, str(small_scorer(tmp_path / "small.scorer")), english)
    log10 = np.log(10)
    assert scorer.get_log_cond_prob(["a", "ab"]) == pytest.approx(-0.2 * log10)
    assert scorer.get_log_cond_prob(["ab", "a"]) == pytest.approx((-0.2 - 0.8) * log10)  # backoff and unigram
    assert scorer.get_log_cond_prob(["a"], bos=True) == pytest.approx((-0.3 - 0.8) * log10)
    assert scorer.get_log_cond_prob(["a"], eos=True) == pytest.approx((-0.2 - 1.0) * log10)
    assert scorer.get_log_cond_prob(["unheard", "a"]) == -1000
    assert scorer.get_log_cond_prob([]) == 0


@pytest.mark.parametrize(
    ("words", "bos", "eos", "expected"),
    [
        (["the"], False, False, -3.753638787566036),
        (["of", "the"], False, False, -1.7661669012980266),
        ([b"the"], True, False, -2.428098943867235),
        (["the"], False, True, -3.8988928808053247),
        ([], False, True, -3.4818667071996203),
        (["the", "qqq"], False, True, -1000.0),
    ],
)
def test_probabilities_are_the_old_ones(
    shared: Path, english: Alphabet, words: list[str], bos: bool, eos: bool, expected: float
) -> None:
    """As ds_ctcdecoder 0.9.3 gave them for this scorer."""
    scorer = Scorer(0.5, 1.5, str(shared / "data/scorers/pruned_lm.scorer"), english)
    assert scorer.get_log_cond_prob(words, bos, eos) == pytest.approx(expected, rel=1e-9)


def test_hot_words_may_be_texts_or_bytes(tmp_path: Path, english: Alphabet) -> None:
    scorer = Scorer(0.75, 1.85, str(small_scorer(tmp_path / "small.scorer")), english)
    probabilities = random_probabilities(20, 29)
    found = [
        ctc_beam_search_decoder(probabilities, english, 50, scorer=scorer, hot_words=words)
        for words in ({}, {"bb": 20.0}, {b"bb": 20.0})
    ]
    assert found[0] != found[1] == found[2]
    assert "bb" in found[1][0][1]


def test_lists_will_do(english: Alphabet) -> None:
    probabilities = random_probabilities(9, 29)
    found = ctc_beam_search_decoder(probabilities.tolist(), english, 20, num_results=3)
    assert found == ctc_beam_search_decoder(probabilities, english, 20, num_results=3)
    assert len(found) == 3
    assert found == ctc_beam_search_decoder_batch([probabilities.tolist()], [9], english, 20, 1, num_results=3)[0]


def test_a_length_for_each_clip(english: Alphabet) -> None:
    with pytest.raises(ValueError, match="2 clips and 1 lengths"):
        ctc_beam_search_decoder_batch(np.zeros((2, 3, 29)), [3], english, 20, 1)


def test_it_says_its_version() -> None:
    import deepspeech

    assert ds_ctcdecoder.__version__ == deepspeech.version()
