"""ONNX files read without onnx: what its own library reads, and one clear error for what is damaged."""

import contextlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from deepspeech.errors import ModelFileError
from deepspeech.modelfile.arrays import read_constants, read_metadata


def model(path: Path) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    arrays = {
        "floats": random.normal(size=(3, 4)).astype(np.float32),
        "numbers": random.integers(-127, 128, (2, 3, 5)).astype(np.int8),
        "one": np.array(7, np.int64),
        "nothing": np.zeros((0, 2), np.float32),
    }
    constants = [numpy_helper.from_array(value, name) for name, value in arrays.items()]
    constants.append(numpy_helper.from_array(np.zeros(3, np.float64), "of another kind"))
    made = helper.make_model(helper.make_graph([], "empty", [], [], constants))
    helper.set_model_props(made, {"name": "première", "empty": ""})
    onnx.save(made, path)
    return arrays


def test_constants_and_metadata_are_those_of_onnx(tmp_path: Path) -> None:
    arrays = model(tmp_path / "a.onnx")
    found = read_constants(tmp_path / "a.onnx")
    assert set(found) == set(arrays)
    for name, value in arrays.items():
        assert (found[name].dtype, found[name].shape) == (value.dtype, value.shape)
        np.testing.assert_array_equal(found[name], value)
        assert not (value.size and found[name].flags.writeable)
    assert read_metadata(tmp_path / "a.onnx") == {"name": "première", "empty": ""}


@given(st.integers(0, 10_000), st.integers(0, 255), st.integers(0, 10_000))
def test_damage_is_an_error_or_goes_unnoticed(tmp_path_factory: pytest.TempPathFactory, place: int, byte: int,
                                              end: int) -> None:  # fmt: skip
    path = tmp_path_factory.mktemp("damage") / "a.onnx"
    model(path)
    content = bytearray(path.read_bytes())
    content[place % len(content)] = byte
    path.write_bytes(content[: 1 + end % len(content)])
    for read in (read_constants, read_metadata):
        with contextlib.suppress(ModelFileError):
            read(path)


def test_nothing_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"")
    with pytest.raises(ModelFileError, match="empty"):
        read_metadata(tmp_path / "a.onnx")
