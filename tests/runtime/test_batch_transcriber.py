"""Recordings in batches: the same texts as one by one, in order, with their times, errors in their places."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepspeech.audio.formats import wav_bytes, write_wav
from deepspeech.audio.vad import SilenceRules
from deepspeech.errors import AudioError
from deepspeech.runtime import batch_transcriber, clips, recording
from deepspeech.runtime.batch import BatchItem, run_batch
from deepspeech.runtime.emission_stream import EmissionStream
from deepspeech.runtime.engines.engine import States
from deepspeech.runtime.recognizer import Recognizer
from deepspeech.runtime.recording import Channel, Recording
from deepspeech.runtime.session import Session
from tests.fakes import ToneSession, silence, spoken, tones

RATE = 16000
SAID = ["abba dc", "d", "a bad cab", "dad", "", "c cc ccc"]


@pytest.fixture(scope="module")
def model() -> Recognizer:
    return Recognizer(ToneSession())  # type: ignore[arg-type]


def test_texts_come_in_the_order_given(model: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "WINDOW", 7)
    said = SAID * 6
    sounds = [wav_bytes(np.concatenate([spoken(text, seed=n), silence(0.4)]), RATE) for n, text in enumerate(said)]
    found = list(model.transcribe_all(sounds, alternatives=1, cores=2))
    assert [one.text if isinstance(one, Recording) else one for one in found] == said
    for sound, one in zip(sounds, found, strict=True):
        assert isinstance(one, Recording)
        assert one.segments == ((model.transcribe(sound, alternatives=1).trimmed(),) if one.text else ())


def test_a_long_recording_is_cut_at_its_silences_and_keeps_its_times(model: Recognizer) -> None:
    parts, starts = [silence(3)], []
    for number in range(12):
        starts.append(sum(map(len, parts)) / RATE)
        parts += [spoken(f"a bad {'abcd'[number % 4]}"), silence(2.13, seed=number)]
    sound = wav_bytes(np.concatenate(parts), RATE)
    (found,) = model.transcribe_all([sound], rules=SilenceRules(max_segment_s=4))
    assert isinstance(found, Recording)
    assert [segment.text for segment in found.segments] == [f"a bad {'abcd'[n % 4]}" for n in range(12)]
    assert [segment.words[0].start_s for segment in found.segments] == pytest.approx(starts, abs=0.04)
    assert found.duration_s == pytest.approx(sum(map(len, parts)) / RATE)


def test_a_long_recording_is_cut_at_the_pauses_that_the_network_hears(model: Recognizer) -> None:
    """In steady noise that only the network can tell from speech: one stretch by its loudness, three utterances."""
    parts = [part for text in ("a bad cab", "dad", "abba dc") for part in (spoken(text), silence(1.3))]
    rules = SilenceRules(max_segment_s=3, min_silence_s=5, start_db=0.001, stop_db=0.001, margin_s=3)
    sound = np.concatenate(parts)
    (found,) = model.transcribe_all([wav_bytes(sound, RATE)], rules=rules)
    assert isinstance(found, Recording)
    assert found.text == "a bad cab dad abba dc"
    starts = [segment.words[0].start_s for segment in found.segments]
    assert starts == pytest.approx([0.0, sum(map(len, parts[:2])) / RATE, sum(map(len, parts[:4])) / RATE], abs=0.05)


def test_what_cannot_be_read_comes_as_its_error(model: Recognizer, tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", spoken("a"), RATE)
    found = list(model.transcribe_all([tmp_path / "a.wav", tmp_path / "gone.wav", b"RIFF", tmp_path / "a.wav"]))
    assert [isinstance(one, AudioError) for one in found] == [False, True, True, False]
    assert "gone.wav" in str(found[1])


def test_windows_hold_few_long_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(recording, "WINDOW", 4)
    monkeypatch.setattr(recording, "WINDOW_S", 100 / 8000)
    (tmp_path / "large.mp3").write_bytes(bytes(150))
    sounds = [bytes(10), tmp_path / "large.mp3", bytes(10), bytes(60), bytes(60), "gone", b"", b"", b"", b"", b""]
    items = iter([Channel(sound, None) for sound in sounds])
    assert [len(list(recording.next_window(items))) for _ in range(5)] == [2, 3, 4, 2, 0]


def test_nothing_gives_nothing(model: Recognizer) -> None:
    assert list(model.transcribe_all([])) == []


def test_stopping_early_leaves_no_thread_behind(model: Recognizer) -> None:
    import threading

    before = threading.active_count()
    results = model.transcribe_all([wav_bytes(spoken("a"), RATE)] * 300)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_a_batch_gives_what_streams_give(tiny_model: Path) -> None:
    """But for rounding: sums over a batch are added up in another order."""
    session = Session(tiny_model)
    extractor = Recognizer(session)._extractor
    sounds = sorted((tones("abc d" * n, n) for n in (1, 2, 2, 3, 5)), key=len, reverse=True)
    sounds += [np.zeros(100, np.float32)]
    items = [BatchItem(extractor(sound), session.card.chunk) for sound in sounds]
    run_batch(session, items)
    for sound, item in zip(sounds, items, strict=True):
        none = np.zeros((0, session.card.tokens.classes), np.float32)
        probabilities = np.concatenate([none, *(piece for _, piece in item.pieces)])
        stream = EmissionStream(session, extractor)
        expected = np.concatenate([stream.feed(sound), stream.finish()])
        np.testing.assert_allclose(probabilities, expected, atol=1e-5)


def test_whatever_one_recording_causes_ends_no_other(
    model: Recognizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wav(tmp_path / "a.wav", spoken("a"), RATE)
    plain = clips.Blocks

    def read(source: recording.Source, *options: Any, **named: Any) -> clips.Blocks:
        for name, error in {"odd": ValueError("two\nlines"), "disk": OSError(5, "Input/output error")}.items():
            if name in str(source):
                raise error
        return plain(source, *options, **named)

    monkeypatch.setattr(clips, "Blocks", read)
    found = list(model.transcribe_all([tmp_path / "a.wav", "odd.wav", "disk.wav", tmp_path / "a.wav"]))
    assert [isinstance(one, AudioError) for one in found] == [False, True, True, False]
    assert str(found[1]).startswith("odd.wav: cannot be transcribed (ValueError: two lines; ")
    assert str(found[2]) == "disk.wav: cannot be transcribed (Input/output error)"


class FragileSession(ToneSession):
    """Breaks down in the third step of a batch, which only long clips take."""

    def start(self, clips: int = 1) -> States:
        self.steps = 0
        return super().start(clips)

    def step(
        self, chunk_BTF: np.ndarray, states: States, outputs_B: np.ndarray | None = None
    ) -> tuple[np.ndarray, States]:
        if self.steps == 2:
            raise MemoryError
        return super().step(chunk_BTF, states, outputs_B)


def test_a_clip_that_breaks_a_batch_is_found_out(model: Recognizer) -> None:
    sounds = [wav_bytes(spoken(text), RATE) for text in ("a", "abba dad", "b")]
    expected = [one.text for one in model.transcribe_all(sounds)]
    found = list(Recognizer(FragileSession()).transcribe_all(sounds))  # type: ignore[arg-type]
    assert [isinstance(one, AudioError) for one in found] == [False, True, False]
    assert [found[0].text, found[2].text] == [expected[0], expected[2]]
    assert "MemoryError" in str(found[1])


def test_recordings_of_several_parts_are_those_of_one(model: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = [part for n in range(12) for part in (spoken(f"a bad {'abcd'[n % 4]}"), silence(1.13, seed=n))]
    sounds = [wav_bytes(np.concatenate(pieces), RATE), wav_bytes(np.concatenate(pieces[6:]), RATE)]
    rules = SilenceRules(max_segment_s=4)
    at_once = list(model.transcribe_all(sounds, rules=rules, cores=2))
    monkeypatch.setattr(clips, "PART_S", 5.0)
    monkeypatch.setattr("deepspeech.audio.sound.BLOCK_FRAMES", 7000)
    found = list(model.transcribe_all(sounds, rules=rules, cores=2))
    assert found == at_once
    assert isinstance(found[0], Recording)
    assert found[0].text == " ".join(f"a bad {'abcd'[n % 4]}" for n in range(12))


def test_each_channel_is_a_recording(model: Recognizer, tmp_path: Path) -> None:
    import soundfile

    one, two = (np.concatenate([spoken(text), silence(1.0)])[: 2 * RATE // 3] for text in ("abb", "dcd"))
    soundfile.write(tmp_path / "call.wav", np.stack([one, two], axis=1), RATE)
    found = list(model.transcribe_all([tmp_path / "call.wav", tmp_path / "gone.wav"], channel="each"))
    assert [(one.channel, one.text) for one in found[:2] if isinstance(one, Recording)] == [(0, "abb"), (1, "dcd")]
    assert isinstance(found[2], AudioError)
    assert model.transcribe(tmp_path / "call.wav", channel=1).text.strip() == "dcd"


def conversation() -> tuple[bytes, SilenceRules]:
    """Twelve utterances between pauses, and rules that cut there."""
    parts = [part for n in range(12) for part in (spoken(f"a bad {'abcd'[n % 4]}"), silence(2.13, seed=n))]
    return wav_bytes(np.concatenate(parts), RATE), SilenceRules(max_segment_s=4)


@pytest.fixture
def read_s(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds of each block that is read."""
    seconds = []

    class Counted(clips.Blocks):
        def __iter__(self) -> Iterator[Any]:
            for block in super().__iter__():
                seconds.append(len(block) / RATE)
                yield block

    monkeypatch.setattr(clips, "Blocks", Counted)
    return seconds


