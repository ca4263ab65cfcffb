"""What `--normalize` names, and what suits an alphabet where nothing is named."""

import pytest

from deepspeech.errors import LmError
from deepspeech.lm.normalize import Normalization
from deepspeech.text.tokens import ENGLISH, Characters


@pytest.mark.parametrize(
    ("alphabet", "nfc", "lower_case"),
    [
        (ENGLISH, True, True),
        (Characters([" ", "a", "B"]), True, False),  # it has capitals of its own
        (Characters([" ", "e", "\u0301"]), False, True),  # and marks of their own
    ],
)
def test_without_a_name_the_alphabet_decides(alphabet: Characters, nfc: bool, lower_case: bool) -> None:
    assert Normalization.named(None, alphabet) == Normalization(nfc, lower_case, frozenset(alphabet.labels))


def test_without_an_alphabet_too_nothing_is_done() -> None:
    assert not Normalization.named(None, None)


def test_what_is_named_is_done_and_nothing_else() -> None:
    assert Normalization.named(["lower"], ENGLISH) == Normalization(lower_case=True)
    assert Normalization.named(["nfc", "letters"], ENGLISH) == Normalization(True, False, frozenset(ENGLISH.labels))
    assert not Normalization.named(["none"], ENGLISH)


def test_unknown_names_and_letters_without_an_alphabet_are_refused() -> None:
    with pytest.raises(LmError, match="--normalize upper: there is lower, nfc, letters and none"):
        Normalization.named(["lower", "upper"], ENGLISH)
    with pytest.raises(LmError, match="needs an --alphabet"):
        Normalization.named(["letters"], None)
