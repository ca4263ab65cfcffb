"""Texts of every kind as paragraphs, sentences and words; how words are spelled."""

from pathlib import Path

import pytest

from deepspeech.alignment.script import LINES, plain_script, read_script
from deepspeech.alignment.spelling import SpellingRule, read_spellings
from deepspeech.decoder.forced import WILDCARD
from deepspeech.errors import TextError
from deepspeech.text.subwords import Subwords
from deepspeech.text.tokens import ENGLISH, Characters, Utf8Bytes


def sentences(text: str, split: str = "sentences") -> list[list[str]]:
    return [[" ".join(sentence) for sentence in paragraph] for paragraph in plain_script(text, split).paragraphs]


def test_plain_text() -> None:
    text = "A title\n\nMr. Smith said “No!” He went, at 3.5 km/h — home.\nThen …  end\n\n\n"
    assert sentences(text) == [["A title"], ["Mr. Smith said “No!”", "He went, at 3.5 km/h — home.", "Then … end"]]


def test_lines() -> None:
    assert sentences("One, two.\nthree\n\nFour", LINES) == [["One, two.", "three"], ["Four"]]


def test_marks_that_stand_alone_join_a_word() -> None:
    assert plain_script("— Yes — no .").words == ["— Yes —", "no ."]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\n<i>Hello\nthere</i>,\n\n2\n00:00:03,000 --> 00:00:04,000\nyou.\n"),
        ("a.vtt", "WEBVTT\n\nNOTE no\n\n00:01.000 --> 00:02.000 align:start\nHello there,\n\n"
         "x\n00:03.000 --> 00:04.000\nyou.\n"),
        ("a.csv", "wav_filename,transcript\na.wav,\"Hello there, you.\"\n"),
        ("a.md", "\ufeffHello\r\nthere, you.\r\n"),
    ],
)  # fmt: skip
def test_every_kind_of_file(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    assert read_script(tmp_path / name).paragraphs == ((("Hello", "there,", "you."),),)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [("a.txt", b" - \n", "no word"), ("a.csv", b"a,b\n1,2\n", "no column transcript"), ("a.txt", b"\xff", "UTF-8")],
)
def test_files_without_text(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TextError, match=message) as error:
        read_script(tmp_path / name)
    assert str(error.value).count(str(tmp_path)) == 1


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="name the text"):
        read_script(tmp_path / "none.txt")


def test_words_are_spelled_with_the_alphabet() -> None:
    rule = SpellingRule(ENGLISH, {"1984": "nineteen eighty four", "dr.": "doctor"})
    assert rule.encode("Mother-in-law,") == ("mother in law", ENGLISH.encode("mother in law"))
    assert rule.encode("“Don’t!”")[0] == "don't"
    assert rule.encode("(1984),")[0] == "nineteen eighty four"
    assert rule.encode("Dr.")[0] == "doctor"


@pytest.mark.parametrize("word", ["1985", "привет", "&"])
def test_what_the_alphabet_lacks_is_a_wildcard(word: str) -> None:
    assert SpellingRule(ENGLISH).encode(word) == ("", [WILDCARD])


def test_other_tokens() -> None:
    assert SpellingRule(Utf8Bytes()).encode("Ноль")[1] == Utf8Bytes().encode("Ноль")
    pieces = Subwords(["▁", "▁a", "b", "a"])
    assert SpellingRule(pieces).encode("Ab!") == ("ab", pieces.encode("ab"))
    assert SpellingRule(pieces).encode("abc")[1] == [WILDCARD]
    assert SpellingRule(Characters(["你", "好"])).encode("你好。")[0] == "你好"


def test_spellings_are_read_from_a_table(tmp_path: Path) -> None:
    path = tmp_path / "spell.tsv"
    path.write_text("# written\tspoken\n\nKm/h\tkilometers an hour\n", encoding="utf-8")
    assert read_spellings(path) == {"km/h": "kilometers an hour"}
    path.write_text("no tab\n", encoding="utf-8")
    with pytest.raises(TextError, match=r"spell.tsv:1: no tab"):
        read_spellings(path)
