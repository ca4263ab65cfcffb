"""The search over pieces of words: against sums over all alignments, with a scorer, with phrases, and with both."""

import re
from collections import defaultdict
from itertools import groupby, pairwise, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from small_scorer import language_model, scorer
from test_phrases import GRAMS as PHRASE_GRAMS
from test_phrases import PHRASES, SEEDS, allowed, earned, language_score, probabilities
from test_scorer import GRAMS, ORDER, bonus, small_bytes

from deepspeech._native import word_probabilities
from deepspeech.decoder import word_confidence
from deepspeech.decoder.beam import BeamDecoder, decode, greedy
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.phrases import HotPhrases
from deepspeech.decoder.scorer import Scorer
from deepspeech.errors import ConfigError, ScorerError
from deepspeech.text.subwords import Subwords
from deepspeech.text.tokens import ENGLISH, Characters
from tests.fakes import exact

WORDS = ["a", "ab", "bb"]
PIECES = Subwords(["▁a", "b", "▁", "ab", "a", "▁b"])
WIDE = exact(beam_width=5000)
ALPHA, BETA = 0.8, 1.1
Sequence = tuple[int, ...]


def sums(array: NDArray[np.float32], tokens: Subwords) -> dict[Sequence, float]:
    """Probability of each sequence of pieces, over all its alignments."""
    total: dict[Sequence, float] = defaultdict(float)
    for path in product(range(tokens.classes), repeat=len(array)):
        sequence = tuple(label for label, _ in groupby(path) if label != tokens.blank)
        total[sequence] += float(np.prod(array[np.arange(len(array)), path].astype(np.float64)))
    return total


def searched(array: NDArray[np.float32], *with_these: object) -> dict[Sequence, float]:
    """Score of each sequence that a beam without limits finds, best first; `with_these`: scorer, hot words, phrases."""
    decoder = BeamDecoder(PIECES, exact(5000, alpha=ALPHA, beta=BETA), 0.02, *with_these)  # type: ignore[arg-type]
    decoder.feed(array)
    return {tuple(labels): score for labels, _, score in decoder._search.best(5000)}


@pytest.mark.parametrize("seed", range(4))
def test_equals_the_sum_over_all_alignments(seed: int) -> None:
    array = probabilities(4, PIECES.classes, seed)
    expected, found = sums(array, PIECES), searched(array)
    assert set(found) == set(expected)
    for sequence, score in found.items():
        assert score == pytest.approx(np.log(expected[sequence]), abs=1e-4)


def test_candidates_are_different_texts() -> None:
    array = probabilities(4, PIECES.classes, 1)
    texts = [found.text for found in decode(Emission(array, 0.02), PIECES, WIDE, 5000)]
    assert len(set(texts)) == len(texts)
    assert set(texts) == {PIECES.decode(sequence) for sequence in sums(array, PIECES)}
    best = decode(Emission(array, 0.02), PIECES, WIDE)[0]
    assert decode(Emission(array, 0.02), PIECES, WIDE, 3)[0] == best


def text_of(sequence: Sequence) -> str:
    """What pieces spell, with all spaces but the one before the first word."""
    return "".join(map(PIECES.spell, sequence)).removeprefix(" ")


def follows(text: str) -> bool:
    *whole, last = text.split(" ")
    return set(whole) <= set(WORDS) and any(word.startswith(last) for word in WORDS)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    return small(tmp_path_factory.mktemp("scorer") / "small.scorer", PIECES.characters)


def small(path: Path, alphabet: Characters) -> Scorer:
    path.write_bytes(scorer(language_model(GRAMS, ORDER), [alphabet.encode(word + " ") for word in WORDS]))
    return Scorer.open(path)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("hot_words", [{}, {"ab": 2.5, "bb": -1.0, "other": 9.0}])
def test_equals_the_sum_over_alignments_and_words(opened: Scorer, seed: int, hot_words: dict[str, float]) -> None:
    array = probabilities(5, PIECES.classes, seed)
    expected = {s: p for s, p in sums(array, PIECES).items() if follows(text_of(s))}
    found = searched(array, opened, hot_words)
    assert set(found) == set(expected)
    assert list(found.values()) == sorted(found.values(), reverse=True)
    for sequence, score in found.items():
        text = text_of(sequence)
        assert score == pytest.approx(np.log(expected[sequence]) + bonus(text, ALPHA, BETA, hot_words), abs=2e-3)


