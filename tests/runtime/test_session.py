"""Sessions: what a model file says of itself, states that clips do not share, and files that are none in one line."""

from pathlib import Path

import numpy as np
import pytest

from deepspeech.errors import ModelFileError
from deepspeech.runtime.session import Session


@pytest.fixture(scope="module")
def session(tiny_model: Path) -> Session:
    return Session(tiny_model)


def chunks(session: Session, clips: int) -> np.ndarray:
    shape = (clips, session.card.chunk.frames, session.card.features.dimensions)
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def test_a_step_gives_probabilities_of_all_its_outputs(session: Session) -> None:
    found, _ = session.step(chunks(session, 3), session.start(3))
    outputs = session.card.chunk.within(session.card.chunk.frames)
    assert found.shape == (3, outputs, session.card.tokens.classes)
    np.testing.assert_allclose(found.sum(-1), 1, rtol=1e-5)


def test_states_go_on_and_are_not_changed_in_place(session: Session) -> None:
    x, start = chunks(session, 2), session.start(2)
    kept = {name: value.copy() for name, value in start.items()}
    first, after = session.step(x, start)
    for name, value in start.items():
        np.testing.assert_array_equal(value, kept[name])
    second, _ = session.step(x, after)
    assert not np.array_equal(first, second), "the second chunk is heard after the first"
    np.testing.assert_array_equal(session.step(x, start)[0], first)


def test_clips_of_a_batch_do_not_hear_each_other(session: Session) -> None:
    x = chunks(session, 2)
    x[1] *= 5
    together, _ = session.step(x, session.start(2))
    swapped, _ = session.step(x[::-1].copy(), session.start(2))
    np.testing.assert_allclose(together, swapped[::-1], rtol=1e-5, atol=1e-7)


def test_a_file_that_is_no_model_is_told_in_one_line(tmp_path: Path, tiny_model: Path) -> None:
    with pytest.raises(ModelFileError, match="there is no such file"):
        Session(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(ModelFileError, match=r"text\.onnx: ") as told:
        Session(tmp_path / "text.onnx")
    assert "\n" not in str(told.value)
    assert str(told.value).endswith("`deepspeech convert`")  # for an old .tflite, .pb or .pbmm
    damaged = bytearray(tiny_model.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "damaged.onnx").write_bytes(damaged)
    with pytest.raises(ModelFileError, match=r"damaged\.onnx: damaged"):
        Session(tmp_path / "damaged.onnx")
