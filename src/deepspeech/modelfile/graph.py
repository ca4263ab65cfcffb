"""A trained network as an ONNX graph that goes step by step: windows and state in, probabilities and state out.

    windows [B, T, 2·context + 1, F], state_h, state_c [layers, B, H]
        → probabilities [B, T, V], new_state_h, new_state_c [layers, B, H]

A bidirectional network takes whole clips instead, padded to the longest, and how many windows each has:

    windows [B, T, 2·context + 1, F], lengths [B] → probabilities [B, T, V]

In: weights as arrays, by the parameter names of `acoustic/deepspeech.py`, and the card. The graph is written node by
node: it is small, and so it stays the same whoever trained the weights, and with whatever version of torch.

A matrix may be Quantised: it stays in 8 bits, and ONNX Runtime rounds what it is multiplied with while it runs (its own
operators DynamicQuantizeMatMul and DynamicQuantizeLSTM, `onnxruntime/docs/ContribOperators.md`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from deepspeech.modelfile.card import ModelCard

OPSET = 17
IR_VERSION = 8
FLOAT = TensorProto.FLOAT
RUNTIME = "com.microsoft"  # domain of ONNX Runtime's own operators

Float32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Quantised:
    """A matrix [outputs, inputs] of whole numbers from -127 to 127, and what one of them is worth: everywhere the same
    (scale has one entry), or for each output (scale [outputs])."""

    values: NDArray[np.int8]
    scale: Float32

    @classmethod
    def of(cls, matrix: Float32) -> "Quantised":
        """`matrix` rounded, with a scale for each output."""
        scale = np.maximum(np.abs(matrix).max(axis=1), np.float32(1e-30)) / np.float32(127)
        return cls(np.round(matrix / scale[:, None]).astype(np.int8), scale)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    def to_float(self) -> Float32:
        return self.values * self.scale[:, None]


Weights = Mapping[str, "Float32 | Quantised"]


def quantised(weights: Mapping[str, Float32]) -> dict[str, "Float32 | Quantised"]:
    """All matrices rounded to 8 bits but the first, a fiftieth of the weights: the first coefficient of sound is a
    hundred times as large as others, which would be lost where both are rounded alike. And but the paper's recurrent
    layer, which has no operator in 8 bits."""
    return {
        name: Quantised.of(value) if value.ndim == 2 and not name.startswith(("layer_1.", "layer_4.")) else value
        for name, value in weights.items()
    }


class Graph:
    """Nodes and constants in the making; each method adds one node and returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, operation: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operation, list(inputs), [output], name=output, **attributes))
        return output


def build(weights: Weights, card: ModelCard, relu_clip: float) -> onnx.ModelProto:
    """The network as a model without its card. The caller writes the card and saves it.

    `relu_clip` is the upper limit of the dense layers' outputs; layers are normalised where there are `norms`.
    """
    graph, coefficients = Graph(), card.features.dimensions
    size = 2 * card.context_frames + 1
    x = graph.add("Sub", ["windows", graph.constant("feature_mean", _array(weights, "feature_mean"))], "centred")
    x = graph.add("Mul", [x, graph.constant("feature_scale", _array(weights, "feature_scale"))], "normalised")
    flat = graph.constant("flat", np.array([0, 0, size * coefficients], np.int64))
    x = graph.add("Reshape", [x, flat], "flattened")
    for name in ("1", "2", "3"):
        x = _dense(graph, weights, name, x, relu_clip)
    recurrent = {"lstm": _lstm, "relu": _relu}[card.recurrent]
    x = recurrent(graph, weights, card, x, relu_clip)
    x = _dense(graph, weights, "5", x, relu_clip)
    x = _linear(graph, weights, "layer_6", x)
    graph.add("Softmax", [x], "probabilities", axis=-1)
    return _model(graph, card, size, any(isinstance(value, Quantised) for value in weights.values()))


def _array(weights: Weights, name: str) -> Float32:
    value = weights[name]
    return value.to_float() if isinstance(value, Quantised) else value