@settings(max_examples=25, deadline=None)
@given(PHRASES, SEEDS)
def test_phrases_equal_their_definition(phrases: dict[str, float], seed: int) -> None:
    array = probabilities(4, PIECES.classes, seed)
    expected, found = sums(array, PIECES), searched(array, None, None, HotPhrases(phrases))
    assert set(found) == set(expected)
    for sequence, score in found.items():
        assert score == pytest.approx(np.log(expected[sequence]), abs=1e-3)
    ranks = [score + earned(text_of(sequence), phrases) for sequence, score in found.items()]
    assert all(a >= b - 1e-3 for a, b in pairwise(ranks))


@pytest.fixture(scope="module")
def for_phrases(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    path = tmp_path_factory.mktemp("scorer") / "small.scorer"
    characters = PIECES.characters
    path.write_bytes(scorer(language_model(PHRASE_GRAMS, 2), [characters.encode(word + " ") for word in WORDS]))
    return Scorer.open(path)


@settings(max_examples=25, deadline=None)
@given(PHRASES, SEEDS)
def test_phrases_and_words_equal_their_definition(for_phrases: Scorer, phrases: dict[str, float], seed: int) -> None:
    array = probabilities(4, PIECES.classes, seed)
    expected = {s: p for s, p in sums(array, PIECES).items() if allowed(text_of(s), phrases)}
    found = searched(array, for_phrases, None, HotPhrases(phrases))
    assert set(found) == set(expected)
    for sequence, score in found.items():
        expected_score = np.log(expected[sequence]) + language_score(text_of(sequence), phrases)
        assert score == pytest.approx(expected_score, abs=3e-3)
    ranks = [score + earned(text_of(sequence), phrases) for sequence, score in found.items()]
    assert all(a >= b - 1e-3 for a, b in pairwise(ranks))


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.sampled_from([1, 2, 5, 40]), PHRASES, st.sampled_from([1.0, 0.8]))
def test_pieces_of_one_character_are_characters(
    seed: int, width: int, phrases: dict[str, float], cutoff: float
) -> None:
    """The search for pieces prunes as it may: a beam of any width holds what that for characters holds."""
    array = probabilities(40, 4, seed)
    options = exact(width, cutoff_prob=cutoff)
    found = []
    for tokens in (Characters(["a", "b", " "]), Subwords(["a", "b", "▁"])):
        decoder = BeamDecoder(tokens, options, 0.02, phrases=HotPhrases(phrases))
        decoder.feed(array)
        found.append(decoder._search.best(width))
    assert found[0] == found[1]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 80), max_size=6), SEEDS, st.sampled_from([1, 3, 40]), PHRASES, st.booleans())
def test_chunks_of_any_size_equal_the_whole(
    opened: Scorer, cuts: list[int], seed: int, width: int, phrases: dict[str, float], with_scorer: bool
) -> None:
    array, options, hot = probabilities(80, PIECES.classes, seed), exact(beam_width=width), HotPhrases(phrases)
    used = opened if with_scorer else None
    decoder = BeamDecoder(PIECES, options, 0.02, used, phrases=hot)
    for chunk in np.split(array, sorted(cuts)):
        decoder.feed(chunk)
        decoder.candidates(3)  # looking does not change what follows
    assert decoder.candidates(4) == decode(Emission(array, 0.02), PIECES, options, 4, used, phrases=hot)


def spoken(*pieces: str, tokens: Subwords = PIECES) -> NDArray[np.float32]:
    """Probabilities of a network that heard these pieces, each for two frames and a frame of blank after it."""
    array = np.full((3 * len(pieces), tokens.classes), 0.001, np.float32)
    array[2::3, tokens.blank] = 0.99
    for place, piece in enumerate(pieces):
        array[3 * place, tokens.labels.index(piece)] = 0.99
        array[3 * place + 1, tokens.labels.index(piece)] = 0.98
    return array


