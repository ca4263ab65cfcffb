"""DeepSpeech's network as an ONNX graph: windows and state in, probabilities and state out.

    windows [B, T, 2·context + 1, F], state_h, state_c [layers, B, H]
        → probabilities [B, T, V], new_state_h, new_state_c [layers, B, H]

A bidirectional network takes whole clips instead, padded to the longest, and their numbers of windows:

    windows [B, T, 2·context + 1, F], lengths [B] → probabilities [B, T, V]

In: weights as arrays, by the parameter names of `network.py`, and the card. Imports no torch. Unlike other
families the graph takes windows instead of frames, so that earlier versions of this package read it.
"""

from collections.abc import Mapping

import numpy as np

from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig
from deepspeech.acoustic.lstm_graph import add_lstm
from deepspeech.modelfile.card import ModelCard
from deepspeech.modelfile.graph import Float32, Graph, Model, Quantized, Weights, as_float
from deepspeech.renamed import renamed


def to_onnx(weights: Mapping[str, Float32], config: DeepSpeechConfig, card: ModelCard) -> Model:
    """The network of float32 `weights` in the card's precision, as a model without its card."""
    return build(quantize(weights) if card.precision == "int8" else weights, config, card)


def quantize(weights: Mapping[str, Float32]) -> dict[str, "Float32 | Quantized"]:
    """Quantize matrices to int8, except two.

    The first, a fiftieth of the weights: the first MFCC is a hundred times as large as others, which one scale would
    round to zero. And the paper's recurrent layer, which has no int8 operator."""
    return {
        name: Quantized.of(value) if value.ndim == 2 and not name.startswith(("layer_1.", "layer_4.")) else value
        for name, value in weights.items()
    }


def build(weights: Weights, config: DeepSpeechConfig, card: ModelCard) -> Model:
    """The graph of `weights`, float or quantized. Layers are normalized if there are `norms`."""
    graph, dimensions = Graph(), card.features.dimensions
    size = 2 * config.context_frames + 1
    x = graph.add("Sub", ["windows", graph.constant("feature_mean", as_float(weights, "feature_mean"))], "centred")
    x = graph.add("Mul", [x, graph.constant("feature_scale", as_float(weights, "feature_scale"))], "normalised")
    flat = graph.constant("flat", np.array([0, 0, size * dimensions], np.int64))
    x = graph.add("Reshape", [x, flat], "flattened")
    for name in ("1", "2", "3"):
        x = _dense(graph, weights, name, x, config.relu_clip)
    x = {"lstm": _lstm, "relu": _relu}[config.recurrent](graph, weights, config, x)
    x = _dense(graph, weights, "5", x, config.relu_clip)
    x = graph.linear(weights, "layer_6", x)
    graph.add("Softmax", [x], "probabilities", axis=-1)
    windows, state = ("clips", "frames", size, dimensions), (config.lstm_layers, "clips", config.hidden)
    probabilities = {"probabilities": ("clips", "frames", card.tokens.classes)}
    if config.bidirectional:
        return graph.model({"windows": windows, "lengths": ("clips",)}, probabilities)
    return graph.model(
        {"windows": windows, "state_h": state, "state_c": state},
        probabilities | {"new_state_h": state, "new_state_c": state},
    )


def _dense(graph: Graph, weights: Weights, name: str, x: str, relu_clip: float) -> str:
    x = graph.linear(weights, f"layer_{name}", x)
    low = graph.constant(f"layer_{name}.low", np.array(0, np.float32))
    high = graph.constant(f"layer_{name}.high", np.array(relu_clip, np.float32))
    x = graph.add("Clip", [x, low, high], f"layer_{name}.clipped")
    if f"norms.{name}.weight" in weights:
        x = graph.layer_norm(weights, f"norms.{name}", x, epsilon=1e-12)
    return x


def _relu(graph: Graph, weights: Weights, config: DeepSpeechConfig, x: str) -> str:
    """The paper's clipped units (ONNX clips what goes into the ReLU: the same). Both directions share W and b."""
    x = graph.add("Transpose", [x], "layer_4.in", perm=[1, 0, 2])
    own = as_float(weights, "layer_4.recurrent")
    bias = np.concatenate([as_float(weights, "layer_4.input.bias"), np.zeros(config.hidden, np.float32)])
    inputs = [
        x,
        graph.constant("layer_4.W", np.stack([as_float(weights, "layer_4.input.weight")] * len(own))),
        graph.constant("layer_4.R", own),
        graph.constant("layer_4.B", np.stack([bias] * len(own))),
        *(["lengths"] if config.bidirectional else ["", "state_h"]),
    ]
    graph.node(
        "RNN", inputs, ["layer_4.Y"] if config.bidirectional else ["layer_4.Y", "new_state_h"], name="layer_4",
        hidden_size=config.hidden, direction="bidirectional" if config.bidirectional else "forward",
        activations=["Relu"] * len(own), clip=float(config.relu_clip),
    )  # fmt: skip
    if not config.bidirectional:
        graph.add("Identity", ["state_c"], "new_state_c")  # these units have no cell state
    directions = graph.constant("layer_4.directions", np.array([1], np.int64))
    x = graph.add("ReduceSum", ["layer_4.Y", directions], "layer_4.sum", keepdims=0)
    return graph.add("Transpose", [x], "layer_4.batch_first", perm=[1, 0, 2])


def _lstm(graph: Graph, weights: Weights, config: DeepSpeechConfig, x: str) -> str:
    x = graph.add("Transpose", [x], "lstm.in", perm=[1, 0, 2])
    axis = graph.constant("lstm.axis", np.array([1], np.int64))
    states = []
    for layer in range(config.lstm_layers):
        name = f"lstm.{layer}"
        y, new_h, new_c = add_lstm(graph, weights, name, ("lstm", layer), x, layer, config.hidden)
        x = graph.add("Squeeze", [y, axis], f"{name}.out")
        states.append((new_h, new_c))
    graph.add("Concat", [h for h, _ in states], "new_state_h", axis=0)
    graph.add("Concat", [c for _, c in states], "new_state_c", axis=0)
    return graph.add("Transpose", [x], "lstm.batch_first", perm=[1, 0, 2])


__getattr__ = renamed(__name__, {"quantised": "deepspeech.acoustic.deepspeech.graph:quantize"})
