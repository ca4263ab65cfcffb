"""Mean and deviation: measured clip by clip, in whatever parts the clips are looked at, and taken off each value."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepspeech.errors import ConfigError
from deepspeech.features.front_end import Float32
from deepspeech.features.normalization import LEAST_DEVIATION, Normalization, measure, moments, normalization_of

RANDOM = np.random.default_rng(7)
CLIPS: list[Float32] = [
    RANDOM.normal([-20, 0, 3], [4, 1, 0.5], (length, 3)).astype(np.float32) for length in (40, 1, 0, 300, 77)
]


def test_mean_and_deviation_of_all_frames() -> None:
    found, frames = measure(CLIPS), np.concatenate(CLIPS).astype(np.float64)
    np.testing.assert_allclose(found.mean, frames.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.deviation, frames.std(axis=0), rtol=1e-9)
    normal = found.apply(np.concatenate(CLIPS))
    assert normal.dtype == np.float32
    np.testing.assert_allclose(normal.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(normal.std(axis=0), 1, atol=1e-5)


@settings(max_examples=30)
@given(st.permutations(range(len(CLIPS))), st.integers(1, 4))
def test_processes_find_the_same_bits_whoever_looked_at_a_clip(order: list[int], ranks: int) -> None:
    rows = {number: moments(CLIPS[number]) for rank in range(ranks) for number in order[rank::ranks]}
    assert normalization_of(rows[number] for number in range(len(CLIPS))) == measure(CLIPS)


def test_measured_as_networks_with_their_own_normalization_do() -> None:
    frames = np.concatenate(CLIPS).astype(np.float64)
    rows = [[*clip.astype(np.float64).sum(0), *(clip.astype(np.float64) ** 2).sum(0), len(clip)] for clip in CLIPS]
    sums = np.sum(rows, axis=0)
    mean, mean_square = sums[:-1].reshape(2, 3) / len(frames)
    deviation = np.sqrt(np.maximum(mean_square - mean**2, 1e-8))
    found = measure(CLIPS, least_deviation=1e-4)
    np.testing.assert_array_equal(found.mean, mean)
    np.testing.assert_array_equal(found.deviation, deviation)


def test_what_never_moved_in_training_does_not_explode_later() -> None:
    found = measure([np.full((9, 2), -23, np.float32)])
    assert found == Normalization((-23.0, -23.0), (LEAST_DEVIATION, LEAST_DEVIATION))


@settings(max_examples=30)
@given(st.integers(0, 40), st.integers(1, 40))
def test_a_frame_is_normalized_to_the_same_bits_whatever_its_neighbours(first: int, count: int) -> None:
    found = measure(CLIPS)
    np.testing.assert_array_equal(
        found.apply(CLIPS[3])[first : first + count], found.apply(CLIPS[3][first : first + count])
    )


def test_nothing_is_changed_in_place() -> None:
    clip = CLIPS[0].copy()
    measure([clip]).apply(clip)
    np.testing.assert_array_equal(clip, CLIPS[0])


def test_reads_back_exactly() -> None:
    found = measure(CLIPS)
    assert Normalization.of(json.loads(json.dumps(found.to_dict()))) == found


@pytest.mark.parametrize("clips", [[], [np.zeros((0, 3), np.float32)]])
def test_nothing_to_measure_is_reported(clips: list[Float32]) -> None:
    with pytest.raises(ConfigError, match="no feature frames to measure"):
        measure(clips)


@pytest.mark.parametrize(
    ("mean", "deviation"),
    [((0.0,), (1.0, 1.0)), ((0.0,), (0.0,)), ((0.0,), (-1.0,)), ((float("nan"),), (1.0,)), ((0.0,), (float("inf"),))],
)
def test_impossible_values_are_refused(mean: tuple[float, ...], deviation: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match="measure it again"):
        Normalization(mean, deviation)
