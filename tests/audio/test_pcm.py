"""The two scales of samples, and one channel out of many."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from deepspeech.audio.pcm import float_to_int16, int16_to_float, to_mono


@settings(deadline=None)
@given(st.lists(st.integers(-32768, 32767)))
def test_sixteen_bits_survive_the_way_to_float_and_back(values: list[int]) -> None:
    samples = np.array(values, np.int16)
    floats = int16_to_float(samples)
    assert floats.dtype == np.float32
    assert np.array_equal(float_to_int16(floats), samples)


def test_full_scale_is_one() -> None:
    assert int16_to_float(np.array([-32768, 16384], np.int16)).tolist() == [-1.0, 0.5]


def test_too_loud_samples_are_limited_not_wrapped() -> None:
    assert float_to_int16(np.array([1.0, 2.5, -1.0, -9.0], np.float32)).tolist() == [
        32767,
        32767,
        -32768,
        -32768,
    ]


def test_rounds_to_the_nearest() -> None:
    assert float_to_int16(np.array([0.6, -0.6, 0.4], np.float32) / np.float32(32768)).tolist() == [1, -1, 0]


def test_channels_are_averaged() -> None:
    stereo = np.array([[0.5, -0.5], [1.0, 0.0]], np.float32)
    assert to_mono(stereo).tolist() == [0.0, 0.5]
    assert to_mono(stereo[:, :1]).tolist() == [0.5, 1.0]
    assert to_mono(stereo[:, 0]).tolist() == [0.5, 1.0]
