"""Characters: counted, put in order, made into an alphabet that reads back, and advised upon."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.errors import TextError
from deepspeech.text.characters import name
from deepspeech.text.charset import CharacterCount, advice, alphabet_faults, count_characters, propose, usable
from deepspeech.text.tokens import ENGLISH, Characters, Utf8Bytes

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def test_characters_are_counted_by_occurrence_and_by_transcript() -> None:
    counts = count_characters(["b a a", "", "ab"])
    assert counts == {" ": CharacterCount(2, 1, 0), "a": CharacterCount(3, 2, 0), "b": CharacterCount(2, 2, 0)}


def test_the_english_alphabet_comes_out_in_its_own_order() -> None:
    assert propose(["it's the quick brown fox", "jumps over a lazy dog"]).alphabet == ENGLISH


def test_accented_characters_stand_beside_theirs_and_signs_at_the_end() -> None:
    assert "".join(count_characters(["ézeEaäc'1-ж "])) == " aäceEézж1'-"


@given(st.lists(TEXT, max_size=8))
def test_a_proposal_reads_back_and_covers_all_that_it_kept(transcripts: list[str]) -> None:
    try:
        proposal = propose(transcripts)
    except TextError:
        assert not any(usable(character) for text in transcripts for character in unicodedata.normalize("NFC", text))
        return
    assert Characters.from_text(proposal.to_text("some\nname")) == proposal.alphabet
    for transcript in transcripts:
        assert set(proposal.alphabet.missing(unicodedata.normalize("NFC", transcript))) <= set(proposal.left_out)
    assert not any(usable(character) for character in proposal.left_out)


def test_decomposed_transcripts_are_composed_and_counted() -> None:
    proposal = propose(["cafe\u0301", "café", "a"])
    assert "é" in proposal.alphabet.labels
    assert "\u0301" not in proposal.alphabet.labels
    assert proposal.composed == 1


def test_rare_characters_are_pointed_out_or_left_out() -> None:
    transcripts = ["ab"] * 200 + ["abñ"] * 3
    assert propose(transcripts).rare == ["ñ"]
    assert propose(transcripts, rare=3).rare == []
    assert propose(transcripts, at_least=4).left_out == ["ñ"]
    assert propose(["one sentence"]).rare == []


def test_line_ends_are_no_characters() -> None:
    assert propose(["a\r\n", "b\u2028\u00a0\t"]).alphabet.labels == ("a", "b")


def test_what_nobody_sees_is_no_character() -> None:
    proposal = propose(["a\u00ad\u200e\u200f\u200b\u2060\ufeff\u200c\u200d\ufe0f\x0c\x85\u3000b"])
    assert proposal.alphabet.labels == ("a", "b")
    assert all(name(character).isprintable() for character in proposal.left_out)
    assert advice("\ufe0f", ENGLISH) == "delete it: it cannot be seen"


@pytest.mark.parametrize(
    ("character", "alphabet", "words"),
    [
        ("\r", ENGLISH, "delete the line end"),
        ("\u00a0", ENGLISH, "replace it with a space"),
        ("\u200b", ENGLISH, "delete it"),
        ("\u0301", Characters(["e", "é"]), "NFC"),
        ("\u0301", ENGLISH, "delete the accent"),
        ("é", Characters(["e", "\u0301"]), "NFD"),
        ("ﬁ", ENGLISH, "write fi"),
        ("H", ENGLISH, "write h"),
        ("h", Characters(["H"]), "write H"),
        ("’", ENGLISH, "write '"),
        ("’", Characters(["a"]), "delete it"),
        ("4", ENGLISH, "numbers as words"),
        ("?", ENGLISH, "delete it, or add it"),
        ("é", ENGLISH, "add it to the alphabet, or write e"),
        ("ж", ENGLISH, "add it to the alphabet, or skip"),
    ],
)
def test_advice_suits_the_character_and_the_alphabet(character: str, alphabet: Characters, words: str) -> None:
    assert words in advice(character, alphabet)


@given(st.characters(exclude_categories=["Cs"]))
def test_every_character_has_a_name_that_can_be_seen_and_advice(character: str) -> None:
    assert name(character).isprintable()
    assert advice(character, ENGLISH)


def test_faults_of_an_alphabet_are_found() -> None:
    composed, spaced, twice = alphabet_faults(Characters(["a", "e\u0301", "b ", "c", "c"]))
    assert "(é, NFC)" in composed
    assert "delete the spaces" in spaced
    assert "is listed 2 times" in twice
    assert alphabet_faults(ENGLISH) == alphabet_faults(Utf8Bytes()) == []
