"""The rules by which an utterance ends: each for its own reason, and none that contradict each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.errors import ConfigError
from deepspeech.runtime.endpoints import Ending, EndpointRules

RULES = EndpointRules(trailing_silence_s=0.8, min_utterance_s=0.5, no_speech_s=5.0, max_utterance_s=20.0)


@pytest.mark.parametrize(
    ("silence_s", "speech_s", "expected"),
    [
        (0.0, None, Ending.NONE),  # nobody has begun
        (4.9, None, Ending.NONE),
        (5.0, None, Ending.SILENCE),  # and nobody will
        (0.7, 3.0, Ending.NONE),  # a pause inside an utterance
        (0.8, 3.0, Ending.SILENCE),
        (0.8, 0.4, Ending.NONE),  # too short for an utterance: it may be the beginning of one
        (5.0, 0.4, Ending.SILENCE),
        (0.1, 19.9, Ending.NONE),
        (0.1, 20.0, Ending.LENGTH),
        (0.8, 20.0, Ending.SILENCE),  # a pause is the better place to end
    ],
)
def test_how_an_utterance_ends(silence_s: float, speech_s: float | None, expected: Ending) -> None:
    assert RULES.ending(silence_s, speech_s) is expected


@given(st.floats(0, 30), st.none() | st.floats(0, 30), st.floats(0, 30))
def test_more_silence_never_takes_an_ending_back(silence_s: float, speech_s: float | None, more_s: float) -> None:
    if RULES.ending(silence_s, speech_s) is Ending.SILENCE:
        assert RULES.ending(silence_s + more_s, speech_s) is Ending.SILENCE


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({"trailing_silence_s": 0.0}, "trailing_silence_s is 0; it must be above 0"),
        ({"max_utterance_s": float("nan")}, "max_utterance_s is nan"),
        ({"min_utterance_s": -1.0}, "min_utterance_s is -1; it must not be negative"),
        ({"no_speech_s": 0.5}, "no_speech_s 0.5 is below trailing_silence_s 0.8"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules: dict[str, float], reason: str) -> None:
    with pytest.raises(ConfigError, match=f"^endpoints: {reason}"):
        EndpointRules(**rules)
