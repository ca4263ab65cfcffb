"""Read metadata and constants (initializers) of an ONNX file without the onnx library.

In: an untrusted file. Out: views of the memory-mapped file. Source:
`onnx/onnx.proto` (ModelProto, GraphProto, TensorProto).
"""

import mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepspeech.errors import ModelFileError
from deepspeech.modelfile import wire

TYPES: dict[int, Any] = {1: np.float32, 3: np.int8, 7: np.int64}
MOST_FIELDS = 100_000


def read_metadata(path: str | Path) -> dict[str, str]:
    """The key-value pairs of a model. Raises ModelFileError where the file is damaged or no ONNX model."""
    pairs = {}
    for number, value in wire.fields(_view(path), MOST_FIELDS):
        if number == 14:  # ModelProto.metadata_props
            entry = {key: bytes(wire.message(part)) for key, part in wire.fields(wire.message(value))}
            pairs[_text(entry.get(1, b""))] = _text(entry.get(2, b""))
    return pairs


def read_constants(path: str | Path) -> dict[str, NDArray[Any]]:
    """The constants of a model's graph, as far as they are float32, int8 or int64 in raw form; they cannot be changed.

    Raises ModelFileError where the file is damaged or no ONNX model.
    """
    constants = {}
    for number, graph in wire.fields(_view(path), MOST_FIELDS):
        if number == 7:  # ModelProto.graph
            for kind, tensor in wire.fields(wire.message(graph), MOST_FIELDS):
                if kind == 5:  # GraphProto.initializer
                    name, value = _constant(wire.message(tensor))
                    if value is not None:
                        constants[name] = value
    return constants


def check_graph(path: str | Path) -> None:
    """Raise ModelFileError where a graph could loop forever or read other files.

    That is: graphs inside it (Loop, If, Scan), functions, weights in files of their own. Ours hold none.
    """
    for number, value in wire.fields(_view(path), MOST_FIELDS):
        if number == 25:  # ModelProto.functions
            raise ModelFileError("holds functions, which no model of this package has")
        if number == 7:  # ModelProto.graph
            for kind, part in wire.fields(wire.message(value), MOST_FIELDS):
                if kind == 1:  # GraphProto.node
                    _check_node(wire.message(part))
                elif kind == 5:  # GraphProto.initializer
                    _check_tensor(wire.message(part))


def _check_node(node: memoryview) -> None:
    for number, attribute in wire.fields(node):
        if number == 5:  # NodeProto.attribute
            for kind, part in wire.fields(wire.message(attribute), MOST_FIELDS):
                if kind in (6, 11):  # AttributeProto.g, graphs
                    raise ModelFileError("holds a graph inside its graph (a loop?), which no model of this package has")
                if kind in (5, 10):  # AttributeProto.t, tensors
                    _check_tensor(wire.message(part))


def _check_tensor(tensor: memoryview) -> None:
    for number, value in wire.fields(tensor, MOST_FIELDS):
        # TensorProto.external_data; data_location, whose 0, in this file, some writers spell out
        if number == 13 or (number == 14 and value != 0):
            raise ModelFileError("keeps weights in another file, which no model of this package does")


def _constant(tensor: memoryview) -> tuple[str, NDArray[Any] | None]:
    shape, kind, name, raw = [], 0, "", None
    for number, value in wire.fields(tensor):
        if number == 1:
            shape += wire.varints(value)
        elif number == 2:
            kind = wire.signed(value)
        elif number == 8:
            name = wire.text(value)
        elif number == 9:
            raw = wire.message(value)
    if raw is None or kind not in TYPES:
        return name, None
    values: NDArray[Any] = np.frombuffer(raw, TYPES[kind]) if len(raw) else np.zeros(0, TYPES[kind])
    if min(shape, default=0) < 0 or values.size != int(np.prod(shape, dtype=object)):
        raise ModelFileError(f"is damaged ('{name}' has another size than its shape)")
    return name, values.reshape(shape)


def _view(path: str | Path) -> memoryview:
    with open(path, "rb") as file:
        try:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except ValueError:
            raise ModelFileError("is empty") from None


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")
