"""A trained network as an ONNX graph that goes step by step: windows and state in, probabilities and state out.

    windows [B, T, 2·context + 1, F], state_h, state_c [layers, B, H]
        → probabilities [B, T, V], new_state_h, new_state_c [layers, B, H]

The graph is written node by node: it is small, and so it stays the same whatever version of torch trained the weights.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from deepspeech.acoustic.deepspeech import DeepSpeech
from deepspeech.modelfile import ModelCard

OPSET = 17
IR_VERSION = 8
FLOAT = TensorProto.FLOAT


class Graph:
    """Nodes and constants in the making; each method adds one node and returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, operation: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operation, list(inputs), [output], name=output, **attributes))
        return output


def build(network: DeepSpeech, card: ModelCard) -> onnx.ModelProto:
    """The network in float32 with its card. The caller quantises and saves it."""
    weights = {name: value.detach().cpu().numpy() for name, value in network.state_dict().items()}
    graph, coefficients = Graph(), card.features.coefficients
    size = 2 * card.context_frames + 1
    x = graph.add("Sub", ["windows", graph.constant("feature_mean", weights["feature_mean"])], "centred")
    x = graph.add("Mul", [x, graph.constant("feature_scale", weights["feature_scale"])], "normalised")
    flat = graph.constant("flat", np.array([0, 0, size * coefficients], np.int64))
    x = graph.add("Reshape", [x, flat], "flattened")
    for name in ("1", "2", "3"):
        x = _dense(graph, network, weights, name, x)
    x = _lstm(graph, network, weights, x)
    x = _dense(graph, network, weights, "5", x)
    x = _linear(graph, weights, "layer_6", x)
    graph.add("Softmax", [x], "probabilities", axis=-1)
    return _model(graph, card, size)


def _linear(graph: Graph, weights: dict[str, NDArray[np.float32]], name: str, x: str) -> str:
    matrix = graph.constant(f"{name}.weight", weights[f"{name}.weight"].T)
    product = graph.add("MatMul", [x, matrix], f"{name}.product")
    return graph.add("Add", [product, graph.constant(f"{name}.bias", weights[f"{name}.bias"])], f"{name}.sum")


def _dense(graph: Graph, network: DeepSpeech, weights: dict[str, NDArray[np.float32]], name: str, x: str) -> str:
    x = _linear(graph, weights, f"layer_{name}", x)
    low = graph.constant(f"layer_{name}.low", np.array(0, np.float32))
    high = graph.constant(f"layer_{name}.high", np.array(network.config.relu_clip, np.float32))
    x = graph.add("Clip", [x, low, high], f"layer_{name}.clipped")
    if network.config.layer_norm:
        scale = graph.constant(f"norms.{name}.weight", weights[f"norms.{name}.weight"])
        bias = graph.constant(f"norms.{name}.bias", weights[f"norms.{name}.bias"])
        x = graph.add("LayerNormalization", [x, scale, bias], f"norms.{name}.out", axis=-1, epsilon=1e-12)
    return x


def _lstm(graph: Graph, network: DeepSpeech, weights: dict[str, NDArray[np.float32]], x: str) -> str:
    """torch's gates i, f, g, o become ONNX's i, o, f, c."""
    layers, hidden = network.config.lstm_layers, network.config.hidden

    def gates(value: NDArray[np.float32]) -> NDArray[np.float32]:
        i, f, g, o = np.split(value, 4)
        return np.concatenate([i, o, f, g])

    x = graph.add("Transpose", [x], "lstm.in", perm=[1, 0, 2])
    axis = graph.constant("lstm.axis", np.array([1], np.int64))
    states = []
    for layer in range(layers):
        name = f"lstm.{layer}"
        kernel = graph.constant(f"{name}.W", gates(weights[f"lstm.weight_ih_l{layer}"])[None])
        recurrent = graph.constant(f"{name}.R", gates(weights[f"lstm.weight_hh_l{layer}"])[None])
        both = np.concatenate([gates(weights[f"lstm.bias_{kind}_l{layer}"]) for kind in ("ih", "hh")])[None]
        index = graph.constant(f"{name}.index", np.array([layer], np.int64))
        h = graph.add("Gather", ["state_h", index], f"{name}.h", axis=0)
        c = graph.add("Gather", ["state_c", index], f"{name}.c", axis=0)
        outputs = [f"{name}.Y", f"{name}.Y_h", f"{name}.Y_c"]
        inputs = [x, kernel, recurrent, graph.constant(f"{name}.B", both), "", h, c]
        graph.nodes.append(helper.make_node("LSTM", inputs, outputs, name=name, hidden_size=hidden))
        x = graph.add("Squeeze", [f"{name}.Y", axis], f"{name}.out")
        states.append((f"{name}.Y_h", f"{name}.Y_c"))
    graph.add("Concat", [h for h, _ in states], "new_state_h", axis=0)
    graph.add("Concat", [c for _, c in states], "new_state_c", axis=0)
    return graph.add("Transpose", [x], "lstm.batch_first", perm=[1, 0, 2])


def _model(graph: Graph, card: ModelCard, size: int) -> onnx.ModelProto:
    state: list[str | int | None] = [card.lstm_layers, "clips", card.hidden]
    inputs = [
        helper.make_tensor_value_info("windows", FLOAT, ["clips", "frames", size, card.features.coefficients]),
        helper.make_tensor_value_info("state_h", FLOAT, state),
        helper.make_tensor_value_info("state_c", FLOAT, state),
    ]
    outputs = [
        helper.make_tensor_value_info("probabilities", FLOAT, ["clips", "frames", card.alphabet.classes]),
        helper.make_tensor_value_info("new_state_h", FLOAT, state),
        helper.make_tensor_value_info("new_state_c", FLOAT, state),
    ]
    body = helper.make_graph(graph.nodes, "deepspeech", inputs, outputs, graph.constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="deepspeech")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model)
    return model


def write_card(model: onnx.ModelProto, card: ModelCard) -> None:
    """Put the card into the model's metadata."""
    helper.set_model_props(model, card.to_metadata())