def _linear(graph: Graph, weights: Weights, name: str, x: str) -> str:
    weight = weights[f"{name}.weight"]
    if isinstance(weight, Quantised):
        matrix = graph.constant(f"{name}.weight", weight.values.T)
        scale = graph.constant(f"{name}.scale", _scales(weight.scale))
        zero = graph.constant(f"{name}.zero", np.zeros(_scales(weight.scale).shape, np.int8))
        bias = graph.constant(f"{name}.bias", _array(weights, f"{name}.bias"))
        return graph.add("DynamicQuantizeMatMul", [x, matrix, scale, zero, bias], f"{name}.sum", domain=RUNTIME)
    matrix = graph.constant(f"{name}.weight", weight.T)
    product = graph.add("MatMul", [x, matrix], f"{name}.product")
    return graph.add("Add", [product, graph.constant(f"{name}.bias", _array(weights, f"{name}.bias"))], f"{name}.sum")


def _scales(scale: Float32) -> Float32:
    """As ONNX Runtime wants them: a number, or a row of them."""
    return scale if len(scale) > 1 else scale.reshape(())


def _dense(graph: Graph, weights: Weights, name: str, x: str, relu_clip: float) -> str:
    x = _linear(graph, weights, f"layer_{name}", x)
    low = graph.constant(f"layer_{name}.low", np.array(0, np.float32))
    high = graph.constant(f"layer_{name}.high", np.array(relu_clip, np.float32))
    x = graph.add("Clip", [x, low, high], f"layer_{name}.clipped")
    if f"norms.{name}.weight" in weights:
        scale = graph.constant(f"norms.{name}.weight", _array(weights, f"norms.{name}.weight"))
        bias = graph.constant(f"norms.{name}.bias", _array(weights, f"norms.{name}.bias"))
        x = graph.add("LayerNormalization", [x, scale, bias], f"norms.{name}.out", axis=-1, epsilon=1e-12)
    return x


def _gates(value: NDArray[Any]) -> NDArray[Any]:
    """Our gates i, f, g, o (torch's) as ONNX's i, o, f, c."""
    i, f, g, o = np.split(value, 4)
    return np.concatenate([i, o, f, g])


def _relu(graph: Graph, weights: Weights, card: ModelCard, x: str, relu_clip: float) -> str:
    """The paper's clipped units (ONNX clips what goes into the ReLU: the same). Both directions share W and b."""
    x = graph.add("Transpose", [x], "layer_4.in", perm=[1, 0, 2])
    own = _array(weights, "layer_4.recurrent")
    bias = np.concatenate([_array(weights, "layer_4.input.bias"), np.zeros(card.hidden, np.float32)])
    inputs = [
        x,
        graph.constant("layer_4.W", np.stack([_array(weights, "layer_4.input.weight")] * len(own))),
        graph.constant("layer_4.R", own),
        graph.constant("layer_4.B", np.stack([bias] * len(own))),
        *(["lengths"] if card.bidirectional else ["", "state_h"]),
    ]
    node = helper.make_node(
        "RNN", inputs, ["layer_4.Y"] if card.bidirectional else ["layer_4.Y", "new_state_h"], name="layer_4",
        hidden_size=card.hidden, direction="bidirectional" if card.bidirectional else "forward",
        activations=["Relu"] * len(own), clip=float(relu_clip),
    )  # fmt: skip
    graph.nodes.append(node)
    if card.streams:
        graph.add("Identity", ["state_c"], "new_state_c")  # such units have no second memory
    directions = graph.constant("layer_4.directions", np.array([1], np.int64))
    x = graph.add("ReduceSum", ["layer_4.Y", directions], "layer_4.sum", keepdims=0)
    return graph.add("Transpose", [x], "layer_4.batch_first", perm=[1, 0, 2])


