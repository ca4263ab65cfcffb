"""The graph in a `.tflite` file: a bounds-checked reader of the needed parts of its FlatBuffer.

In: the file's bytes, of which nothing is believed. Out: tensors, whose contents are views of those bytes, and operators
in the order in which they run. Source: `tensorflow/lite/schema/schema.fbs` version 3 and FlatBuffers' binary format:
every offset is relative, a table begins with the distance back to its vtable, a vector with its length.
"""

import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from deepspeech.errors import ModelFileError
from deepspeech.modelfile import wire

MAGIC = b"TFL3"  # at byte 4
LARGEST_COUNT = 50_000  # of tensors, operators and buffers; an unrolled network has a few hundred
LARGEST_TOTAL = 1_000_000  # tables and numbers in total: parts may overlap, so that a small file can have many
LARGEST_RANK = 8
LARGEST_INPUTS = 1000  # of an operator
TYPES: dict[int, Any] = {0: np.float32, 2: np.int32, 9: np.int8}
STRING = 5
OPERATORS = {
    0: "ADD", 9: "FULLY_CONNECTED", 14: "LOGISTIC", 18: "MUL", 22: "RESHAPE", 25: "SOFTMAX", 28: "TANH", 40: "MEAN",
    49: "SPLIT", 57: "MINIMUM",
}  # fmt: skip

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Tensor:
    """One tensor. `content` is empty where the network computes it; `scale` is empty if it is not quantized."""

    name: str
    shape: tuple[int, ...]
    type: int
    content: memoryview
    scale: NDArray[np.float32]
    zero_point: NDArray[np.int64]
    scaled_axis: int

    @property
    def constant(self) -> bool:
        return len(self.content) > 0

    def values(self) -> NDArray[Any]:
        """The constant as an array. Raises ModelFileError if its bytes do not fit its shape."""
        if self.type not in TYPES:
            raise ModelFileError(f"tensor '{self.name}' is of type {self.type}, which DeepSpeech never wrote")
        kind = np.dtype(TYPES[self.type])
        count = math.prod(self.shape)
        if not count or count * kind.itemsize != len(self.content):
            raise ModelFileError(f"tensor '{self.name}' has {len(self.content)} bytes for shape {self.shape}")
        return np.frombuffer(self.content, kind).reshape(self.shape)

    def text(self) -> bytes:
        """The only string of a string tensor: count, offsets from the buffer's start, bytes."""
        data = self.content
        if self.type != STRING or len(data) < 12:
            raise ModelFileError(f"tensor '{self.name}' holds no text")
        count, first, last = struct.unpack_from("<iii", data)
        if count != 1 or not 12 <= first <= last <= len(data):
            raise ModelFileError(f"the text of tensor '{self.name}' is outside it")
        return bytes(data[first:last])


@dataclass(frozen=True)
class Operator:
    """One operator; omitted inputs are -1."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class Graph:
    """The only subgraph of a model."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def named(self, name: str, among: tuple[int, ...]) -> Tensor | None:
        return next((self.tensors[i] for i in among if self.tensors[i].name == name), None)


def read(data: bytes) -> Graph:
    """Parse the graph. Raises ModelFileError if it is invalid."""
    if data[4:8] != MAGIC:
        raise ModelFileError("not a TensorFlow Lite model (it does not say TFL3)")
    view = _View(data)
    model = _Table(view, _u32(view.bytes, 0))
    if (version := model.unsigned(0)) != 3:
        raise ModelFileError(f"a TensorFlow Lite model of schema {version}; DeepSpeech wrote schema 3")
    codes = model.tables(1, _code)
    buffers = model.tables(4, lambda table: table.bytes(0))
    graphs = model.tables(2, lambda table: table)
    if len(graphs) != 1:
        raise ModelFileError(f"a model of {len(graphs)} graphs; DeepSpeech wrote one")
    tensors = tuple(graphs[0].tables(0, lambda table: _tensor(table, buffers)))
    operators = tuple(graphs[0].tables(3, lambda table: _operator(table, codes, len(tensors))))
    inputs, outputs = (tuple(_within(graphs[0].integers(field), len(tensors))) for field in (1, 2))
    return Graph(tensors, operators, inputs, outputs)


def _code(table: "_Table") -> str:
    code = table.byte(0)
    return table.text(1) if code == 32 else OPERATORS.get(code, f"operator {code}")


