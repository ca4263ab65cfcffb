"""A live stream: held audio is part of its end, and its end comes once."""

import asyncio
from pathlib import Path

import numpy as np

from deepspeech.runtime.events import Event, Final
from deepspeech.serve.live import Pace, StreamOptions
from deepspeech.serve.models import Models, ModelSource
from deepspeech.serve.service import Service
from tests.fakes import tones

RATE_HZ = 16000


def heard(model: Path, *pieces: np.ndarray) -> tuple[list[Event], list[Event]]:
    """The events of a stream of these pieces, and those of ending it once more."""

    async def run() -> tuple[list[Event], list[Event]]:
        service = Service(lambda batcher: Models.open({"a": ModelSource(model)}, batcher))
        try:
            session = service.open(service.models.choose(), StreamOptions(RATE_HZ), Pace(service.limits))
            events = [event for piece in pieces async for event in session.feed(piece)]
            events += [event async for event in session.finish()]
            return events, [event async for event in session.finish()]
        finally:
            service.close()

    return asyncio.run(run())


def test_a_stream_that_is_ended_twice_has_one_final(hearing_model: Path) -> None:
    events, again = heard(hearing_model, tones("abca cad", 1))
    assert [event.transcript.text for event in events if isinstance(event, Final)] == ["abca cad"]
    assert again == []


def test_audio_that_is_held_belongs_to_the_final(hearing_model: Path) -> None:
    """The last pieces are too short for a step of the network; with them come the last characters."""
    sound = tones("dab bad", 2)
    whole, _ = heard(hearing_model, sound)
    cut, _ = heard(hearing_model, *np.array_split(sound, len(sound) // 160))
    assert whole[-1] == cut[-1]
    assert isinstance(whole[-1], Final)
    assert whole[-1].transcript.text == "dab bad"


def test_a_stream_without_audio_ends_without_events(hearing_model: Path) -> None:
    assert heard(hearing_model) == ([], [])
