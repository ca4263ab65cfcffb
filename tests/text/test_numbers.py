"""Numbers in words: languages by their own codes, whatever num2words calls them."""

import pytest

from deepspeech.text.numbers import named


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("nb", "tjueen"),
        ("nn", "tjueen"),
        ("kk", "жиырма бір"),
        ("pt-BR", "vinte e um"),
        ("fr-CA", "vingt et un"),
        ("xx", ""),
    ],
)
def test_a_language_is_known_by_its_own_code(code: str, words: str) -> None:
    assert named("21", code) == words


def test_what_cannot_be_said_is_empty() -> None:
    assert named("21", "fr", "ordinal") == "vingt et unième"
    assert named("-", "fr") == ""
