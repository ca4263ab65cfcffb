"""The convolutional subsampling (network.py) as ONNX nodes. Imports no torch."""

from collections.abc import Mapping
from math import ceil

import numpy as np

from deepspeech.acoustic.subsampling.config import CHANNELS
from deepspeech.modelfile.graph import Float32, Graph, Quantized, Shape, Weights, as_float

NAME = "subsampling"


def add_subsampling(graph: Graph, weights: Weights, features: str, ahead: int = 0) -> str:
    """Nodes from raw features [B, T, F] to [B, T/4, D]; T is a multiple of 4. Reads and writes the states below.

    New states are those before the last `ahead` outputs.
    """
    x = graph.add("Sub", [features, graph.constant("feature_mean", as_float(weights, "feature_mean"))], "centred")
    x = graph.add("Mul", [x, graph.constant("feature_scale", as_float(weights, "feature_scale"))], "normalised")
    frames = graph.add("Concat", ["frame", x], f"{NAME}.frames", axis=1)
    _before(graph, frames, "new_frame", 1, 4 * ahead)
    x = graph.add("Unsqueeze", [frames, graph.constant(f"{NAME}.channel", np.array([1], np.int64))], f"{NAME}.image")
    x = graph.silu(_conv(graph, weights, "conv", x, 1), f"{NAME}.conv")
    x = graph.add("Concat", ["convolved", x], f"{NAME}.convolved", axis=2)
    _before(graph, x, "new_convolved", 2, 2 * ahead)
    x = _conv(graph, weights, "depthwise", x, CHANNELS)
    x = graph.add("Transpose", [x], f"{NAME}.channels_last", perm=[0, 2, 3, 1])
    x = graph.silu(graph.linear(weights, f"{NAME}.pointwise", x), f"{NAME}.pointwise")
    flat = graph.constant(f"{NAME}.flat", np.array([0, 0, -1], np.int64))
    return graph.linear(weights, f"{NAME}.output", graph.add("Reshape", [x, flat], f"{NAME}.flattened"))


def quantize(weights: Mapping[str, Float32]) -> "dict[str, Float32 | Quantized]":
    """Quantize all matrices to int8 except the convolutions and the pointwise one between them."""
    kept = f"{NAME}.pointwise.weight"
    return {n: Quantized.of(value) if value.ndim == 2 and n != kept else value for n, value in weights.items()}


def states(dimensions: int) -> dict[str, Shape]:
    """Streaming state: the last feature frame, and the last output frame of the first convolution."""
    return {"frame": ("clips", 1, dimensions), "convolved": ("clips", CHANNELS, 1, ceil(dimensions / 2))}


def _conv(graph: Graph, weights: Weights, name: str, x: str, groups: int) -> str:
    values = [graph.constant(f"{NAME}.{name}.{p}", as_float(weights, f"{NAME}.{name}.{p}")) for p in ("weight", "bias")]
    return graph.add("Conv", [x, *values], f"{NAME}.{name}.out", strides=[2, 2], pads=[0, 1, 0, 1], group=groups)


def _before(graph: Graph, x: str, output: str, axis: int, later: int) -> None:
    """Output the entry along an axis that is followed by `later` others."""
    ends = [graph.constant(f"{output}.{n}", np.array([n], np.int64)) for n in (-1 - later, -later or 2**31, axis)]
    graph.add("Slice", [x, *ends], output)
