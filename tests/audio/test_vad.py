"""Cutting at silences: what is said is kept, what is quiet is left out, whatever the level, the rate or the noise."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.audio.formats import read_audio
from deepspeech.audio.resample import resample
from deepspeech.audio.vad import SilenceRules, SpeechStream, segments
from deepspeech.errors import ConfigError

RATE = 16000


def voice(duration_s: float, rate_hz: int = RATE, level: float = 0.1, seed: int = 0) -> np.ndarray:
    """A tone that comes and goes as syllables do."""
    time_s = np.arange(int(duration_s * rate_hz)) / rate_hz
    syllables = 0.55 + 0.45 * np.cos(2 * np.pi * 4 * time_s + seed)
    return (level * syllables * np.sin(2 * np.pi * 700 * time_s)).astype(np.float32)


def noise(duration_s: float, level: float = 0.001, rate_hz: int = RATE, seed: int = 1) -> np.ndarray:
    return (level * np.random.default_rng(seed).standard_normal(int(duration_s * rate_hz))).astype(np.float32)


def recording(
    spoken: list[tuple[float, float]], length_s: float, rate_hz: int = RATE, level: float = 0.1
) -> np.ndarray:
    sound = noise(length_s, level / 100, rate_hz)
    for start_s, end_s in spoken:
        first = int(start_s * rate_hz)
        part = voice(end_s - start_s, rate_hz, level)
        sound[first : first + len(part)] += part
    return sound


def test_speech_is_found_with_its_margins() -> None:
    spoken = [(1.0, 3.0), (5.0, 5.5), (9.0, 12.0)]
    found = segments(recording(spoken, 14), RATE)
    assert len(found) == 3
    for (start_s, end_s), (from_s, to_s) in zip(spoken, found, strict=True):
        assert start_s - 0.32 <= from_s <= start_s - 0.2
        assert end_s + 0.1 <= to_s <= end_s + 0.32


@pytest.mark.parametrize("rate_hz", [8000, 11025, 16000, 44100, 48000])
@pytest.mark.parametrize("level", [0.005, 0.1, 0.9])
def test_neither_rate_nor_level_matters(rate_hz: int, level: float) -> None:
    spoken = [(1.0, 3.0), (5.0, 7.0)]
    found = segments(recording(spoken, 9, rate_hz, level), rate_hz)
    assert [(round(a), round(b)) for a, b in found] == [(1, 3), (5, 7)]


def test_times_do_not_drift_over_hours_at_an_odd_rate() -> None:
    found = segments(recording([(1.0, 2.0), (300.0, 301.0)], 303, 11025), 11025)
    assert found[-1][0] == pytest.approx(299.75, abs=0.1)


def test_a_short_pause_does_not_cut() -> None:
    sound = recording([(1.0, 2.0), (2.3, 3.0)], 5)
    assert len(segments(sound, RATE)) == 1
    assert len(segments(sound, RATE, SilenceRules(min_silence_s=0.1, margin_s=0.05))) == 2


def test_a_click_is_no_speech() -> None:
    sound = noise(4)
    sound[20000:20100] = 0.5
    assert segments(sound, RATE) == []


@pytest.mark.parametrize("sound", [np.zeros(0, np.float32), np.zeros(200, np.float32), np.zeros(80000, np.float32)])
def test_silence_gives_nothing(sound: np.ndarray) -> None:
    assert segments(sound, RATE) == []


@pytest.mark.parametrize("level", [0.0001, 0.01, 0.3])
def test_steady_noise_gives_nothing(level: float) -> None:
    assert segments(noise(30, level), RATE) == []


def test_hum_and_an_offset_are_no_speech() -> None:
    time_s = np.arange(20 * RATE) / RATE
    hum = (0.05 * np.sin(2 * np.pi * 50 * time_s) + 0.1).astype(np.float32)
    found = segments(recording([(4.0, 6.0), (12.0, 15.0)], 20) + hum, RATE)
    assert [(round(a), round(b)) for a, b in found] == [(4, 6), (12, 15)]


def test_the_floor_follows_the_noise() -> None:
    sound = recording([(5.0, 7.0), (80.0, 82.0)], 90)
    sound[40 * RATE :] += noise(50, 0.003)  # a fan is switched on
    found = segments(sound, RATE)
    assert (round(found[0][0]), round(found[-1][1])) == (5, 82)
    assert sum(b - a for a, b in found) < 30


def test_speech_without_a_pause_is_kept_and_cut_at_its_quietest() -> None:
    sound = voice(100) + noise(100)
    sound[25 * RATE : int(25.3 * RATE)] *= 0.05
    found = segments(sound, RATE)
    assert found[0][0] == 0
    assert found[-1][1] == 100
    assert found[0][1] == pytest.approx(25.15, abs=0.1)
    assert all(b - a <= 30 for a, b in found)
    assert all(before[1] == after[0] for before, after in pairwise(found))


@given(
    spoken=st.lists(st.tuples(st.floats(0.3, 2), st.floats(0.8, 3)), min_size=1, max_size=6),
    shortest=st.floats(0.0, 0.7),
    margin=st.floats(0.0, 0.6),
)
def test_stretches_are_in_order_apart_and_hold_all_speech(
    spoken: list[tuple[float, float]], shortest: float, margin: float
) -> None:
    at, places = 1.0, []
    for length_s, pause_s in spoken:
        places.append((at, at + length_s))
        at += length_s + pause_s
    found = segments(recording(places, at), RATE, SilenceRules(min_silence_s=shortest, margin_s=margin))
    edges = [edge for pair in found for edge in pair]
    assert edges == sorted(edges)
    assert edges[0] >= 0
    assert edges[-1] <= at
    for start_s, end_s in places:
        assert any(a <= start_s + 0.05 and b >= end_s - 0.15 for a, b in found)


def test_real_recordings_lose_no_word(shared: Path) -> None:
    """AN4's clips, which are speech almost from end to end, with five seconds of their own quiet sound between them."""
    clips = [read_audio(path)[0] for path in sorted((shared / "fixtures" / "clips").glob("*.wav"))]
    sound, places = [], []
    for clip in clips:
        quiet = np.tile(clip[-1600:], 50) * 0.5
        sound.append(quiet)
        start = sum(map(len, sound))
        places.append((start / RATE, (start + len(clip)) / RATE))
        sound.append(clip)
    found = segments(np.concatenate(sound), RATE)
    for start_s, end_s in places:
        held = sum(max(0.0, min(b, end_s) - max(a, start_s)) for a, b in found)
        assert held > 0.6 * (end_s - start_s)
    assert sum(b - a for a, b in found) < 1.6 * sum(b - a for a, b in places)


