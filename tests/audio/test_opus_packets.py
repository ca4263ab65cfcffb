"""Bare Opus packets: what goes in comes out, nearly; what is damaged is told."""

import contextlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.audio.opus_packets import RATES_HZ, decode, duration_48k, encode, probe
from deepspeech.errors import AudioError


def tone(rate_hz: int, seconds: float = 1.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate_hz * seconds)) / rate_hz)).astype(np.float32)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("seconds", [0.01, 1.0, 12.3])
def test_a_round_trip_keeps_length_rate_and_sound(rate_hz: int, seconds: float) -> None:
    x = tone(rate_hz, seconds)
    y, found_hz = decode(encode(x, rate_hz), "clip")
    assert (found_hz, len(y)) == (rate_hz, len(x))
    if seconds >= 1:
        peak_hz = np.abs(np.fft.rfft(y)).argmax() * rate_hz / len(y)
        assert peak_hz == pytest.approx(440, abs=2)
        assert np.std(y[rate_hz // 10 :]) == pytest.approx(np.std(x), rel=0.1)


def test_the_head_says_what_the_old_system_wrote() -> None:
    data = encode(tone(16000), 16000)
    assert struct.unpack_from(">IIBB", data) == (32000, 16000, 1, 2)
    size = int.from_bytes(data[10:12], "big")
    assert duration_48k(data[12 : 12 + size]) in (480, 960, 1920, 2880)


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (bytes([0b00000000]), 480),  # SILK, 10 ms
        (bytes([0b00011000]), 2880),  # SILK, 60 ms
        (bytes([0b01101001]), 1920),  # hybrid, 20 ms, two frames
        (bytes([0b11111000]), 960),  # CELT, 20 ms
        (bytes([0b11111011, 3]), 2880),  # CELT, 20 ms, three frames
        (bytes([0b11111011, 63]), 5760),  # more than any packet may hold
    ],
)
def test_a_packet_tells_its_length(packet: bytes, expected: int) -> None:
    assert duration_48k(packet) == expected


def test_rates_that_opus_has_not_are_refused() -> None:
    with pytest.raises(AudioError, match=r"Opus has no 44100 Hz; resample to one of 8000, "):
        encode(tone(44100), 44100)


@pytest.mark.parametrize("length", [0, 5, 9, 11, 40, -1])
def test_what_is_cut_off_is_reported(length: int) -> None:
    with pytest.raises(AudioError, match=r"^clip: .*(cut off|head)"):
        decode(encode(tone(16000), 16000)[:length], "clip")


@given(st.lists(st.tuples(st.integers(10, 2000), st.integers(0, 255)), min_size=1, max_size=5))
def test_damage_is_an_error_or_a_sound(changes: list[tuple[int, int]]) -> None:
    data = bytearray(encode(tone(16000), 16000))
    for place, value in changes:
        data[place % len(data)] = value
    with contextlib.suppress(AudioError):
        assert decode(bytes(data), "clip")[0].ndim == 1


@pytest.mark.parametrize("size", [61303, 65535])
def test_a_packet_larger_than_any_is_refused(size: int) -> None:
    data = struct.pack(">IIBB", 32000, 16000, 1, 2) + struct.pack(">H", size) + b"\xfc" * size
    for read in (decode, probe):
        with pytest.raises(AudioError, match="none has more than"):
            read(data, "clip")
