"""The tiny network as an ONNX graph."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from deepspeech.modelfile.card import ModelCard
from deepspeech.modelfile.graph import Graph, Model, Quantized, as_float
from tests.tiny.config import TinyConfig


def to_onnx(weights: Mapping[str, Any], config: TinyConfig, card: ModelCard) -> Model:
    graph, dimensions = Graph(), card.features.dimensions
    if card.precision == "int8":
        weights = {**weights, "output.weight": Quantized.of(weights["output.weight"])}

    def constant(name: str) -> str:
        return graph.constant(name, as_float(weights, name))

    def last(x: str, output: str, axis: int) -> None:
        ends = [graph.constant(f"{output}.{n}", np.array([n], np.int64)) for n in (-1, 2**31, axis)]
        graph.add("Slice", [x, *ends], output)

    frames = graph.add("Concat", ["frame", "features"], "frames", axis=1)
    last(frames, "new_frame", 1)
    x = graph.add("Sub", [frames, constant("feature_mean")], "centred")
    x = graph.add("Mul", [x, constant("feature_scale")], "normalised")
    x = graph.add("Transpose", [x], "turned", perm=[0, 2, 1])
    x = graph.add("Conv", [x, constant("conv.weight"), constant("conv.bias")], "convolved", strides=[2])
    x = graph.add("Concat", ["sum", graph.add("Relu", [x], "sums")], "all_sums", axis=2)
    last(x, "new_sum", 2)
    x = graph.add("Conv", [x, constant("mix.weight"), constant("mix.bias")], "mixed")
    x = graph.add("Transpose", [graph.add("Relu", [x], "heard")], "outputs", perm=[0, 2, 1])
    graph.add("Softmax", [graph.linear(weights, "output", x)], "probabilities", axis=-1)
    states = {"frame": ("clips", 1, dimensions), "sum": ("clips", config.width, 1)}
    return graph.model(
        {"features": ("clips", "frames", dimensions), **states},
        {"probabilities": ("clips", "steps", card.tokens.classes)} | {f"new_{n}": shape for n, shape in states.items()},
    )
