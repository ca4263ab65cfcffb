"""Build ONNX graphs node by node, for the exporters of network families: `acoustic/*/graph.py`.

A graph takes a chunk of features and states in, and gives probabilities and states (docs/formats/modelfile.md). It is
written node by node: it is small, and so it stays the same whoever trained the weights, and with whatever version of
torch.

A matrix may be Quantized: ONNX Runtime then quantizes the activations dynamically (its own
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
from deepspeech.renamed import renamed

OPSET = 17
IR_VERSION = 8
FLOAT = TensorProto.FLOAT
RUNTIME = "com.microsoft"  # domain of ONNX Runtime's own operators

Float32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Quantized:
    """A symmetrically quantized int8 matrix [outputs, inputs], values -127 to 127, with one scale [1] or a scale per
    output [outputs]."""

    values: NDArray[np.int8]
    scale: Float32

    @classmethod
    def of(cls, matrix: Float32) -> "Quantized":
        """Quantize `matrix` with a scale per output."""
        scale = np.maximum(np.abs(matrix).max(axis=1), np.float32(1e-30)) / np.float32(127)
        return cls(np.round(matrix / scale[:, None]).astype(np.int8), scale)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    def to_float(self) -> Float32:
        return self.values * self.scale[:, None]


Model = onnx.ModelProto
Weights = Mapping[str, "Float32 | Quantized"]
Shape = Sequence["int | str"]  # strings are dynamic dimensions: "clips" of a batch, "frames" of a chunk


class Graph:
    """Builder of an ONNX graph; each method adds a node and returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, operation: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.node(operation, inputs, [output], output, **attributes)
        return output

    def node(self, operation: str, inputs: Sequence[str], outputs: Sequence[str], name: str, **attributes: Any) -> None:
        """Add a node with several outputs."""
        self.nodes.append(helper.make_node(operation, list(inputs), list(outputs), name=name, **attributes))

    def linear(self, weights: "Weights", name: str, x: str) -> str:
        """x·weightᵀ + bias, of the parameters NAME.weight and NAME.bias."""
        weight, bias = weights[f"{name}.weight"], as_float(weights, f"{name}.bias")
        if isinstance(weight, Quantized):
            matrix = self.constant(f"{name}.weight", weight.values.T)
            scale = self.constant(f"{name}.scale", _scales(weight.scale))
            zero = self.constant(f"{name}.zero", np.zeros(_scales(weight.scale).shape, np.int8))
            inputs = [x, matrix, scale, zero, self.constant(f"{name}.bias", bias)]
            return self.add("DynamicQuantizeMatMul", inputs, f"{name}.sum", domain=RUNTIME)
        product = self.add("MatMul", [x, self.constant(f"{name}.weight", weight.T)], f"{name}.product")
        return self.add("Add", [product, self.constant(f"{name}.bias", bias)], f"{name}.sum")

    def silu(self, x: str, name: str) -> str:
        """x · sigmoid(x), as NAME.silu."""
        return self.add("Mul", [x, self.add("Sigmoid", [x], f"{name}.sigmoid")], f"{name}.silu")

    def layer_norm(self, weights: "Weights", name: str, x: str, epsilon: float = 1e-5) -> str:
        """Normalized over the last axis, by the parameters NAME.weight and NAME.bias, as NAME.out."""
        scale, bias = (
            self.constant(f"{name}.{part}", as_float(weights, f"{name}.{part}")) for part in ("weight", "bias")
        )
        return self.add("LayerNormalization", [x, scale, bias], f"{name}.out", axis=-1, epsilon=epsilon)

    def model(self, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]) -> onnx.ModelProto:
        """The model without its card, from names and shapes of inputs and outputs; `lengths` is int32."""
        input_values = [_value(name, shape) for name, shape in inputs.items()]
        output_values = [_value(name, shape) for name, shape in outputs.items()]
        body = helper.make_graph(self.nodes, "deepspeech", input_values, output_values, self.constants)
        domains = [helper.make_opsetid("", OPSET)]
        if any(node.domain == RUNTIME for node in self.nodes):
            domains.append(helper.make_opsetid(RUNTIME, 1))
        model = helper.make_model(body, opset_imports=domains, producer_name="deepspeech")
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model)
        return model


def as_float(weights: Weights, name: str) -> Float32:
    value = weights[name]
    return value.to_float() if isinstance(value, Quantized) else value


def _scales(scale: Float32) -> Float32:
    """As ONNX Runtime expects them: a scalar or a vector."""
    return scale if len(scale) > 1 else scale.reshape(())


def _value(name: str, shape: Shape) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.INT32 if name == "lengths" else FLOAT, list(shape))


def write_card(model: onnx.ModelProto, card: ModelCard) -> None:
    """Write the card into the model's metadata."""
    helper.set_model_props(model, card.to_metadata())


__getattr__ = renamed(__name__, {"Quantised": "deepspeech.modelfile.graph:Quantized"})
