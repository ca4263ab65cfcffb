"""Differences are as many as the distance says, and lead from what was said to what was heard."""

from hypothesis import given
from hypothesis import strategies as st

from deepspeech.text.distance import character_errors, differences

TEXTS = st.text(alphabet="ab é", max_size=12)


@given(TEXTS, TEXTS)
def test_there_are_as_many_differences_as_errors(said: str, heard: str) -> None:
    found = differences(said, heard)
    assert len(found) == character_errors(said, heard)[0]
    assert all(one != other for one, other in found)
    assert len(heard) - len(said) == sum(len(other) - len(one) for one, other in found)


def test_characters_and_words() -> None:
    assert differences("cat", "cut") == [("a", "u")]
    assert differences("cat", "ca") == [("t", "")]
    assert differences("at", "cat") == [("", "c")]
    assert differences(["the", "cat"], ["a", "the", "cut"]) == [("", "a"), ("cat", "cut")]
