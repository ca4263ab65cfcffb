"""Events of streams: the same however sound is cut, stable text that only grows, speech where speech is."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepspeech.errors import AudioError
from deepspeech.runtime.endpoints import EndpointRules
from deepspeech.runtime.engines.engine import States
from deepspeech.runtime.event_stream import EventStream
from deepspeech.runtime.events import Event, Final, Partial, SpeechStarted, SpeechStopped
from deepspeech.runtime.recognizer import Recognizer
from deepspeech.text.tokens import Characters
from tests.fakes import ToneSession, silence, spoken

RATE = 16000
RULES = EndpointRules()
Open = Callable[[Recognizer], EventStream]


@pytest.fixture(scope="module")
def model() -> Recognizer:
    return Recognizer(ToneSession())  # type: ignore[arg-type]


class DoubtfulSession(ToneSession):
    """Hears tones, and a little of something else in every frame, which depends on that frame alone."""

    def __init__(self, sure: float, doubt: float, writes: str = " abcd") -> None:
        """`writes`: the characters that the tones of " abcd" stand for."""
        super().__init__(sure)
        self._doubt = doubt
        self.card = replace(self.card, tokens=Characters(list(writes)))

    def step(
        self, chunk_BTF: np.ndarray, states: States, outputs_B: np.ndarray | None = None
    ) -> tuple[np.ndarray, States]:
        probabilities, states = super().step(chunk_BTF, states, outputs_B)
        context = self.card.chunk.left
        sums = chunk_BTF.sum(-1)[:, context : chunk_BTF.shape[1] - context, None]
        other = np.exp(3 * np.sin(1000 * sums * np.arange(1, probabilities.shape[-1] + 1)))
        other /= other.sum(-1, keepdims=True)
        return ((1 - self._doubt) * probabilities + self._doubt * other).astype(np.float32), states


def sound_of(said: list[str], pause_s: float = 1.6) -> np.ndarray:
    return np.concatenate([silence(0.5), *(p for text in said for p in (spoken(text), silence(pause_s)))])


SOUND = sound_of(["abba dc", "d", "a bad cab"])


def plain(model: Recognizer) -> EventStream:
    return model.stream(alternatives=1)


def endpointed(model: Recognizer, **rules: float) -> EventStream:
    return model.stream(endpoints=EndpointRules(**rules), alternatives=1)


def of_kind(events: list[Event]) -> Iterator[str]:
    """Events but for Partials, of which there are any number."""
    for event in events:
        if not isinstance(event, Partial):
            yield type(event).__name__ if not isinstance(event, Final) else event.transcript.text


# ---- what happens, and when ----------------------------------------------------------------------------------------


def test_two_utterances_begin_stop_and_end(model: Recognizer) -> None:
    sound = sound_of(["abba dc", "cab"])
    events = list(endpointed(model).events(np.array_split(sound, 9)))
    speech = ["SpeechStarted", "SpeechStopped"]
    assert list(of_kind(events)) == [*speech, "abba dc", *speech, "cab"]
    finals = [event for event in events if isinstance(event, Final)]
    assert [final.transcript for final in finals] == list(model.stream(endpoints=RULES, alternatives=1).over([sound]))


@pytest.mark.parametrize("open_stream", [plain, endpointed])
@pytest.mark.parametrize("rate_hz", [16000, 48000])
def test_speech_starts_and_stops_where_it_does(model: Recognizer, open_stream: Open, rate_hz: int) -> None:
    """Noise that is no speech, a second of speech from 1.0 s on, noise, speech from 4.0 s on to the end."""
    parts = [silence(1.0, rate_hz), spoken("abcda", rate_hz), silence(2.0, rate_hz), spoken("dcb", rate_hz)]
    starts = np.cumsum([0, *map(len, parts)]) / rate_hz
    stream = model.stream(rate_hz, endpoints=RULES) if open_stream is endpointed else model.stream(rate_hz)
    events = list(stream.events([np.concatenate(parts)]))
    assert [e.time_s for e in events if isinstance(e, SpeechStarted)] == pytest.approx(starts[[1, 3]], abs=0.05)
    # A letter's time is that of its beginning: a tone of 0.12 s and 0.08 s of quiet before the end.
    stops = [event.time_s for event in events if isinstance(event, SpeechStopped)]
    assert stops == pytest.approx(starts[[2, 4]] - 0.2, abs=0.1)


def test_a_stream_without_endpoints_tells_pauses_and_ends_once(model: Recognizer) -> None:
    events = list(plain(model).events([sound_of(["abba", "cab"])]))
    speech = ["SpeechStarted", "SpeechStopped"]
    assert list(of_kind(events)) == [*speech, *speech, "abbacab"]
    short = list(plain(model).events([sound_of(["abba", "cab"], pause_s=0.5)]))
    assert list(of_kind(short)) == [*speech, "abbacab"]


def test_long_speech_is_cut_and_goes_on(model: Recognizer) -> None:
    said = "abba dc cab a bad dad " * 4
    events = list(endpointed(model, max_utterance_s=4).events([np.concatenate([spoken(said), silence(2)])]))
    kinds = list(of_kind(events))
    assert (kinds[0], kinds[-2]) == ("SpeechStarted", "SpeechStopped")
    assert len(kinds) > 5
    assert " ".join([*kinds[1:-2], kinds[-1]]) == said.strip()


@pytest.mark.parametrize("sound", [np.zeros(0, np.float32), silence(0.1), silence(8.0)])
def test_silence_and_nothing_have_no_speech(model: Recognizer, sound: np.ndarray) -> None:
    assert list(endpointed(model).events([sound])) == []
    (final,) = plain(model).events([sound])
    assert isinstance(final, Final)
    assert final.transcript.text == ""
    assert list(of_kind(list(plain(model).events([])))) == [""]


def test_a_finished_stream_takes_no_more(model: Recognizer) -> None:
    for stream in (plain(model), endpointed(model)):
        stream.feed_events(spoken("a"))
        assert stream.finish_events()
        assert stream.finish_events() == []
        with pytest.raises(AudioError, match="finished"):
            stream.feed_events(spoken("a"))


def test_old_calls_and_events_may_be_mixed_in_a_stream_with_endpoints(model: Recognizer) -> None:
    stream = model.stream(endpoints=RULES)
    half = len(SOUND) // 2
    uttered = stream.feed(SOUND[:half])
    events = stream.feed_events(SOUND[half:]) + stream.finish_events()
    uttered += [event.transcript for event in events if isinstance(event, Final)]
    assert uttered == list(model.stream(endpoints=RULES).over([SOUND]))


# ---- properties ----------------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(
    cuts=st.lists(st.integers(0, len(SOUND)), max_size=10),
    sure=st.sampled_from([0.7, 0.95]),
    doubt=st.sampled_from([0.0, 0.3]),
    open_stream=st.sampled_from([plain, endpointed, partial(endpointed, max_utterance_s=1.0, stable_after_s=0.1)]),
)
def test_any_cut_gives_the_same_events(cuts: list[int], sure: float, doubt: float, open_stream: Open) -> None:
    model = Recognizer(DoubtfulSession(sure, doubt))  # type: ignore[arg-type]
    stream, events = open_stream(model), list[Event]()
    for piece in np.split(SOUND, sorted(cuts)):
        events += stream.feed_events(piece)
    assert events + stream.finish_events() == list(open_stream(model).events([SOUND]))


@settings(max_examples=40, deadline=None)
@given(
    said=st.lists(st.text("abcd    ", max_size=20), min_size=1, max_size=4),
    pause_s=st.sampled_from([0.3, 1.0, 2.5]),
    sure=st.sampled_from([0.6, 0.8, 0.95]),
    doubt=st.sampled_from([0.0, 0.2, 0.5]),
    longest_s=st.sampled_from([0.5, 3.0, 20.0]),
    stable_after_s=st.sampled_from([0.02, 0.3, 1.0]),
    ends=st.booleans(),
    writes=st.sampled_from([" abcd", " 一二三四", " ab三四", "กขคงจ"]),
)
def test_stable_text_is_never_taken_back(
    said: list[str],
    pause_s: float,
    sure: float,
    doubt: float,
    longest_s: float,
    stable_after_s: float,
    ends: bool,
    writes: str,
) -> None:
    model = Recognizer(DoubtfulSession(sure, doubt, writes))  # type: ignore[arg-type]
    rules = {"max_utterance_s": longest_s, "stable_after_s": stable_after_s, "no_speech_s": 2.0}
    stream = endpointed(model, **rules) if ends else plain(model)
    events = list(stream.events([sound_of(said, pause_s)]))
    stable, speaking, final_due, time_s = "", False, False, 0.0
    for event in events:
        if isinstance(event, Partial):
            assert event.stable.startswith(stable)
            assert event.text.startswith(event.stable)
            stable = event.stable
        elif isinstance(event, Final):
            assert event.transcript.text.startswith(stable)
            assert event.transcript.text or final_due or not ends
            stable, final_due = "", False
        elif isinstance(event, SpeechStarted):
            assert not speaking
            assert event.time_s >= time_s
            speaking, final_due, time_s = True, True, event.time_s
        else:
            assert speaking
            assert event.time_s >= time_s
            speaking, time_s = False, event.time_s
    assert not speaking
    assert not (ends and final_due)


@pytest.mark.parametrize(
    ("writes", "text"),
    [
        (" abcd", "a bad cab dad abba a bad cab dad abba"),
        ("、一二三四", "一、二一四、三一二、四一四、一二二一、一、二一四、三一二、四一四、一二二一、"),
        ("กขคงจ", "ขกคขจกงขคกจขจกขคคขกขกคขจกงขคกจขจกขคคขก"),
    ],
)
def test_deltas_join_to_the_text(writes: str, text: str) -> None:
    """What a server appends: the new part of each stable text, and at the end the rest of the final one."""
    model = Recognizer(DoubtfulSession(0.8, 0.0, writes))  # type: ignore[arg-type]
    sent, deltas, due = "", list[str](), text
    for event in endpointed(model).events([sound_of(["a bad cab dad abba " * 2])]):
        text = (
            event.stable if isinstance(event, Partial) else event.transcript.text if isinstance(event, Final) else sent
        )
        assert text.startswith(sent)
        deltas.append(text[len(sent) :])
        sent = text
    assert "".join(deltas) == due
    assert sum(map(bool, deltas)) > 5


@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100, 48000])
def test_no_step_is_due_before_the_samples_that_it_lacks(rate_hz: int, model: Recognizer) -> None:
    stream, waits = model.stream(rate_hz), list[int]()
    for _ in range(20):
        before_s, waited = stream.decoded_s, 0
        stream.feed_events(np.zeros(max(0, stream.lacking - 1), np.float32))
        assert stream.decoded_s == before_s
        while stream.decoded_s == before_s:
            piece = max(1, stream.lacking)
            stream.feed_events(np.zeros(piece, np.float32))
            waited += piece
        waits.append(waited)
    assert max(waits) <= (1 if rate_hz == 16000 else rate_hz // 5), "the resampler gives samples in blocks"
