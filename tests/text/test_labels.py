"""Which sentences become transcripts, by the English rule and by a language's own."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepspeech.errors import TextError
from deepspeech.text.labels import load_validator, to_ascii, validate_english


@pytest.mark.parametrize(
    ("sentence", "label"),
    [
        ("Hello, World!", "hello world"),
        ("  It's   me.  ", "it's me"),
        ("well-known_thing", "well known thing"),
        ("a - b", "a b"),
        ('"Quoted": yes; no?', "quoted yes no"),
        ("Straße ÄÖÜ", "straße äöü"),
        ("closing ) } > stay", "closing ) } > stay"),
        ("tab\tstays", "tab\tstays"),
        ("a , b", "a  b"),
        ("", None),
        (' .,;?!:" ', None),
        ("---", None),
        ("route 66", None),
        *((f"a{sign}b", None) for sign in "(<[]&*{"),
    ],
)
def test_english_rule(sentence: str, label: str | None) -> None:
    assert validate_english(sentence) == label


@settings(deadline=None)
@given(st.text())
def test_english_labels_are_clean(sentence: str) -> None:
    label = validate_english(sentence)
    if label is not None:
        assert label
        assert label == label.strip()
        assert not set(label) & set('.,;?!:"-_(<[]&*{0123456789')


@pytest.mark.parametrize(
    ("sentence", "plain"),
    [(" Žluťoučký kůň ", "Zlutoucky kun"), ("Æ ß 漢字 é", "   e"), ("ﬁn", "fin"), ("", "")],
)
def test_plain_ascii(sentence: str, plain: str) -> None:
    assert to_ascii(sentence) == plain


def plug_in(folder: Path, content: str, name: str = "labels_xx.py") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def test_without_a_file_the_rule_is_the_english_one() -> None:
    assert load_validator(None) is validate_english


def test_a_language_brings_its_own_rule(tmp_path: Path) -> None:
    plug_in(tmp_path, "CHARACTERS = 'ä'\n", "neighbour_of_labels_xx.py")
    path = plug_in(
        tmp_path,
        "from neighbour_of_labels_xx import CHARACTERS\n"
        "def validate_label(label):\n    return CHARACTERS + label if label != 'no' else None\n",
    )
    validate = load_validator(path)
    assert validate("B") == "äB"
    assert validate("no") is None


def test_an_empty_label_is_none(tmp_path: Path) -> None:
    assert load_validator(plug_in(tmp_path, "def validate_label(label):\n    return ''\n"))("a") is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("x = 1\n", "has no function validate_label"),
        ("validate_label = 3\n", "has no function validate_label"),
        ("import a_module_that_is_not_there\n", "cannot be loaded (ModuleNotFoundError"),
        ("def broken(:\n", "cannot be loaded (SyntaxError"),
    ],
)
def test_files_that_do_not_do(tmp_path: Path, content: str, words: str) -> None:
    path = plug_in(tmp_path, content)
    with pytest.raises(TextError) as caught:
        load_validator(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value)


def test_missing_or_foreign_file(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="no such file"):
        load_validator(tmp_path / "none.py")
    with pytest.raises(TextError, match=r"must end in \.py"):
        load_validator(plug_in(tmp_path, "", "labels.txt"))


def test_a_rule_that_fails_says_on_what(tmp_path: Path) -> None:
    with pytest.raises(TextError, match=r"fails \(ZeroDivisionError.*on: héllo"):
        load_validator(plug_in(tmp_path, "def validate_label(label):\n    return 1 / 0\n"))("héllo")
    with pytest.raises(TextError, match="returns int"):
        load_validator(plug_in(tmp_path, "def validate_label(label):\n    return 7\n"))("a")
