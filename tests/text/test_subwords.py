"""Subwords: cuts against SentencePiece's own and against all cuts there are, and what is no vocabulary."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.errors import TextError
from deepspeech.modelfile.vocabulary import read_vocabulary
from deepspeech.text.subwords import Subwords

GOLDEN = Path(__file__).parents[1] / "golden" / "subwords"
CUTS: dict[str, dict[str, list[str]]] = json.loads((GOLDEN / "pieces.json").read_text(encoding="utf-8"))
CHARACTERS = ["▁", "a", "b"]
LONGER = ["▁a", "ab", "ba", "bb", "▁ab", "aba", "bab"]


def spelled(tokens: Subwords, text: str) -> list[str]:
    return [tokens.labels[token] for token in tokens.encode(text)]


@pytest.mark.parametrize("suffix", ["model", "vocab"])
@pytest.mark.parametrize("kind", CUTS)
def test_cuts_are_those_of_sentencepiece(kind: str, suffix: str) -> None:
    tokens = read_vocabulary(GOLDEN / f"{kind}.{suffix}")
    assert tokens.method == kind
    assert tokens.classes == 58  # 60 pieces without <unk>, <s>, </s>, and the blank
    for text, pieces in CUTS[kind].items():
        assert spelled(tokens, text) == pieces


@pytest.mark.parametrize("kind", CUTS)
def test_cuts_of_made_up_words_are_those_of_sentencepiece(kind: str) -> None:
    sentencepiece = pytest.importorskip("sentencepiece")
    model = sentencepiece.SentencePieceProcessor(model_file=str(GOLDEN / f"{kind}.model"))
    tokens = read_vocabulary(GOLDEN / f"{kind}.model")

    @given(st.lists(st.text("abdehilnorstwz'", min_size=1, max_size=9), min_size=1, max_size=5).map(" ".join))
    def same(text: str) -> None:
        assert spelled(tokens, text) == model.encode(text, out_type=str)

    same()


def cuts(word: str, pieces: list[str]) -> Iterator[list[str]]:
    if not word:
        yield []
    for piece in pieces:
        if word.startswith(piece):
            yield from ([piece, *rest] for rest in cuts(word[len(piece) :], pieces))


@given(
    st.lists(st.sampled_from(LONGER), unique=True, max_size=6),
    st.lists(st.floats(-8, 0), min_size=9, max_size=9),
    st.text("ab", min_size=1, max_size=7),
)
def test_no_cut_is_better(longer: list[str], scores: list[float], word: str) -> None:
    pieces = CHARACTERS + longer
    scored = Subwords(pieces, scores[: len(pieces)])
    plain = Subwords(pieces)
    every = list(cuts("▁" + word, pieces))

    def worth(cut: list[str]) -> float:
        return sum(scores[pieces.index(piece)] for piece in cut)

    assert worth(spelled(scored, word)) == pytest.approx(max(map(worth, every)))
    fewest = min(map(len, every))
    longest_last = max((cut for cut in every if len(cut) == fewest), key=lambda cut: [len(p) for p in reversed(cut)])
    assert spelled(plain, word) == longest_last


def test_merges_go_by_rank_then_from_the_left() -> None:
    def merged(word: str, *pieces: str) -> list[str]:
        every = [*pieces, "▁", "a", "b", "c"]
        return spelled(Subwords(every, [-float(rank) for rank in range(len(every))], "bpe"), word)

    assert merged("aaa", "aa") == ["▁", "aa", "a"]
    assert merged("abc", "bc", "ab") == ["▁", "a", "bc"]
    assert merged("abc", "ab", "bc", "abc") == ["▁", "abc"]
    assert merged("abc", "abc") == ["▁", "a", "b", "c"]


@given(st.permutations(["aa", "ab", "ba", "bb", "aab", "bab", "▁a", "▁ab"]), st.text("ab", min_size=1, max_size=30))
def test_merges_are_those_that_looking_everywhere_finds(pairs: list[str], word: str) -> None:
    rank = {piece: number for number, piece in enumerate([*pairs, *CHARACTERS])}
    parts = list("▁" + word)
    while found := [(rank[a + b], place) for place, (a, b) in enumerate(pairwise(parts)) if a + b in rank]:
        _, place = min(found)
        parts[place : place + 2] = [parts[place] + parts[place + 1]]
    tokens = Subwords(list(rank), [-float(number) for number in rank.values()], "bpe")
    assert spelled(tokens, word) == parts


def test_a_text_without_spaces_takes_linear_time() -> None:
    text = "ab" * 50_000
    for scores, method in (([], "unigram"), ([0.0, -1.0, -2.0, -3.0], "bpe")):
        assert len(Subwords(["ab", "▁", "a", "b"], scores, method).encode(text)) == 50_001


def test_spaces_around_words_do_not_matter() -> None:
    tokens = Subwords(CHARACTERS)
    assert tokens.encode("  a  b ") == tokens.encode("a b") == [0, 1, 0, 2]
    with pytest.raises(TextError, match="no word"):
        tokens.encode("  ")


def test_what_has_no_pieces_is_named() -> None:
    tokens = Subwords(["▁a", "a", "b"])
    assert tokens.missing("a d,b") == [",", "b", "d"]  # no word can begin with b
    assert Subwords(["▁", "a", "b"]).missing("a d,b▁") == [",", "d", "▁"]
    with pytest.raises(TextError, match=r"characters outside the vocabulary: ',' \(U\+002C\) 'd' \(U\+0064\)"):
        tokens.encode("a d,b")
    with pytest.raises(TextError, match="no pieces for the word 'ba'"):
        tokens.encode("a ba")
    with pytest.raises(TextError, match="'▁'"):
        tokens.encode("a▁a")


def test_a_script_without_spaces_needs_no_mark() -> None:
    tokens = Subwords(["你", "好", "你好"])
    assert tokens.decode(tokens.encode("你好你")) == "你好你"
    assert tokens.space is None
    assert not any(map(tokens.starts_word, range(3)))
    with pytest.raises(TextError, match="no piece that starts a word"):
        tokens.encode("你 好")


@pytest.mark.parametrize(
    ("pieces", "scores", "method", "message"),
    [
        ([], [], "unigram", "0 pieces"),
        (["a", "b", "a"], [], "unigram", "'a' is listed 2 times"),
        (["a", ""], [], "unigram", "'' is not a valid piece"),
        (["a", "b c"], [], "unigram", "white space"),
        (["a▁"], [], "unigram", "beyond a word"),
        (["▁of▁the"], [], "unigram", "beyond a word"),
        (["a"], [1.0, 2.0], "unigram", "1 pieces and 2 scores"),
        (["a"], [float("nan")], "unigram", "not a finite number"),
        (["a"], [], "bpe", "needs a score"),
        (["a"], [], "wordpiece", "use unigram or bpe"),
        (["a" * 257], [], "unigram", "is not a valid piece"),
    ],
)
def test_what_is_no_vocabulary_is_refused(pieces: list[str], scores: list[float], method: str, message: str) -> None:
    with pytest.raises(TextError, match=message):
        Subwords(pieces, scores, method)
