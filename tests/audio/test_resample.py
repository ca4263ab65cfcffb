"""Whole clips and chunks give the same samples; a tone stays the tone it was."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepspeech.audio.pcm import Float32
from deepspeech.audio.resample import StreamResampler, resample

RATES_HZ = [8000, 11025, 16000, 22050, 44100, 48000]


def tone(rate_hz: int, duration_s: float, frequency_hz: float = 440.0) -> Float32:
    time_s = np.arange(int(rate_hz * duration_s)) / rate_hz
    return (0.5 * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)


@pytest.mark.parametrize("from_hz", RATES_HZ)
def test_a_tone_keeps_pitch_level_and_length(from_hz: int) -> None:
    found, wanted = resample(tone(from_hz, 1.0), from_hz, 16000), tone(16000, 1.0)
    assert len(found) == len(wanted)
    middle = slice(1600, -1600)  # the filter rings where a signal starts and ends suddenly
    assert np.abs(found[middle] - wanted[middle]).max() < 1e-4


def test_equal_rates_change_nothing() -> None:
    samples = tone(16000, 0.1)
    assert resample(samples, 16000, 16000) is samples


def test_what_the_new_rate_cannot_carry_is_removed() -> None:
    assert np.abs(resample(tone(48000, 1.0, 12000.0), 48000, 16000)[1600:-1600]).max() < 1e-4


@settings(max_examples=30, deadline=None)
@given(
    from_hz=st.sampled_from(RATES_HZ),
    to_hz=st.sampled_from([8000, 16000]),
    sizes=st.lists(st.integers(0, 4000), max_size=12),
)
def test_chunks_equal_the_whole(from_hz: int, to_hz: int, sizes: list[int]) -> None:
    samples = np.random.default_rng(sum(sizes)).uniform(-0.5, 0.5, sum(sizes)).astype(np.float32)
    stream = StreamResampler(from_hz, to_hz)
    for _ in range(2):  # after finish, the next signal starts afresh
        chunks = [stream.feed(chunk) for chunk in np.split(samples, np.cumsum(sizes)[:-1] if sizes else [])]
        joined = np.concatenate([*chunks, stream.finish()])
        whole = resample(samples, from_hz, to_hz)
        assert len(joined) == len(whole)
        assert np.allclose(joined, whole, atol=1e-6)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_next_to_no_samples(count: int) -> None:
    assert len(resample(np.zeros(count, np.float32), 48000, 16000)) <= 1
