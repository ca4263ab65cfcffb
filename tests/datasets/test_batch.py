"""Stacking: zeros after each clip's end, nothing else changed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.datasets.batch import stack
from deepspeech.datasets.pipeline import Example


def example(name: str, frames: int, labels: int) -> Example:
    features = np.full((frames, 3), frames, np.float32) + np.arange(3, dtype=np.float32) + 1
    return Example(name, features, np.arange(labels, dtype=np.int32))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), min_size=1, max_size=6))
def test_what_went_in_can_be_taken_out(shapes: list[tuple[int, int]]) -> None:
    examples = [example(str(i), *shape) for i, shape in enumerate(shapes)]
    batch = stack(examples)
    assert batch.ids == tuple(e.id for e in examples)
    assert batch.features_BTF.shape == (len(shapes), max(frames for frames, _ in shapes), 3)
    ends = np.cumsum(batch.label_lengths_B)
    assert ends[-1] == len(batch.labels)
    for row, one in enumerate(examples):
        frames = batch.lengths_B[row]
        np.testing.assert_array_equal(batch.features_BTF[row, :frames], one.features_TF)
        assert not batch.features_BTF[row, frames:].any()
        np.testing.assert_array_equal(batch.labels[ends[row] - batch.label_lengths_B[row] : ends[row]], one.labels_L)


def test_types_are_those_that_torch_is_given() -> None:
    batch = stack([example("a", 2, 1), example("b", 3, 2)])
    assert batch.features_BTF.dtype == np.float32
    assert batch.labels.dtype == np.int32
    assert batch.lengths_B.dtype == batch.label_lengths_B.dtype == np.int64


def test_a_batch_is_a_copy() -> None:
    one = example("a", 2, 1)
    stack([one]).features_BTF[:] = 0
    assert one.features_TF.all()