@pytest.mark.parametrize("cores", [1, 2])
def test_segments_are_those_of_the_recording(model: Recognizer, monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    monkeypatch.setattr(batch_transcriber, "SEGMENTS_S", 3.0)
    sound, rules = conversation()
    (whole,) = model.transcribe_all([sound], alternatives=1, rules=rules)
    assert isinstance(whole, Recording)
    assert tuple(model.segments(sound, 1, cores, rules)) == whole.segments
    assert len(whole.segments) == 12


def test_the_first_segment_comes_before_the_rest_is_read(
    model: Recognizer, monkeypatch: pytest.MonkeyPatch, read_s: list[float]
) -> None:
    monkeypatch.setattr(batch_transcriber, "SEGMENTS_S", 3.0)
    sound, rules = conversation()
    coming = model.segments(sound, cores=1, rules=rules)
    assert next(coming).text == "a bad a"
    first_s = sum(read_s)
    list(coming)
    assert first_s < sum(read_s) / 2


def test_segments_that_nobody_takes_are_not_made(model: Recognizer, read_s: list[float]) -> None:
    sound, rules = conversation()
    coming = model.segments(sound, cores=1, rules=rules)
    assert read_s == []
    next(coming)
    coming.close()  # type: ignore[attr-defined]
    assert sum(read_s) < 20


def test_segments_need_a_recording_that_can_be_read(model: Recognizer) -> None:
    with pytest.raises(AudioError, match=r"gone\.wav"):
        list(model.segments("gone.wav"))
    with pytest.raises(AudioError, match="segments takes one recording"):
        model.segments([0.0, 0.5])  # type: ignore[arg-type]


def test_a_truncated_recording_gives_its_segments_then_an_error(model: Recognizer) -> None:
    sound, rules = conversation()
    coming = model.segments(io.BytesIO(sound[: len(sound) // 2]), rules=rules)
    assert [next(coming).text for _ in range(4)] == [f"a bad {one}" for one in "abcd"]
    with pytest.raises(AudioError, match="the segments before it are transcribed"):
        list(coming)