def test_words_begin_and_end_with_pieces() -> None:
    found = decode(Emission(spoken("▁a", "b", "▁b", "▁", "ab", "b"), 0.1), PIECES, WIDE)[0]
    assert found.text == "ab b abb"
    assert [token.text for token in found.tokens] == ["a", "b", " b", " ", "ab", "b"]
    assert "".join(token.text for token in found.tokens) == found.text
    assert [word.text for word in found.words] == ["ab", "b", "abb"]
    times = [(word.start_s, word.end_s) for word in found.words]
    assert times == [
        (0.0, pytest.approx(0.6)),
        (pytest.approx(0.6), pytest.approx(0.9)),
        (pytest.approx(1.2), pytest.approx(1.6)),
    ]
    assert all(word.confidence is not None and word.confidence > 0.85 for word in found.words)


def test_a_doubtful_piece_makes_its_word_doubtful() -> None:
    array = spoken("▁a", "b", "▁b", "b")
    array[6:8, PIECES.labels.index("▁b")] = 0.6
    array[6:8, PIECES.labels.index("▁a")] = 0.38
    sure, doubtful = decode(Emission(array, 0.1), PIECES, WIDE)[0].words
    assert (sure.text, doubtful.text) == ("ab", "bb")
    assert sure.confidence is not None
    assert doubtful.confidence is not None
    assert sure.confidence > 0.85
    assert 0.3 < doubtful.confidence < 0.75


def reads_as(word: str, past: str, rows: NDArray[np.float32]) -> float:
    """The sum over every path of `rows` that is silence or `past`, then the labels of `word`, then silence.

    Labels are characters here, the blank is B and the space S; no label of `word` comes twice in a row.
    """
    shape = re.compile(f"[BS{past}]*" + "B*".join(f"{label}+" for label in word) + "[BS]*")
    names = "abScdeB"
    total = 0.0
    for path in product(range(len(names)), repeat=len(rows)):
        if shape.fullmatch("".join(names[label] for label in path)):
            total += float(np.prod(rows[np.arange(len(rows)), path], dtype=np.float64))
    return total


@pytest.mark.parametrize("seed", range(6))
def test_a_words_confidence_is_the_sum_over_all_alignments(seed: int) -> None:
    """Pieces a, b, S, c, d, e: "▁a" and "▁b" start words, S is the space."""
    rows = probabilities(7, PIECES.classes, seed)
    starts, space = PIECES.word_starts, PIECES.space
    found = word_probabilities(rows, [0, 1, 5, 3], [1, 2, 4, 5], space, 99, starts)
    assert found == pytest.approx([reads_as("ab", "", rows[:4]), reads_as("ec", "b", rows[3:])], rel=1e-4)
    found = word_probabilities(rows, [0, 2, 4, 3], [1, 2, 4, 5], space, 99, starts)
    assert found == pytest.approx([reads_as("a", "", rows[:2]), reads_as("dc", "", rows[3:])], rel=1e-4)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, frames=st.integers(0, 60))
def test_every_word_has_a_confidence(seed: int, frames: int) -> None:
    array = probabilities(frames, PIECES.classes, seed) ** 3
    array /= array.sum(axis=1, keepdims=True)
    for found in decode(Emission(array, 0.02), PIECES, exact(beam_width=20), 5):
        assert len(found.words) == len(found.word_confidences)
        assert all(0 <= word.confidence <= 1 for word in found.words if word.confidence is not None)
        assert [word.text for word in found.words] == found.text.split()


def test_a_text_may_begin_within_a_word_or_with_a_space_of_its_own() -> None:
    assert decode(Emission(spoken("ab", "▁a"), 0.1), PIECES, WIDE)[0].text == "ab a"
    found = decode(Emission(spoken("▁", "ab"), 0.1), PIECES, WIDE)[0]
    assert (found.text, [token.text for token in found.tokens]) == ("ab", ["ab"])
    assert greedy(Emission(spoken("▁", "ab"), 0.1), PIECES).text == "ab"
    assert greedy(Emission(np.zeros((0, PIECES.classes), np.float32), 0.1), PIECES).words == ()


