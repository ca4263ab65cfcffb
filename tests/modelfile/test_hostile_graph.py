"""Graphs that a stranger made: what could run for ever, or read other files, is refused before it is opened."""

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from deepspeech.errors import ModelFileError
from deepspeech.modelfile.arrays import check_graph
from deepspeech.old_models import tflite
from deepspeech.runtime.session import Session


def saved(path: Path, nodes: list[onnx.NodeProto], constants: tuple[onnx.TensorProto, ...] = ()) -> Path:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    onnx.save(helper.make_model(helper.make_graph(nodes, "g", [x], [x], constants)), path)
    return path


def elsewhere(name: str) -> onnx.TensorProto:
    tensor = onnx.TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    return tensor


def test_plain_graphs_pass(tmp_path: Path, tiny_model: Path) -> None:
    check_graph(tiny_model)
    check_graph(saved(tmp_path / "a.onnx", [helper.make_node("Add", ["x", "x"], ["y"])]))


@pytest.mark.parametrize("operator", ["Loop", "If", "Scan"])
def test_a_graph_inside_the_graph_is_refused(tmp_path: Path, operator: str) -> None:
    body = helper.make_graph([], "body", [], [])
    path = saved(tmp_path / "a.onnx", [helper.make_node(operator, ["x"], ["y"], body=body)])
    with pytest.raises(ModelFileError, match="graph inside its graph"):
        check_graph(path)


def test_weights_in_another_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="another file"):
        check_graph(saved(tmp_path / "a.onnx", [], (elsewhere("w"),)))
    node = helper.make_node("Constant", [], ["y"], value=elsewhere("w"))
    with pytest.raises(ModelFileError, match="another file"):
        check_graph(saved(tmp_path / "b.onnx", [node]))


def test_weights_that_are_said_to_be_in_this_file_pass(tmp_path: Path) -> None:
    """As ONNX Runtime's quantization writes them."""
    here = onnx.TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1], float_data=[0.5])
    here.data_location = TensorProto.DEFAULT
    path = saved(tmp_path / "a.onnx", [helper.make_node("Add", ["x", "w"], ["y"])], (here,))
    assert b"\x70\x00" in path.read_bytes()  # field 14 of the tensor, 0
    check_graph(path)


@pytest.mark.parametrize("name", ["loop", "card-deep", "card-hidden-1e9", "card-beam-str", "card-labels-esc"])
def test_the_kept_models_are_refused(shared: Path, name: str) -> None:
    path = shared / "cases" / "hostile" / f"{name}.onnx"
    if not path.exists():
        pytest.skip("needs ../shared/cases")
    with pytest.raises(ModelFileError, match=name):
        Session(path)


def test_parts_that_lie_over_one_another_are_counted_together(shared: Path) -> None:
    path = shared / "cases" / "hostile" / "amplify.tflite"
    if not path.exists():
        pytest.skip("needs ../shared/cases")
    with pytest.raises(ModelFileError, match="lists more than"):
        tflite.read(path.read_bytes())
