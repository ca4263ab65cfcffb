r"""alphabet.txt as DeepSpeech reads it, and the labels of bytes mode."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepspeech.errors import TextError
from deepspeech.text.tokens import ENGLISH, Characters, Utf8Bytes

letters = st.characters(blacklist_categories=["Cs"], blacklist_characters="\n\r")


def test_english() -> None:
    assert (len(ENGLISH.labels), ENGLISH.blank, ENGLISH.classes, ENGLISH.space) == (28, 28, 29, 0)
    assert ENGLISH.encode("a z'") == [1, 0, 26, 27]
    assert ENGLISH.decode([1, 0, 26, 27]) == "a z'"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("final", ["", "end"])
def test_line_ends(newline: str, final: str) -> None:
    text = newline.join(["# a comment", " ", "a", "", "ß", "\\#", "b"]) + (newline if final else "")
    assert Characters.from_text(text).labels == (" ", "a", "ß", "#", "b")


def test_comments_and_the_letter_hash() -> None:
    assert Characters.from_text("#\n# c\n\\#\na\n#b\n").labels == ("#", "a")
    assert Characters(["#", "a"]).to_text() == "\\#\na\n"


def test_only_a_line_that_is_one_space_is_the_space() -> None:
    assert Characters.from_text(" \na\n").space == 0
    assert Characters.from_text("a\nb\n").space is None


def test_of_duplicates_the_later_one_encodes_and_both_decode() -> None:
    alphabet = Characters.from_text("a\nb\na\n")
    assert alphabet.classes == 4
    assert alphabet.encode("ab") == [2, 1]
    assert alphabet.decode([0, 1, 2]) == "aba"


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "alphabet.txt"
    path.write_bytes("# x\r\n \r\nä".encode())
    assert Characters.from_file(path).labels == (" ", "ä")
    path.write_bytes(b"\xff\n")
    with pytest.raises(TextError, match="not UTF-8"):
        Characters.from_file(path)
    path.write_text("# nothing but a comment\n")
    with pytest.raises(TextError, match=r"alphabet\.txt: the alphabet is empty"):
        Characters.from_file(path)
    with pytest.raises(TextError, match=r"none\.txt: cannot read the alphabet"):
        Characters.from_file(tmp_path / "none.txt")


def test_what_cannot_be_encoded_is_named() -> None:
    assert ENGLISH.missing("naïve 7 naïve") == ["7", "ï"]
    with pytest.raises(TextError, match=r"'7' \(U\+0037\) 'ï' \(U\+00EF\)"):
        ENGLISH.encode("naïve 7")
    with pytest.raises(TextError, match="empty"):
        ENGLISH.encode("")


@settings(deadline=None)
@given(st.lists(letters, min_size=1, unique=True), st.data())
def test_round_trips(labels: list[str], data: st.DataObject) -> None:
    alphabet = Characters(labels)
    assert Characters.from_text(alphabet.to_text()) == alphabet
    text = data.draw(st.text(st.sampled_from(labels), min_size=1))
    assert alphabet.missing(text) == []
    assert alphabet.decode(alphabet.encode(text)) == text


def test_equal_alphabets_are_one_key() -> None:
    assert {ENGLISH: 1}[Characters(ENGLISH.labels)] == 1
    assert Characters(Utf8Bytes().labels) != Utf8Bytes()
    assert Characters(["a"]) != ["a"]


def test_bytes_mode() -> None:
    alphabet = Utf8Bytes()
    assert (alphabet.classes, alphabet.blank, alphabet.space) == (256, 255, 31)
    assert alphabet.encode("é") == [0xC3 - 1, 0xA9 - 1]
    assert alphabet.decode([0xC3 - 1]) == "\ufffd"
    assert alphabet.missing("漢字") == []
    assert alphabet.missing("a\0") == ["\0"]
    for text, words in (("", "empty"), ("a\0", "zero byte")):
        with pytest.raises(TextError, match=words):
            alphabet.encode(text)


@settings(deadline=None)
@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1))
def test_bytes_mode_round_trips_any_text(text: str) -> None:
    alphabet = Utf8Bytes()
    ids = alphabet.encode(text)
    assert all(0 <= label < alphabet.blank for label in ids)
    assert alphabet.decode(ids) == text
