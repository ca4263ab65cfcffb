"""Emissions of streams: samples in any pieces and of either type; what is no sound is one line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.errors import AudioError
from deepspeech.features.registry import new_front_end
from deepspeech.runtime.emission_stream import LOUDEST, EmissionStream, as_float
from tests.fakes import ToneSession, silence, spoken

SESSION = ToneSession()
EXTRACTOR = new_front_end(SESSION.card.features)
SOUND = np.concatenate([spoken("abba"), silence(0.2), spoken("dc")])


def emissions(*pieces: np.ndarray) -> np.ndarray:
    stream = EmissionStream(SESSION, EXTRACTOR)  # type: ignore[arg-type]
    return np.concatenate([*map(stream.feed, pieces), stream.finish()])


@given(st.lists(st.integers(0, len(SOUND)), max_size=8))
def test_pieces_change_no_bit(cuts: list[int]) -> None:
    np.testing.assert_array_equal(emissions(*np.split(SOUND, sorted(cuts))), emissions(SOUND))


def test_no_sound_gives_no_frames() -> None:
    assert emissions(np.zeros(0, np.float32)).shape == (0, SESSION.card.tokens.classes)


def test_a_flush_says_what_can_be_said_and_changes_nothing_that_follows() -> None:
    stream, half = EmissionStream(SESSION, EXTRACTOR), len(SOUND) // 2  # type: ignore[arg-type]
    rows = [stream.feed(SOUND[:half]), *stream.flush(), stream.feed(SOUND[half:]), stream.finish()]
    found, due = np.concatenate(rows), emissions(SOUND)
    assert len(rows) > 3, "half of the sound leaves frames to flush"
    np.testing.assert_array_equal(found, due)


def test_int16_and_float_are_the_same_sound() -> None:
    samples = (SOUND * 32768).astype(np.int16)
    np.testing.assert_array_equal(as_float(samples), as_float(samples.astype(np.float32) / 32768))
    np.testing.assert_array_equal(as_float(samples.astype(">i2")), as_float(samples))
    np.testing.assert_array_equal(as_float(as_float(samples).astype(">f4")), as_float(samples))
    assert as_float(np.zeros(3)).dtype == np.float32


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros((2, 3), np.float32), r"samples have shape \(2, 3\); pass one channel"),
        (np.zeros(3, np.int32), "samples are int32; pass int16"),
        (np.array([0.0, np.nan]), "values that are not finite"),
        (np.array([0.0, LOUDEST * 1.01]), "divide 16-bit values by 32768"),
    ],
)
def test_what_is_no_sound_is_refused(samples: np.ndarray, reason: str) -> None:
    with pytest.raises(AudioError, match=reason):
        as_float(samples)
