"""A frozen TensorFlow graph, `.pb` or `.pbmm`, as an ImportedModel. Constants have the names of the variables."""

import numpy as np
from numpy.typing import NDArray

from deepspeech.errors import ModelFileError
from deepspeech.modelfile import wire
from deepspeech.old_models import memmapped
from deepspeech.old_models.graphdef import Graph, Node, forget_bias, input_shape
from deepspeech.old_models.old_model import (
    DENSE,
    NORMED,
    ExportMetadata,
    ImportedModel,
    Layer,
    assemble,
    checked_version,
    read_alphabet,
)

LONGEST_CHAIN = 8  # of Identity nodes between a constant and its use

Float32 = NDArray[np.float32]


def read(data: bytes) -> ImportedModel:
    """Raises ModelFileError if the file is not a complete export of DeepSpeech."""
    if memmapped.is_package(data, len(data)):
        regions = memmapped.regions(data)
        return _read(Graph(regions[memmapped.GRAPH], regions), "memory-mapped TensorFlow model")
    return _read(Graph(data), "TensorFlow model")


def _read(graph: Graph, kind: str) -> ImportedModel:
    metadata = _export_metadata(graph)
    dense = {
        name: Layer(_floats(graph, f"layer_{name}/weights").T, _floats(graph, f"layer_{name}/bias")) for name in DENSE
    }
    norms = {
        name: (_floats(graph, f"layer_{name}/LayerNorm/gamma"), _floats(graph, f"layer_{name}/LayerNorm/beta"))
        for name in NORMED
        if graph.has(f"layer_{name}/LayerNorm/gamma")
    }
    return assemble(dense, _lstm(graph), norms, _relu_clip(graph), metadata, kind)


def _lstm(graph: Graph) -> Layer:
    blocks = [node for node in graph.nodes.values() if node.operation == "BlockLSTM"]
    if len(blocks) != 1 or len(blocks[0].inputs) != 9:
        raise ModelFileError(f"has {len(blocks)} LSTM blocks; DeepSpeech exported one")
    kernel, bias = (_floats(graph, _source(graph, blocks[0].inputs[i])) for i in (4, 8))
    if bias.ndim != 1 or len(bias) % 4:
        raise ModelFileError(f"has an LSTM bias of the shape {bias.shape}")
    bias = bias.copy()
    bias[2 * len(bias) // 4 : 3 * len(bias) // 4] += np.float32(forget_bias(blocks[0]))  # gates i, j, f, o
    return Layer(kernel.T, bias)


def _relu_clip(graph: Graph) -> float:
    limits = {_limit(graph, node) for node in graph.nodes.values() if node.operation == "Minimum"}
    if len(limits) != 1:
        raise ModelFileError(f"clips its layers at {sorted(limits)}; DeepSpeech clipped all at one value")
    return limits.pop()


def _limit(graph: Graph, node: Node) -> float:
    if len(node.inputs) != 2:
        raise ModelFileError(f"has the node '{node.name}' with {len(node.inputs)} inputs")
    value = _floats(graph, _source(graph, node.inputs[1]))
    if value.size != 1:
        raise ModelFileError(f"has {value.size} limits in '{node.name}'")
    return float(value.reshape(-1)[0])


def _source(graph: Graph, name: str) -> str:
    """The constant behind an input, past Identity nodes."""
    for _ in range(LONGEST_CHAIN):
        name = name.split(":")[0]
        node = graph.nodes.get(name)
        if node is None or node.operation != "Identity" or not node.inputs:
            break
        name = node.inputs[0]
    return name


def _floats(graph: Graph, name: str) -> Float32:
    values = graph.array(name)
    if values.dtype != np.float32:
        raise ModelFileError(f"has '{name}' in another type than float32")
    return values


def _export_metadata(graph: Graph) -> ExportMetadata:
    node = graph.nodes.get("input_node")
    shape = input_shape(node) if node else ()
    if len(shape) != 4 or min(shape[2:]) < 1:
        raise ModelFileError("is not a speech model of DeepSpeech (it has no input_node)")
    checked_version(_number(graph, "metadata_version"))
    language = graph.text("metadata_language") if graph.has("metadata_language") else b""
    return ExportMetadata(
        tokens=read_alphabet(graph.text("metadata_alphabet")),
        sample_rate_hz=_number(graph, "metadata_sample_rate"),
        window_ms=_number(graph, "metadata_feature_win_len"),
        step_ms=_number(graph, "metadata_feature_win_step"),
        beam_width=_number(graph, "metadata_beam_width"),
        language=wire.name_of(language),
        context_frames=shape[2] // 2,
        coefficients=shape[3],
    )


def _number(graph: Graph, name: str) -> int:
    values = graph.array(name)
    if values.size != 1:
        raise ModelFileError(f"has {values.size} numbers in '{name}'")
    return int(values.reshape(-1)[0])