def _lstm(graph: Graph, weights: Weights, card: ModelCard, x: str, relu_clip: float) -> str:
    x = graph.add("Transpose", [x], "lstm.in", perm=[1, 0, 2])
    axis = graph.constant("lstm.axis", np.array([1], np.int64))
    states = []
    for layer in range(card.lstm_layers):
        name = f"lstm.{layer}"
        outputs = [f"{name}.Y", f"{name}.Y_h", f"{name}.Y_c"]
        _lstm_layer(graph, weights, card.hidden, layer, x, outputs)
        x = graph.add("Squeeze", [f"{name}.Y", axis], f"{name}.out")
        states.append((f"{name}.Y_h", f"{name}.Y_c"))
    graph.add("Concat", [h for h, _ in states], "new_state_h", axis=0)
    graph.add("Concat", [c for _, c in states], "new_state_c", axis=0)
    return graph.add("Transpose", [x], "lstm.batch_first", perm=[1, 0, 2])


def _lstm_layer(graph: Graph, weights: Weights, hidden: int, layer: int, x: str, outputs: list[str]) -> None:
    name = f"lstm.{layer}"
    kernel, recurrent = weights[f"lstm.weight_ih_l{layer}"], weights[f"lstm.weight_hh_l{layer}"]
    both = np.concatenate([_gates(_array(weights, f"lstm.bias_{kind}_l{layer}")) for kind in ("ih", "hh")])[None]
    operation, domain, scales = "LSTM", None, []
    if isinstance(kernel, Quantised) and isinstance(recurrent, Quantised):
        operation, domain = "DynamicQuantizeLSTM", RUNTIME
        w = graph.constant(f"{name}.W", _gates(kernel.values).T[None])
        r = graph.constant(f"{name}.R", _gates(recurrent.values).T[None])
        scales = [""]  # no peepholes
        for key, scale in (("W", kernel.scale), ("R", recurrent.scale)):
            given = _gates(scale)[None] if len(scale) > 1 else scale
            scales.append(graph.constant(f"{name}.{key}.scale", given))
            scales.append(graph.constant(f"{name}.{key}.zero", np.zeros(given.shape, np.int8)))
    else:
        w = graph.constant(f"{name}.W", _gates(_array(weights, f"lstm.weight_ih_l{layer}"))[None])
        r = graph.constant(f"{name}.R", _gates(_array(weights, f"lstm.weight_hh_l{layer}"))[None])
    index = graph.constant(f"{name}.index", np.array([layer], np.int64))
    h = graph.add("Gather", ["state_h", index], f"{name}.h", axis=0)
    c = graph.add("Gather", ["state_c", index], f"{name}.c", axis=0)
    inputs = [x, w, r, graph.constant(f"{name}.B", both), "", h, c, *scales]
    graph.nodes.append(helper.make_node(operation, inputs, outputs, name=name, domain=domain, hidden_size=hidden))


def _model(graph: Graph, card: ModelCard, size: int, quantised: bool) -> onnx.ModelProto:
    state: list[str | int | None] = [card.lstm_layers, "clips", card.hidden]
    inputs = [
        helper.make_tensor_value_info("windows", FLOAT, ["clips", "frames", size, card.features.dimensions]),
        helper.make_tensor_value_info("state_h", FLOAT, state),
        helper.make_tensor_value_info("state_c", FLOAT, state),
        helper.make_tensor_value_info("lengths", TensorProto.INT32, ["clips"]),
    ]
    outputs = [
        helper.make_tensor_value_info("probabilities", FLOAT, ["clips", "frames", card.alphabet.classes]),
        helper.make_tensor_value_info("new_state_h", FLOAT, state),
        helper.make_tensor_value_info("new_state_c", FLOAT, state),
    ]
    inputs, outputs = (inputs[:-1], outputs) if card.streams else ([inputs[0], inputs[-1]], outputs[:1])
    body = helper.make_graph(graph.nodes, "deepspeech", inputs, outputs, graph.constants)
    domains = [helper.make_opsetid("", OPSET)] + ([helper.make_opsetid(RUNTIME, 1)] if quantised else [])
    model = helper.make_model(body, opset_imports=domains, producer_name="deepspeech")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model)
    return model


def write_card(model: onnx.ModelProto, card: ModelCard) -> None:
    """Put the card into the model's metadata."""
    helper.set_model_props(model, card.to_metadata())
