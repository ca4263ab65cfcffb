"""A step of the deep LSTM as an ONNX graph, for chunks of any length.

    features [B, T, F], frame [B, 1, F], convolved [B, C, 1, F / 2], state_h, state_c [N, B, D]
        → probabilities [B, T / 4, V], and new_frame … new_state_c

T is a multiple of 4. int8 models quantize the matrices after the convolutions. Imports no torch.
"""

from collections.abc import Mapping

import numpy as np

from deepspeech.acoustic.deep_lstm.config import DeepLstmConfig
from deepspeech.acoustic.lstm_graph import add_lstm
from deepspeech.acoustic.subsampling.graph import add_subsampling, quantize, states
from deepspeech.modelfile.card import ModelCard
from deepspeech.modelfile.graph import Float32, Graph, Model, Weights


def to_onnx(weights: Mapping[str, Float32], config: DeepLstmConfig, card: ModelCard) -> Model:
    """The network of float32 `weights` in the card's precision, as a model without its card."""
    return build(quantize(weights) if card.precision == "int8" else weights, config, card)


def build(weights: Weights, config: DeepLstmConfig, card: ModelCard) -> Model:
    """The graph of `weights`, float or quantized. Time-major, as ONNX's LSTM requires."""
    graph = Graph()
    x = add_subsampling(graph, weights, "features")
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
    input_states = {**states(dimensions), "state_h": memory, "state_c": memory}
    return graph.model(
        {"features": ("clips", "frames", dimensions), **input_states},
        {"probabilities": ("clips", "outputs", card.tokens.classes)}
        | {f"new_{name}": shape for name, shape in input_states.items()},
    )