@pytest.mark.parametrize("name", ["white", "exercise_bike", "running_tap", "pink_noise", "doing_the_dishes"])
@pytest.mark.parametrize("snr_db", [0, 5])
def test_speech_that_noise_drowns_is_kept(shared: Path, name: str, snr_db: float) -> None:
    clips = [read_audio(path)[0] for path in sorted((shared / "fixtures" / "clips").glob("*.wav"))]
    speech = np.concatenate([part for clip in clips for part in (clip, np.zeros(RATE // 2, np.float32))])
    speech = np.resize(speech, 45 * RATE)
    if name == "white":
        sound = noise(45, 1.0)
    else:
        sound = np.resize(resample(*read_audio(shared / "data" / "noise" / f"{name}.opus"), RATE), len(speech))
    sound = sound * np.sqrt(np.mean(speech**2) / np.mean(sound**2)) * 10 ** (-snr_db / 20)
    wanted, found = (np.zeros(45 * 100, bool) for _ in range(2))
    for flags, noisy in ((wanted, speech), (found, speech + sound)):
        for start_s, end_s in segments(noisy, RATE):
            assert end_s - start_s <= 30
            flags[round(start_s * 100) : round(end_s * 100)] = True
    assert (wanted & found).sum() > 0.8 * wanted.sum()


@given(cuts=st.lists(st.integers(1, 12 * RATE), max_size=8), longest=st.sampled_from([1.0, 4.0, 30.0]))
def test_pieces_of_any_size_give_the_same(cuts: list[int], longest: float) -> None:
    sound = recording([(1.0, 3.0), (3.4, 9.0), (12.0, 12.3), (15.0, 40.0), (60.0, 61.0)], 64)
    rules = SilenceRules(max_segment_s=longest)
    stream = SpeechStream(RATE, rules)
    found = [one for piece in np.split(sound, np.cumsum(cuts)) for one in stream.feed(piece)]
    assert [*found, *stream.finish()] == segments(sound, RATE, rules)


@pytest.mark.parametrize(
    "wrong",
    [{"start_db": 2.0}, {"stop_db": 0.0}, {"margin_s": -1.0}, {"max_segment_s": 0.5}, {"min_speech_s": float("nan")}],
)
def test_impossible_rules_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        SilenceRules(**wrong)
