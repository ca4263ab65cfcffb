"""Endless sound: utterances end at pauses, lose no word, keep their times, and take no more memory as time goes on."""

import asyncio
import resource
import tracemalloc
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepspeech.decoder.transcript import Transcript
from deepspeech.errors import AudioError, ConfigError
from deepspeech.runtime.endpoints import Ending, Endpointer, EndpointRules
from deepspeech.runtime.engines.engine import States
from deepspeech.runtime.recognizer import Recognizer
from deepspeech.text.tokens import Characters
from tests.fakes import ToneSession, silence, spoken, tones

RATE = 16000
RULES = EndpointRules()
SAID = ["abba dc", "d", "a bad cab", "dad"]


@pytest.fixture(scope="module")
def model() -> Recognizer:
    return Recognizer(ToneSession())  # type: ignore[arg-type]


def conversation(said: list[str], pause_s: float = 1.6) -> tuple[np.ndarray, list[float]]:
    """Sound of utterances with pauses around them, and when each begins."""
    parts, starts = [silence(0.5)], []
    for number, text in enumerate(said):
        starts.append(sum(map(len, parts)) / RATE)
        parts += [spoken(text, seed=number), silence(pause_s, seed=number)]
    return np.concatenate(parts), starts


def texts(utterances: list[Transcript]) -> list[str]:
    return [utterance.text for utterance in utterances]


def test_utterances_end_at_pauses_with_the_times_of_the_whole(model: Recognizer) -> None:
    sound, starts = conversation(SAID)
    with model.stream(endpoints=RULES) as stream:
        found = list(stream.over(np.split(sound, 50 * 320 * np.arange(1, 15))))
    assert texts(found) == SAID
    for utterance, start_s in zip(found, starts, strict=True):
        assert utterance.words[0].start_s == pytest.approx(start_s, abs=0.04)
        assert utterance.words[0].confidence is not None


SOUND, _ = conversation(SAID)


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, len(SOUND)), max_size=12))
def test_any_chunking_gives_the_same_utterances(cuts: list[int]) -> None:
    model = Recognizer(ToneSession(0.7))  # type: ignore[arg-type]
    whole = model.stream(endpoints=RULES, alternatives=2)
    expected = whole.feed(SOUND) + whole.finish()
    stream, found = model.stream(endpoints=RULES, alternatives=2), []
    for piece in np.split(SOUND, sorted(cuts)):
        found += stream.feed(piece)
        stream.partial()
    assert found + stream.finish() == expected
    assert texts(expected) == SAID


@settings(max_examples=30, deadline=None)
@given(shift=st.integers(0, 16 * 320), pause_s=st.floats(1.2, 3.0))
def test_no_word_is_lost_wherever_steps_fall(shift: int, pause_s: float) -> None:
    model = Recognizer(ToneSession())  # type: ignore[arg-type]
    sound, _ = conversation(SAID, pause_s)
    stream = model.stream(endpoints=RULES)
    found = stream.feed(np.concatenate([silence(shift / RATE), sound])) + stream.finish()
    assert " ".join(texts(found)).split() == " ".join(SAID).split()


def test_the_last_word_is_there_without_silence_after_it(model: Recognizer) -> None:
    stream = model.stream(endpoints=RULES)
    assert stream.feed(spoken("a bad")) == []
    assert texts(stream.finish()) == ["a bad"]
    assert stream.finish() == []


def test_stable_text_is_never_taken_back() -> None:
    model = Recognizer(ToneSession(0.8))  # type: ignore[arg-type]
    stream = model.stream(endpoints=EndpointRules(max_utterance_s=5))
    sound, shown, grew = np.concatenate([spoken("a bad cab dad abba " * 4), silence(2)]), "", 0
    for start in range(0, len(sound), 1600):
        ended = stream.feed(sound[start : start + 1600])
        for utterance in ended:
            assert utterance.text.startswith(shown)
            shown = ""
        if ended:
            shown = stream.stable
        assert stream.stable.startswith(shown)
        assert stream.partial().text.startswith(stream.stable)
        grew += stream.stable != shown
        shown = stream.stable
    assert grew > 10


def test_long_speech_is_cut_between_words(model: Recognizer) -> None:
    said = "abba dc cab a bad dad " * 12
    stream = model.stream(endpoints=EndpointRules(max_utterance_s=6))
    found = stream.feed(spoken(said)) + stream.finish()
    assert " ".join(texts(found)) == said.strip()
    assert len(found) > 5
    assert all(utterance.words[-1].end_s - utterance.words[0].start_s < 7 for utterance in found)
    starts = [word.start_s for utterance in found for word in utterance.words]
    assert starts == sorted(starts)


