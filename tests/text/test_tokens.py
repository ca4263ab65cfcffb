"""What holds for every kind of tokens, and the names that two of them had."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.errors import TextError
from deepspeech.text.subwords import Subwords
from deepspeech.text.token_files import read_alphabet, token_set, write_alphabet
from deepspeech.text.tokens import ENGLISH, Characters, TokenSet, Utf8Bytes

PIECES = ["▁", "a", "b", "é", "▁a", "ab", "▁ab", "éé"]
KINDS = [
    Characters(["b", " ", "a", "é"]),
    Utf8Bytes(),
    Subwords(PIECES),
    Subwords(PIECES, [-1.5, -2.0, -2.5, -3.0, -1.0, -0.5, -2.25, -9.0]),
    Subwords(PIECES, [-float(rank) for rank in range(len(PIECES))], "bpe"),
]
WORDS = st.lists(st.text("abé", min_size=1, max_size=6), min_size=1, max_size=4).map(" ".join)


@pytest.mark.parametrize("tokens", KINDS, ids=lambda tokens: tokens.kind)
@given(text=WORDS)
def test_a_text_comes_back(tokens: TokenSet, text: str) -> None:
    ids = tokens.encode(text)
    assert all(0 <= token < tokens.blank for token in ids)
    assert tokens.decode(ids) == text
    assert not tokens.missing(text)
    if not tokens.bytes_mode:
        assert "".join(map(tokens.spell, ids)).removeprefix(" ") == text
    assert sum(map(tokens.starts_word, ids[1:])) == text.count(" ")
    assert [tokens.starts_word(token) for token in ids] == [tokens.spell(token).startswith(" ") for token in ids]


@pytest.mark.parametrize("tokens", KINDS, ids=lambda tokens: tokens.kind)
def test_a_description_makes_the_same_set(tokens: TokenSet) -> None:
    again = token_set(json.loads(json.dumps(tokens.to_dict())))
    assert again == tokens
    assert hash(again) == hash(tokens)
    assert read_alphabet(json.loads(json.dumps(write_alphabet(tokens)))) == tokens
    assert [other for other in KINDS if other == tokens] == [tokens]
    assert tokens.classes == tokens.blank + 1 == len(tokens.labels) + 1
    assert tokens.space is None or tokens.decode([tokens.space]).strip(" ") == ""


@pytest.mark.parametrize("tokens", KINDS, ids=lambda tokens: tokens.kind)
def test_nothing_cannot_be_encoded(tokens: TokenSet) -> None:
    with pytest.raises(TextError, match="the transcript is empty"):
        tokens.encode("")


def test_what_earlier_versions_wrote_is_written() -> None:
    assert write_alphabet(Characters(["a", " "])) == ["a", " "]
    assert write_alphabet(Utf8Bytes()) == "bytes"


def test_earlier_names_are_kept() -> None:
    from deepspeech.text import alphabet

    assert alphabet.ENGLISH is ENGLISH
    with pytest.warns(DeprecationWarning, match="Characters"):
        assert alphabet.Alphabet is Characters
    with pytest.warns(DeprecationWarning, match="Utf8Bytes"):
        assert alphabet.ByteAlphabet is Utf8Bytes
    with pytest.raises(AttributeError):
        _ = alphabet.Nothing
