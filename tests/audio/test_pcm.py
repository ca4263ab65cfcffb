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


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1 << 18), st.integers(1, 1 << 18), st.booleans())
def test_a_phase_that_flips_inside_a_block_loses_nothing(start: int, count: int, loud_left: bool) -> None:
    left = np.random.default_rng(1).normal(0, 0.1, 1 << 18).astype(np.float32)
    right = left * np.float32(0.9)
    right[start : start + count] *= -1
    stereo = np.stack([left, right] if loud_left else [right, left], axis=1)
    mono = to_mono(stereo)
    windows = [np.sqrt(np.mean(np.square(mono[i : i + 16000]))) for i in range(0, len(mono), 16000)]
    assert sum(level < 0.05 for level in windows) <= 2  # the seconds that a flip of less than a twentieth covers


def test_two_sides_of_a_call_are_both_kept_though_their_hum_cancels() -> None:
    draw = np.random.default_rng(1)
    hum = draw.normal(0, 0.001, 1 << 17).astype(np.float32)
    left, right = hum.copy(), -hum
    left[:20000] += draw.normal(0, 0.1, 20000).astype(np.float32)
    right[100000:120000] += draw.normal(0, 0.1, 20000).astype(np.float32)
    np.testing.assert_array_equal(to_mono(np.stack([left, right], axis=1)), (left + right) / np.float32(2))