def test_a_word_that_never_ends_is_cut_too(model: Recognizer) -> None:
    stream = model.stream(endpoints=EndpointRules(max_utterance_s=4))
    found = stream.feed(spoken("abcd" * 30)) + stream.finish()
    assert "".join(texts(found)) == "abcd" * 30


class SpacelessSession(ToneSession):
    """Hears no spaces; its characters may run into each other, and it may be unsure of all."""

    def __init__(self, sure: float, quiet: float, writes: str = " abcd") -> None:
        """`writes`: the characters that the tones of " abcd" stand for."""
        super().__init__(sure)
        self._quiet = quiet
        self.card = replace(self.card, tokens=Characters(list(writes)))

    def step(
        self, chunk_BTF: np.ndarray, states: States, outputs_B: np.ndarray | None = None
    ) -> tuple[np.ndarray, States]:
        probabilities, states = super().step(chunk_BTF, states, outputs_B)
        blank = probabilities[..., -1] > 0.99
        probabilities[blank] = (1 - self._quiet) / (probabilities.shape[-1] - 1)
        probabilities[blank, -1] = self._quiet
        return probabilities, states


@settings(max_examples=25, deadline=None)
@given(
    said=st.text("abcd", min_size=1, max_size=40),
    longest_s=st.floats(0.05, 6),
    sure=st.sampled_from([0.95, 0.99]),
    quiet=st.sampled_from([0.998, 0.9999]),
    shift=st.integers(0, 5120),
    writes=st.sampled_from([" abcd", " 一二三四", " ab三四"]),
    stable_after_s=st.sampled_from([0.02, 0.3, 1.0]),
)
def test_pieces_of_a_text_without_spaces_are_the_whole(
    said: str, longest_s: float, sure: float, quiet: float, shift: int, writes: str, stable_after_s: float
) -> None:
    model = Recognizer(SpacelessSession(sure, quiet, writes))  # type: ignore[arg-type]
    sound = np.concatenate([silence(shift / RATE), spoken(said), silence(0.3)])
    stream = model.stream(endpoints=EndpointRules(max_utterance_s=longest_s, stable_after_s=stable_after_s))
    found = stream.feed(sound) + stream.finish()
    assert "".join(texts(found)) == model.transcribe(sound).text
    frames = [token.frame for utterance in found for token in utterance.tokens]
    assert frames == sorted(set(frames))
    times = [time_s for utterance in found for word in utterance.words for time_s in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert not times or times[0] >= 0


@pytest.mark.parametrize("stable_after_s", [0.02, 1.0])
def test_text_without_spaces_is_cut_as_often_as_words(stable_after_s: float) -> None:
    model = Recognizer(SpacelessSession(0.95, 0.9999, " 一二三四"))  # type: ignore[arg-type]
    stream = model.stream(endpoints=EndpointRules(max_utterance_s=4, stable_after_s=stable_after_s))
    found = stream.feed(spoken("abcd" * 30)) + stream.finish()
    assert "".join(texts(found)) == "一二三四" * 30
    assert all(utterance.tokens[-1].start_s - utterance.tokens[0].start_s < 5 for utterance in found)


def test_int16_at_another_rate_is_heard_too(model: Recognizer) -> None:
    sound = np.concatenate([spoken("cab dad", 48000), silence(2, 48000)])
    stream = model.stream(48000, endpoints=RULES)
    assert texts(stream.feed((sound * 32767).astype(np.int16)) + stream.finish()) == ["cab dad"]


def test_many_streams_in_many_threads_share_a_model(model: Recognizer) -> None:
    def listen(number: int) -> list[str]:
        sound, _ = conversation(SAID[number % 4 :])
        stream = model.stream(endpoints=RULES)
        return texts([u for piece in np.array_split(sound, 7 + number) for u in stream.feed(piece)] + stream.finish())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(listen, range(16))) == [SAID[number % 4 :] for number in range(16)]


def test_listening_leaves_the_event_loop_free(model: Recognizer) -> None:
    async def chunks() -> AsyncIterator[np.ndarray]:
        for piece in np.array_split(SOUND, 40):
            await asyncio.sleep(0)
            yield piece

    async def listen() -> list[str]:
        return [utterance.text async for utterance in model.listen(chunks())]

    assert asyncio.run(listen()) == SAID


def test_a_closed_stream_takes_no_more(model: Recognizer) -> None:
    with model.stream(endpoints=RULES) as stream:
        stream.feed(silence(1))
    with pytest.raises(AudioError, match="finished"):
        stream.feed(silence(1))