def _tensor(table: "_Table", buffers: list[memoryview]) -> Tensor:
    shape = tuple(table.integers(0))
    name = table.text(3)
    if len(shape) > LARGEST_RANK or any(size < 0 for size in shape):
        raise ModelFileError(f"tensor '{name}' has the shape {shape[:LARGEST_RANK]}")
    buffer = table.unsigned(2)
    if buffer >= len(buffers):
        raise ModelFileError(f"tensor '{name}' names buffer {buffer} of {len(buffers)}")
    quantized = table.table(4)
    scale = quantized.numbers(2, np.float32) if quantized else np.zeros(0, np.float32)
    zero_point = quantized.numbers(3, np.int64) if quantized else np.zeros(0, np.int64)
    axis = quantized.signed(6) if quantized else 0
    return Tensor(name, shape, table.byte(1), buffers[buffer], scale, zero_point, axis)


def _operator(table: "_Table", codes: list[str], tensors: int) -> Operator:
    code = table.unsigned(0)
    if code >= len(codes):
        raise ModelFileError(f"an operator has the code {code} of {len(codes)}")
    inputs = _within(table.integers(1), tensors, least=-1)
    return Operator(codes[code], tuple(inputs), tuple(_within(table.integers(2), tensors)))


def _within(indices: list[int], count: int, least: int = 0) -> list[int]:
    if any(not least <= index < count for index in indices):
        raise ModelFileError("an operator names a tensor that is not there")
    return indices


# ---- FlatBuffers ---------------------------------------------------------------------------------------------------


def _take(view: memoryview, position: int, kind: str) -> Any:
    if not 0 <= position <= len(view) - struct.calcsize(kind):
        raise ModelFileError("the model is cut off or damaged (an offset points outside the file)")
    return struct.unpack_from(kind, view, position)[0]


def _u32(view: memoryview, position: int) -> int:
    value: int = _take(view, position, "<I")
    return value


class _View:
    """The file's bytes, and a budget of reads."""

    def __init__(self, data: bytes) -> None:
        self.bytes, self._left = memoryview(data), LARGEST_TOTAL

    def spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise ModelFileError(f"the model lists more than {LARGEST_TOTAL} parts; it is damaged")


class _Table:
    """A table at a position; its fields are counted as in the schema."""

    def __init__(self, file: _View, position: int) -> None:
        self._file, self._view, self._at = file, file.bytes, position
        self._vtable = position - _take(self._view, position, "<i")
        self._vtable_bytes = _take(self._view, self._vtable, "<H")

    def _field(self, number: int) -> int:
        """Position of a field, 0 if absent."""
        slot = 4 + 2 * number
        if slot + 2 > self._vtable_bytes:
            return 0
        offset: int = _take(self._view, self._vtable + slot, "<H")
        return self._at + offset if offset else 0

    def _value(self, number: int, kind: str) -> int:
        at = self._field(number)
        return int(_take(self._view, at, kind)) if at else 0

    def byte(self, number: int) -> int:
        return self._value(number, "<b")

    def signed(self, number: int) -> int:
        return self._value(number, "<i")

    def unsigned(self, number: int) -> int:
        return self._value(number, "<I")

    def table(self, number: int) -> "_Table | None":
        at = self._field(number)
        return _Table(self._file, at + _u32(self._view, at)) if at else None

    def _vector(self, number: int, item_bytes: int) -> tuple[int, int]:
        """Position and length of a vector, checked to be within the file."""
        at = self._field(number)
        if not at:
            return 0, 0
        at += _u32(self._view, at)
        count = _u32(self._view, at)
        if at + 4 + count * item_bytes > len(self._view):
            raise ModelFileError("the model is cut off or damaged (a list reaches beyond the file)")
        return at + 4, count

    def bytes(self, number: int) -> memoryview:
        at, count = self._vector(number, 1)
        return self._view[at : at + count]

    def text(self, number: int) -> str:
        return wire.name_of(self.bytes(number))

    def numbers(self, number: int, kind: Any) -> NDArray[Any]:
        at, count = self._vector(number, np.dtype(kind).itemsize)
        return np.frombuffer(self._view[at : at + count * np.dtype(kind).itemsize], kind)

    def integers(self, number: int) -> list[int]:
        values = self.numbers(number, np.int32)
        if len(values) > LARGEST_INPUTS:
            raise ModelFileError(f"the model lists {len(values)} numbers where a few are due; it is damaged")
        self._file.spend(len(values))
        return list(values.tolist())

    def tables(self, number: int, make: Callable[["_Table"], T]) -> list[T]:
        at, count = self._vector(number, 4)
        if count > LARGEST_COUNT:
            raise ModelFileError(f"the model lists {count} parts; it is damaged, or no DeepSpeech network")
        self._file.spend(count)
        return list(self._made(at, count, make))

    def _made(self, at: int, count: int, make: Callable[["_Table"], T]) -> Iterator[T]:
        for position in range(at, at + 4 * count, 4):
            yield make(_Table(self._file, position + _u32(self._view, position)))
