"""Emissions of streams: samples in any pieces and of either type; what is no sound is one line."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.features.registry import new_front_end
from deepspeech.runtime.emission_stream import EmissionStream
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


@given(st.integers(0, len(SOUND)))
def test_it_knows_how_many_samples_the_next_step_lacks(heard: int) -> None:
    stream = EmissionStream(SESSION, EXTRACTOR)  # type: ignore[arg-type]
    stream.feed(SOUND[:heard])
    lacking = stream.lacking
    assert lacking > 0
    assert not len(stream.feed(np.zeros(lacking - 1, np.float32)))
    assert stream.lacking == 1
    assert len(stream.feed(np.zeros(1, np.float32)))