def test_words_become_final() -> None:
    decoder = BeamDecoder(PIECES, exact(beam_width=50), 0.1)
    decoder.feed(spoken("▁a", "b", "▁b", "▁a"))
    assert decoder.token_frames() == (0, 9)
    decoder.commit(before=8)
    assert decoder.committed_prefix == "ab"
    assert all(found.text == "ab" or found.text.startswith("ab ") for found in decoder.candidates(50))
    decoder.commit(before=100)
    assert decoder.committed_prefix == "ab b"
    decoder.feed(spoken("b"))
    assert decoder.best().text == "ab b ab"


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_committed_words_stay(seed: int) -> None:
    array = probabilities(120, PIECES.classes, seed) ** 3
    array /= array.sum(axis=1, keepdims=True)
    decoder, shown = BeamDecoder(PIECES, exact(beam_width=8), 0.02), ""
    for start in range(0, 120, 7):
        decoder.feed(array[start : start + 7])
        decoder.commit(start - 20)
        committed = decoder.committed_prefix
        assert committed.startswith(shown)
        assert all(found.text.startswith(committed) for found in decoder.candidates(8))
        shown = committed


def test_any_alphabet_works_that_can_be_found(tmp_path: Path) -> None:
    array = probabilities(30, PIECES.classes, 7)
    own, english = (small(tmp_path / f"{n}.scorer", a) for n, a in enumerate([PIECES.characters, ENGLISH]))
    plain = decode(Emission(array, 0.02), PIECES, WIDE, 5, own)
    assert decode(Emission(array, 0.02), PIECES, WIDE, 5, english) == plain
    (tmp_path / "other").mkdir()
    turned = Characters(["b", "x", " ", "a"])
    other = small(tmp_path / "other" / "small.scorer", turned)
    with pytest.raises(ScorerError, match=r"the alphabet of this scorer is unknown; put its alphabet\.txt next to it"):
        decode(Emission(array, 0.02), PIECES, WIDE, 5, other)
    (tmp_path / "other" / "alphabet.txt").write_text(turned.to_text())
    assert decode(Emission(array, 0.02), PIECES, WIDE, 5, other) == plain
    (tmp_path / "other" / "alphabet.txt").write_text(ENGLISH.to_text())
    with pytest.raises(ScorerError, match=r"\(not with .*alphabet\.txt\)"):
        Scorer.open(other.path, PIECES)


def test_scorers_that_cannot_fit_are_refused(opened: Scorer, tmp_path: Path) -> None:
    (tmp_path / "bytes.scorer").write_bytes(small_bytes())
    with pytest.raises(ScorerError, match="for bytes, the network outputs subwords"):
        Scorer.open(tmp_path / "bytes.scorer", PIECES)
    with pytest.raises(ScorerError, match="no token of the network starts a word"):
        Scorer.open(opened.path, Subwords(["a", "b"]))


def test_phrases_are_found_however_they_are_cut() -> None:
    mixed = 0.55 * spoken("▁a", "b") + 0.45 * spoken("▁a", "a")
    split = 0.55 * spoken("▁", "ab") + 0.45 * spoken("▁b", "b")

    def best(array: NDArray[np.float32], *phrases: str) -> str:
        hot = HotPhrases(dict.fromkeys(phrases, 1.0))
        return decode(Emission(array, 0.02), PIECES, exact(100), phrases=hot)[0].text

    assert (best(mixed), best(mixed, "aa"), best(mixed, "a")) == ("ab", "aa", "ab")
    assert best(split, "bb") == "bb"
    with pytest.raises(ConfigError, match="'axb'"):
        best(mixed, "axb")


def test_a_long_stream_lets_go_of_probabilities(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_confidence, "UNDECIDED_S", 10.0)
    monkeypatch.setattr(word_confidence, "CHECK_FRAMES", 50)
    decoder = BeamDecoder(PIECES, exact(beam_width=4), 0.1)
    part = spoken("▁a", "b", "▁b", "▁", "ab", "▁a")
    for _ in range(60):
        decoder.feed(part)
        decoder.commit(decoder.frames - 20)
        assert decoder.frames - decoder.kept_from <= 250
    found = decoder.best()
    assert found.text == " ".join(["ab b ab a"] * 60)
    assert len(found.words) == len(found.word_confidences) == 240
    assert min(found.word_confidences) > 0.85
    assert found.text.startswith(decoder.committed_prefix + " ")
    assert len(decoder.committed_prefix) > len(found.text) - 20