def test_memory_does_not_grow() -> None:
    """Fifteen minutes of talk; what Python holds after five and after fifteen is the same within a tenth of a megabyte.

    Searches of past utterances are gone: the entries of the one at hand stay as few as they were.
    """
    model = Recognizer(ToneSession())  # type: ignore[arg-type]
    sound, _ = conversation(SAID)
    stream, held, entries = model.stream(endpoints=RULES), [], []
    rounds = int(900 / (len(sound) / RATE))
    tracemalloc.start()
    for number in range(rounds):
        assert texts(stream.feed(sound)) == SAID
        if number in (rounds // 3, rounds - 1):
            held.append(tracemalloc.get_traced_memory()[0])
            entries.append(stream._decoder._search.entries)
    tracemalloc.stop()
    assert held[1] - held[0] < 100_000
    assert entries[1] < 2 * entries[0] + 100
    assert stream.decoded_s > 890
    with pytest.warns(DeprecationWarning, match="use decoded_s"):
        assert stream.heard_s == stream.decoded_s


def test_a_stream_without_endpoints_does_not_grow_either() -> None:
    """Twenty minutes of talk; all rows of probabilities would be 1.4 MB, and twice that while they grow."""
    model = Recognizer(ToneSession())  # type: ignore[arg-type]
    sound = np.concatenate([spoken(" ".join(SAID) + " "), silence(0.1)])
    stream, rounds = model.stream(), int(1200 * RATE / len(sound))
    tracemalloc.start()
    for _ in range(rounds):
        stream.feed(sound)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 800_000
    assert len(stream.finish()[0].words) == 7 * rounds


def test_words_of_minutes_are_cut_where_they_are_still_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepspeech.decoder.word_confidence.UNDECIDED_S", 2.0)
    monkeypatch.setattr("deepspeech.decoder.word_confidence.CHECK_FRAMES", 20)
    model = Recognizer(ToneSession())  # type: ignore[arg-type]
    for said in ("abcd" * 30, "a " + "abcd" * 30):
        stream = model.stream(endpoints=EndpointRules(max_utterance_s=12))
        found = stream.feed(spoken(said)) + stream.finish()
        assert len(found) > 1
        assert "".join(texts(found)) in (said, said.replace(" ", ""))


@pytest.mark.parametrize("frame_s", [0.02, 0.03, 0.04])
def test_pauses_are_whole_frames(frame_s: float) -> None:
    """Those of recordings in batches, whatever the length of a frame: nothing else ends a piece."""
    endpointer = Endpointer(EndpointRules.pauses(frame_s), frame_s)
    frames = round(0.8 / frame_s)
    assert endpointer.ending(100 + frames, (10, 100)) is Ending.NONE
    assert endpointer.ending(101 + frames, (10, 100)) is Ending.SILENCE
    assert endpointer.ending(10**6, None) is Ending.NONE
    assert endpointer.ending(10**6 + 1, (0, 10**6)) is Ending.NONE


@pytest.mark.parametrize(
    ("silence_s", "speech_s", "ending"),
    [
        (0.5, 2.0, Ending.NONE),
        (0.8, 2.0, Ending.SILENCE),
        (0.8, 0.2, Ending.NONE),
        (5.0, 0.2, Ending.SILENCE),
        (4.9, None, Ending.NONE),
        (5.0, None, Ending.SILENCE),
        (0.1, 20.0, Ending.LENGTH),
        (0.9, 25.0, Ending.SILENCE),
    ],
)
def test_rules(silence_s: float, speech_s: float | None, ending: Ending) -> None:
    assert EndpointRules(min_utterance_s=0.3).ending(silence_s, speech_s) is ending


@pytest.mark.parametrize(
    "wrong",
    [{"trailing_silence_s": 0.0}, {"min_utterance_s": -1.0}, {"max_utterance_s": float("nan")}, {"no_speech_s": 0.5}],
)
def test_impossible_rules_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        EndpointRules(**wrong)


def test_a_pause_too_short_for_the_network_is_refused(model: Recognizer) -> None:
    with pytest.raises(ConfigError, match=r"at least 0\.5"):
        model.stream(endpoints=EndpointRules(trailing_silence_s=0.3))


@pytest.mark.slow
def test_four_hours_take_the_memory_of_one_minute(tiny_model: Path) -> None:
    """A real network; the memory of the whole process, once after half an hour and once after four."""

    def resident_mb() -> float:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6

    stream = Recognizer.open(tiny_model).stream(endpoints=RULES)
    minute = np.concatenate([np.concatenate([tones("abba dc", n), silence(1.5)]) for n in range(60)])[: 60 * RATE]
    assert len(minute) == 60 * RATE
    spoken_words = sum(len(stream.feed(minute)) for _ in range(30))
    early = resident_mb()
    spoken_words += sum(len(stream.feed(minute)) for _ in range(210))
    assert spoken_words > 240
    assert resident_mb() < early + 10
    assert stream.decoded_s == pytest.approx(4 * 3600, abs=1)
