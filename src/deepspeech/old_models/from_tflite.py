"""A `.tflite` export as an ImportedModel: weights are identified by the order of their use, not by name.

The network has six matrix products: three dense layers, the LSTM (unrolled over 16 frames with shared weights), two
dense layers. Large matrices are int8 with one scale per matrix.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from deepspeech.errors import ModelFileError
from deepspeech.modelfile import wire
from deepspeech.modelfile.graph import Quantized
from deepspeech.old_models import tflite
from deepspeech.old_models.old_model import (
    DENSE,
    ExportMetadata,
    ImportedModel,
    Layer,
    assemble,
    checked_version,
    read_alphabet,
)
from deepspeech.old_models.tflite import Graph, Operator, Tensor

KIND = "TensorFlow Lite model"

Float32 = NDArray[np.float32]


def read(data: bytes) -> ImportedModel:
    """Raises ModelFileError if the file is not a complete export of DeepSpeech or Coqui STT."""
    graph = tflite.read(data)
    metadata = _export_metadata(graph)
    if any(operator.name == "MEAN" for operator in graph.operators):
        raise ModelFileError("has layer normalization, which is supported only in checkpoints; convert its checkpoint")
    layers = _layers(graph)
    lstm = _with_forget_bias(graph, layers.pop(3))
    return assemble(dict(zip(DENSE, layers, strict=True)), lstm, {}, _relu_clip(graph), metadata, KIND)


def _layers(graph: Graph) -> list[Layer]:
    """Layers in order of use, each once."""
    found: dict[tuple[int, int], Layer] = {}
    for operator in graph.operators:
        if operator.name != "FULLY_CONNECTED" or len(operator.inputs) != 3 or -1 in operator.inputs:
            continue
        _, weight, bias = operator.inputs
        if (weight, bias) not in found:
            found[weight, bias] = Layer(_matrix(graph.tensors[weight]), _floats(graph.tensors[bias]))
    if len(found) != 6:
        raise ModelFileError(f"has {len(found)} matrix products; a DeepSpeech network has six")
    return list(found.values())


def _matrix(tensor: Tensor) -> Float32 | Quantized:
    values = tensor.values()
    if values.ndim != 2:
        raise ModelFileError(f"has '{tensor.name}' of the shape {values.shape} where a matrix is expected")
    if values.dtype == np.float32:
        return values
    if values.dtype != np.int8 or len(tensor.scale) != 1 or np.any(tensor.zero_point):
        raise ModelFileError(f"has '{tensor.name}' in an encoding that DeepSpeech does not write")
    return Quantized(values, np.asarray(tensor.scale[:1], np.float32))


def _floats(tensor: Tensor) -> Float32:
    values = tensor.values()
    if values.dtype != np.float32 or values.ndim != 1:
        raise ModelFileError(f"has '{tensor.name}' that is not a float32 vector")
    return values


def _with_forget_bias(graph: Graph, lstm: Layer) -> Layer:
    """The LSTM with the forget bias, if any, folded into its bias."""
    split = next((operator for operator in graph.operators if operator.name == "SPLIT"), None)
    if split is None or len(split.outputs) != 4 or len(lstm.bias) % 4:
        raise ModelFileError("has no LSTM in the form that DeepSpeech exported")
    users = [_user(graph, output) for output in split.outputs]
    bias = lstm.bias
    if users[2].name == "ADD":
        added = _constant(graph, users[2])
        users[2] = _user(graph, users[2].outputs[0])
        bias = bias.copy()
        bias[2 * len(bias) // 4 : 3 * len(bias) // 4] += added
    if [user.name for user in users] != ["LOGISTIC", "TANH", "LOGISTIC", "LOGISTIC"]:
        raise ModelFileError("has an LSTM whose gates are not in DeepSpeech's order")
    return Layer(lstm.weight, bias)


def _user(graph: Graph, tensor: int) -> Operator:
    for operator in graph.operators:
        if tensor in operator.inputs and operator.outputs:
            return operator
    raise ModelFileError("has an LSTM gate that nothing uses")


def _constant(graph: Graph, operator: Operator) -> float:
    """The only constant input of an operator."""
    values = [graph.tensors[i] for i in operator.inputs if i >= 0 and graph.tensors[i].constant]
    if len(values) != 1 or values[0].values().size != 1 or values[0].values().dtype != np.float32:
        raise ModelFileError(f"has a {operator.name} without its scalar constant")
    return float(values[0].values().reshape(-1)[0])


def _relu_clip(graph: Graph) -> float:
    limits = {_constant(graph, operator) for operator in graph.operators if operator.name == "MINIMUM"}
    if len(limits) != 1:
        raise ModelFileError(f"clips its layers at {sorted(limits)}; DeepSpeech clipped all at one value")
    return limits.pop()


# ---- metadata ------------------------------------------------------------------------------------------------------


def _export_metadata(graph: Graph) -> ExportMetadata:
    window = graph.named("input_node", graph.inputs)
    if window is None or len(window.shape) != 4:
        raise ModelFileError("is no speech model of DeepSpeech or Coqui STT (it has no input_node)")
    checked_version(_number(graph, "metadata_version"))
    language = _metadata(graph, "metadata_language")
    return ExportMetadata(
        tokens=read_alphabet(_text(graph, "metadata_alphabet")),
        sample_rate_hz=_number(graph, "metadata_sample_rate"),
        window_ms=_number(graph, "metadata_feature_win_len"),
        step_ms=_number(graph, "metadata_feature_win_step"),
        beam_width=_number(graph, "metadata_beam_width"),
        language=wire.name_of(language.text()) if language else "",
        context_frames=window.shape[2] // 2,
        coefficients=window.shape[3],
    )


def _metadata(graph: Graph, name: str) -> Tensor | None:
    """The constant behind an output: itself, or the input of its RESHAPE."""
    for index in graph.outputs:
        if graph.tensors[index].name == name:
            makers: Iterable[Operator] = (o for o in graph.operators if index in o.outputs and o.name == "RESHAPE")
            source = next((o.inputs[0] for o in makers if o.inputs and o.inputs[0] >= 0), index)
            return graph.tensors[source] if graph.tensors[source].constant else None
    return None


def _number(graph: Graph, name: str) -> int:
    tensor = _metadata(graph, name)
    if tensor is None or tensor.type != 2 or tensor.values().size != 1:
        raise ModelFileError(f"lacks '{name}', which exports of DeepSpeech 0.7 and later have")
    return int(tensor.values().reshape(-1)[0])


def _text(graph: Graph, name: str) -> bytes:
    tensor = _metadata(graph, name)
    if tensor is None:
        raise ModelFileError(f"lacks '{name}', which exports of DeepSpeech 0.7 and later have")
    return tensor.text()
