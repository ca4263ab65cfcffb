"""Samples as programs hold them: the same sound in every form, everything else in one line."""

import array
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.audio.samples import LOUDEST, as_float
from deepspeech.errors import AudioError

SOUND = (0.3 * np.sin(np.arange(500) / 7)).astype(np.float32)
INT16 = (SOUND * 32768).astype(np.int16)


def test_int16_and_float_are_the_same_sound() -> None:
    np.testing.assert_array_equal(as_float(INT16), as_float(INT16.astype(np.float32) / 32768))
    np.testing.assert_array_equal(as_float(INT16.astype(">i2")), as_float(INT16))
    np.testing.assert_array_equal(as_float(as_float(INT16).astype(">f4")), as_float(INT16))
    assert as_float(np.zeros(3)).dtype == np.float32


@pytest.mark.parametrize(
    "same",
    [
        INT16.astype("<i2").tobytes(),
        bytearray(INT16.astype("<i2").tobytes()),
        memoryview(INT16.astype("<i2").tobytes()),
        memoryview(INT16),
        array.array("h", INT16.tolist()),
        INT16.tolist(),
        tuple(INT16.tolist()),
        (INT16 / 32768).tolist(),
        torch.from_numpy(INT16),
        torch.from_numpy(INT16 / 32768).requires_grad_(),
        torch.from_numpy(INT16)[None],  # as torchaudio loads one channel
        INT16[:, None],  # as soundfile reads it
    ],
    ids=lambda same: type(same).__name__,
)
def test_every_form_is_the_same_sound(same: Any) -> None:
    np.testing.assert_array_equal(as_float(same), as_float(INT16))


@given(st.lists(st.integers(-32768, 32767)))
def test_bytes_are_16_bit_samples(values: list[int]) -> None:
    samples = np.array(values, "<i2")
    np.testing.assert_array_equal(as_float(samples.tobytes()), as_float(samples))
    np.testing.assert_array_equal(as_float(values), as_float(samples))


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros((2, 3), np.float32), r"samples have shape \(2, 3\); pass one channel"),
        (np.zeros(3, np.int32), "samples are int32; pass int16"),
        (np.array([0.0, np.nan]), "values that are not finite"),
        (np.array([0.0, LOUDEST * 1.01]), "divide 16-bit values by 32768"),
        (bytes(3), "3 bytes of sound, but 16-bit samples take two each"),
        ([0, 70_000], "samples are int64; pass int16"),
        ([[0.0], [0.0, 1.0]], "a list cannot be read as samples"),
        ((SOUND, 16000), r"pass them apart: transcribe\(samples, rate_hz=rate\)"),
        (None, "a NoneType holds no samples"),
        ({"array": [0.0]}, "a dict holds no samples"),
        ("a.wav", "a str holds no samples"),
        (0.5, "a float holds no samples"),
    ],
    ids=str,
)
def test_what_is_no_sound_is_refused_in_one_line(samples: Any, reason: str) -> None:
    with pytest.raises(AudioError, match=reason) as refused:
        as_float(samples)
    assert "\n" not in str(refused.value)
