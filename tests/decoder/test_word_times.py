"""Exact word times: those of the alignment, only where they are asked for."""

from dataclasses import replace

import numpy as np
import pytest

from deepspeech.audio.formats import wav_bytes
from deepspeech.decoder.beam import greedy
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.word_times import align_transcript, with_exact_times
from deepspeech.errors import TextError
from deepspeech.runtime.recognizer import Recognizer
from deepspeech.runtime.recording import Recording
from deepspeech.text.tokens import Characters
from tests.fakes import ToneSession, silence, spoken

TOKENS = Characters([" ", "a", "b"])


def emission(classes: str) -> Emission:
    """A frame for each character, _ is the blank."""
    rows = np.full((len(classes), 4), 0.01, np.float32)
    rows[range(len(classes)), [" ab_".index(one) for one in classes]] = 0.97
    return Emission(rows, 0.5)


def times(transcript: object) -> list[tuple[str, float, float]]:
    return [(word.text, word.start_s, word.end_s) for word in transcript.words]  # type: ignore[attr-defined]


def test_a_given_text() -> None:
    found = align_transcript(emission("__aabb__________ _aa_"), "ab a", TOKENS)
    assert times(found) == [("ab", 1.0, 3.0), ("a", 9.0, 10.0)]
    assert [token.frame for token in found.tokens] == [2, 4, 16, 18]
    assert found.text == "ab a"


def test_ends_of_recognized_words_are_those_of_their_last_tokens() -> None:
    sound = emission("_aabb__________ aaa_")
    found = greedy(sound, TOKENS)
    exact = with_exact_times(found, sound.probabilities_TV, TOKENS, 10)
    assert times(found) == [("ab", 0.5, 7.5), ("a", 8.0, 8.5)]
    assert times(exact) == [("ab", 5.5, 7.5), ("a", 13.0, 14.5)]
    assert replace(exact, word_times=()) == found
    assert times(exact.trimmed(10)) == [("ab", 5.5, 7.5)]


def test_texts_that_do_not_fit() -> None:
    with pytest.raises(TextError, match="no path"):
        align_transcript(emission("_a_"), "abab", TOKENS)
    with pytest.raises(TextError, match="outside the alphabet"):
        align_transcript(emission("_a_"), "c", TOKENS)
    assert align_transcript(emission("_"), "", TOKENS).words == ()


def test_transcribe_all_times_words_exactly_only_where_asked() -> None:
    sound = wav_bytes(np.concatenate([silence(0.5), spoken("ab d"), silence(1.0)]), 16000)
    plain, exact = (
        next(iter(Recognizer(ToneSession(), exact_times=on).transcribe_all([sound])))
        for on in (False, True)  # type: ignore[arg-type]
    )
    assert isinstance(plain, Recording)
    assert isinstance(exact, Recording)
    (before,), (after,) = plain.segments, exact.segments
    assert not before.word_times
    assert replace(after, word_times=()) == before
    assert after.words[-1].end_s == pytest.approx(0.5 + 0.6 + 0.12, abs=0.05)
    assert before.words[-1].end_s < after.words[-1].end_s
