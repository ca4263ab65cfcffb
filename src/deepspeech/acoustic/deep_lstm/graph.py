"""A step of the deep LSTM as an ONNX graph, for chunks of any length.

    features [B, T, F], frame [B, 1, F], convolved [B, C, 1, F / 2], seen [B, A, D], state_h, state_c [N, B, D]
        → probabilities [B, T / 4 − A, V], and new_frame … new_state_c

A: outputs of look-ahead.

T is a multiple of 4. int8 models quantize the matrices after the convolutions. Imports no torch.
"""

from collections.abc import Mapping

import numpy as np

from deepspeech.acoustic.deep_lstm.config import LOOK_AHEAD, DeepLstmConfig
from deepspeech.acoustic.lstm_graph import add_lstm
from deepspeech.acoustic.subsampling.graph import add_subsampling, quantize, states
from deepspeech.modelfile.card import ModelCard
from deepspeech.modelfile.graph import Float32, Graph, Model, Weights, as_float


def to_onnx(weights: Mapping[str, Float32], config: DeepLstmConfig, card: ModelCard) -> Model:
    """The network of float32 `weights` in the card's precision, as a model without its card."""
    return build(quantize(weights) if card.precision == "int8" else weights, config, card)


def build(weights: Weights, config: DeepLstmConfig, card: ModelCard) -> Model:
    """The graph of `weights`, float or quantized. Time-major, as ONNX's LSTM requires."""
    graph = Graph()
    x = add_subsampling(graph, weights, "features", config.look_ahead)
    if config.look_ahead:
        x = _add_look_ahead(graph, weights, x, config)
    x = graph.add("Transpose", [x], "frames_first", perm=[1, 0, 2])
    axis = graph.constant("directions", np.array([1], np.int64))
    new: dict[str, list[str]] = {"state_h": [], "state_c": []}
    for number in range(config.blocks):
        name = f"block_{number + 1}"
        y, new_h, new_c = add_lstm(graph, weights, f"{name}.lstm", (f"{name}.lstm", 0), x, number, config.width)
        new["state_h"].append(new_h)
        new["state_c"].append(new_c)
        residual = graph.add("Add", [x, graph.add("Squeeze", [y, axis], f"{name}.output")], f"{name}.sum")
        x = graph.layer_norm(weights, f"{name}.norm", residual)
    for state, parts in new.items():
        graph.add("Concat", parts, f"new_{state}", axis=0)
    x = graph.add("Transpose", [x], "clips_first", perm=[1, 0, 2])
    graph.add("Softmax", [graph.linear(weights, "output", x)], "probabilities", axis=-1)
    dimensions, memory = card.features.dimensions, (config.blocks, "clips", config.width)
    seen = {"seen": ("clips", config.look_ahead, config.width)} if config.look_ahead else {}
    input_states = {**states(dimensions), **seen, "state_h": memory, "state_c": memory}
    return graph.model(
        {"features": ("clips", "frames", dimensions), **input_states},
        {"probabilities": ("clips", "outputs", card.tokens.classes)}
        | {f"new_{name}": shape for name, shape in input_states.items()},
    )


def _add_look_ahead(graph: Graph, weights: Weights, x: str, config: DeepLstmConfig) -> str:
    """Nodes of LookAhead; writes its state."""
    name, ahead = LOOK_AHEAD, config.look_ahead
    x = graph.add("Concat", ["seen", x], f"{name}.frames", axis=1)

    def cut(first: int, end: int, output: str) -> str:
        bounds = [graph.constant(f"{output}.{i}", np.array([n], np.int64)) for i, n in enumerate((first, end, 1))]
        return graph.add("Slice", [x, *bounds], output)

    cut(-2 * ahead, -ahead, "new_seen")
    turned = graph.add("Transpose", [x], f"{name}.turned", perm=[0, 2, 1])
    values = [
        graph.constant(f"{name}.depthwise.{p}", as_float(weights, f"{name}.depthwise.{p}")) for p in ("weight", "bias")
    ]
    inner = graph.add("Conv", [turned, *values], f"{name}.convolved", group=config.width)
    inner = graph.silu(graph.add("Transpose", [inner], f"{name}.back", perm=[0, 2, 1]), name)
    inner = graph.linear(weights, f"{name}.output", inner)
    return graph.layer_norm(
        weights, f"{name}.norm", graph.add("Add", [cut(ahead, -ahead, f"{name}.own"), inner], f"{name}.sum")
    )
