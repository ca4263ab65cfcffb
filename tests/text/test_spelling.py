"""Text spelled with an alphabet's characters: what looks alike becomes alike, what can be spelled stays as it is."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.text.config import TextConfig
from deepspeech.text.labels import spelled, validate_english
from deepspeech.text.normalize import Normalizer
from deepspeech.text.spelling import Speller, lower, tidy
from deepspeech.text.tokens import ENGLISH, Characters, Utf8Bytes

TURKISH = " abcçdefgğhıijklmnoöprsştuüvyz"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.mark.parametrize(
    ("text", "characters", "expected"),
    [
        ("don’t", " dont'", "don't"),
        ("don't", " dont’", "don’t"),
        ("It`s Monday", ENGLISH.labels, "it's monday"),
        ("dogs’ and ’tis", ENGLISH.labels, "dogs' and 'tis"),
        ("‘stop’ he said", ENGLISH.labels, "‘stop’ he said"),
        ("don’t", " dont", "don’t"),
        ("well‑known", "abcdefghijklmnopqrstuvwxyz-", "well-known"),
        ("cafe\u0301", " acefé", "café"),
        ("Café", " acef\u0301", "cafe\u0301"),
        ("\u1ebf", "ê\u0301", "ê\u0301"),  # one of two marks stands apart
        ("\u0915\u093c", "\u0958", "\u0958"),  # NFC itself takes this character apart
        ("İstanbul Işık", TURKISH, "istanbul ışık"),
        ("I\u0307zmir", TURKISH, "izmir"),
        ("i\u0307yi", TURKISH, "iyi"),
        ("İzmir", ENGLISH.labels, "izmir"),
        ("ışık i", " AIİIKŞ", "IŞIK İ"),
        ("ΟΔΟΣ", " δοσς", "οδος"),
        ("ﬁne Ａ", ENGLISH.labels, "fine a"),
        ("ste\u00adam\u200b \u200eship\u2060\ufeff", ENGLISH.labels, "steam ship"),
        ("a\u00a0 b\u3000c\x0cd\x85e\tf\x00g", ENGLISH.labels, "a b c d e f g"),
        ("می\u200cخواهم", " میخواه", "می خواهم"),
        ("Auf\u200clage\u200d", ENGLISH.labels, "auflage"),
        ("☀\ufe0f", ENGLISH.labels, "☀"),
        ("call 911 ñ", ENGLISH.labels, "call 911 ñ"),
    ],
)
def test_what_looks_alike_is_spelled_with_the_alphabet(text: str, characters: str, expected: str) -> None:
    assert Speller(characters)(text) == expected


@given(TEXT, st.sets(st.characters(exclude_categories=["Cs"]), max_size=12))
def test_what_can_be_spelled_stays_and_nothing_is_changed_twice(text: str, characters: set[str]) -> None:
    assert Speller({*text, *characters})(text) == text
    spell = Speller({" ", "a", "e", "é", "'", *characters})
    once = spell(text)
    assert spell(once) == once


@given(TEXT)
def test_lines_stay_lines(text: str) -> None:
    spell = Speller(ENGLISH.labels, marks_are_spaces=True)
    assert spell.lines(text).count("\n") == text.count("\n")
    composed = unicodedata.normalize("NFC", "Ça—va\nDON'T")
    assert spell.lines(composed).split("\n")[1] == "don't"


def test_form_and_case_stay_where_requested() -> None:
    assert Speller(" aé", form=False, case=False)("Ae\u0301 a\u00ad") == "Ae\u0301 a"


def test_without_an_alphabet_only_white_space_and_the_invisible_change() -> None:
    for alphabet in (None, Utf8Bytes()):
        assert (
            Normalizer(TextConfig(), alphabet)("\ufeffDon’t\u00a0\u00a0go\u200b \x0cmy\u200cbook")
            == "Don’t go my\u200cbook"
        )
    assert tidy("two  spaces, left as they are") == "two  spaces, left as they are"
    assert lower("I\u0307zmir İ") == "izmir i"


def test_sentences_of_a_corpus_reach_the_rule_readable_and_leave_it_spelled() -> None:
    rule = spelled(validate_english, ENGLISH)
    sentences = ["Don’t turn left.", "“Stop,” he said…", "It`s Monday", "Well–known", "\u00adA\u00a0b", "1 + 2"]
    assert [rule(one) for one in sentences] == [
        "don't turn left",
        "stop he said",
        "it's monday",
        "well known",
        "a b",
        None,
    ]
    assert spelled(validate_english, Characters([*TURKISH]))("İzmir ve Işık.") == "izmir ve ışık"
    assert spelled(validate_english, None)("Don’t\u00a0go.") == "don’t go"
    assert spelled(str.strip, Characters([*"ab "]))("A b ") == "a b"
