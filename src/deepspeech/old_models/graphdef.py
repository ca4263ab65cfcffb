"""The constants in a frozen TensorFlow graph (`.pb`, `.pbmm`), by the names of their nodes.

In: the bytes of a GraphDef and, for `.pbmm`, the regions that its package holds beside it. Out: nodes, whose contents
are views of those bytes. Sources: TensorFlow's `graph.proto`, `node_def.proto`, `attr_value.proto`, `tensor.proto`,
`tensor_shape.proto`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepspeech.errors import ModelFileError
from deepspeech.modelfile import wire

TYPES: dict[int, Any] = {1: np.float32, 3: np.int32, 9: np.int64}
STRING = 7
LARGEST_NODES = 20_000  # an export has about 150
LARGEST_RANK = 8
LARGEST_FILL = 1 << 16  # elements of a constant stored as one repeated value

Regions = Mapping[str, memoryview]


@dataclass(frozen=True, eq=False)
class Node:
    """A node of the graph; attributes are unread AttrValue messages."""

    name: str
    operation: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, memoryview] = field(default_factory=dict)


class Graph:
    """Nodes by name, and the values of constants among them."""

    def __init__(self, data: "bytes | memoryview", regions: Regions | None = None) -> None:
        """Raises ModelFileError for anything that is not a GraphDef."""
        self._regions = regions or {}
        self.nodes: dict[str, Node] = {}
        for number, value in wire.fields(memoryview(data), LARGEST_NODES):
            if number == 1:
                node = _node(wire.message(value))
                self.nodes[node.name] = node

    def has(self, name: str) -> bool:
        return name in self.nodes

    def array(self, name: str) -> NDArray[Any]:
        """A constant of numbers."""
        node = self._constant(name)
        if node.operation == "ImmutableConst":
            return self._region(node)
        kind, shape, values = _tensor(_attribute(node, "value", 8))
        if isinstance(values, list):
            raise ModelFileError(f"has text where numbers are due, in '{name}'")
        return _shaped(name, values, kind, shape)

    def text(self, name: str) -> bytes:
        """A constant of one string."""
        values = _tensor(_attribute(self._constant(name), "value", 8))[2]
        if not isinstance(values, list) or len(values) != 1:
            raise ModelFileError(f"has no single text in '{name}'")
        return bytes(values[0])

    def _constant(self, name: str) -> Node:
        node = self.nodes.get(name)
        if node is None:
            raise ModelFileError(f"lacks the node '{name}', which every exported DeepSpeech network has")
        if node.operation not in ("Const", "ImmutableConst"):
            raise ModelFileError(f"has a {node.operation} where the constant '{name}' is due")
        return node

    def _region(self, node: Node) -> NDArray[Any]:
        region = wire.text(_attribute(node, "memory_region_name", 2))
        if region not in self._regions:
            raise ModelFileError(f"names the memory region '{region}', which is not there; .pbmm files hold them")
        kind = wire.signed(_attribute_value(node, "dtype", 6))
        shape = _shape(_attribute(node, "shape", 7))
        data = self._regions[region]
        size = _count(node.name, shape) * _kind(node.name, kind).itemsize
        return _shaped(node.name, data[:size], kind, shape)  # a region may end in padding


def forget_bias(node: Node) -> float:
    """The forget bias of a BlockLSTM; TensorFlow omits default attributes, here 1."""
    if "forget_bias" not in node.attributes:
        return 1.0
    return wire.float32(_attribute_value(node, "forget_bias", 4))


def input_shape(node: Node) -> tuple[int, ...]:
    """The shape that a Placeholder declares; unknown sizes are -1."""
    return _shape(_attribute(node, "shape", 7))


def _node(view: memoryview) -> Node:
    name, operation, inputs, attributes = "", "", [], {}
    for number, value in wire.fields(view):
        if number == 1:
            name = wire.text(value)
        elif number == 2:
            operation = wire.text(value)
        elif number == 3:
            inputs.append(wire.text(value))
        elif number == 5:
            key, content = "", memoryview(b"")
            for inner, part in wire.fields(wire.message(value)):
                if inner == 1:
                    key = wire.text(part)
                elif inner == 2:
                    content = wire.message(part)
            attributes[key] = content
    return Node(name, operation, tuple(inputs), attributes)


def _attribute_value(node: Node, name: str, number: int) -> "int | memoryview":
    """One field of an AttrValue: 2 string, 4 float, 6 type, 7 shape, 8 tensor."""
    for found, value in wire.fields(node.attributes.get(name, memoryview(b""))):
        if found == number:
            return value
    raise ModelFileError(f"has the node '{node.name}' without its {name}")


def _attribute(node: Node, name: str, number: int) -> memoryview:
    return wire.message(_attribute_value(node, name, number))


def _shape(view: memoryview) -> tuple[int, ...]:
    sizes = []
    for number, value in wire.fields(view):
        if number == 2:
            size = 0
            for inner, part in wire.fields(wire.message(value)):
                if inner == 1:
                    size = wire.signed(part)
            sizes.append(size)
        if len(sizes) > LARGEST_RANK:
            raise ModelFileError("has a tensor of too many dimensions")
    return tuple(sizes)


def _tensor(view: memoryview) -> "tuple[int, tuple[int, ...], memoryview | NDArray[Any] | list[memoryview]]":
    """Type, shape and values of a TensorProto: raw bytes, an array of single values, or texts."""
    kind, content = 0, memoryview(b"")
    shape: tuple[int, ...] = ()
    floats: list[bytes] = []
    integers: list[int] = []
    texts: list[memoryview] = []
    for number, value in wire.fields(view):
        if number == 1:
            kind = wire.signed(value)
        elif number == 2:
            shape = _shape(wire.message(value))
        elif number == 4:
            content = wire.message(value)
        elif number == 5:
            floats.append(bytes(wire.message(value)))
        elif number in (7, 10):  # int32, int64
            integers += wire.varints(value)
        elif number == 8:
            texts.append(wire.message(value))
    if kind == STRING:
        return kind, shape, texts
    if len(content):
        return kind, shape, content
    packed = b"".join(floats)
    if len(packed) % 4 or any(not -(1 << 63) <= number < 1 << 63 for number in integers):
        raise ModelFileError(wire.DAMAGED)
    return kind, shape, np.frombuffer(packed, np.float32) if packed else np.array(integers, np.int64)


def _shaped(name: str, values: "memoryview | NDArray[Any]", kind: int, shape: tuple[int, ...]) -> NDArray[Any]:
    count, dtype = _count(name, shape), _kind(name, kind)
    if isinstance(values, np.ndarray):
        if values.dtype.kind != dtype.kind:
            raise ModelFileError(f"is damaged ('{name}' has values of another type than declared)")
        array = values.astype(dtype)
    elif len(values) == count * dtype.itemsize:
        array = np.frombuffer(values, dtype)
    else:
        raise ModelFileError(f"has {len(values)} bytes in '{name}', whose shape is {shape}")
    if len(array) == 1 and 1 < count <= LARGEST_FILL:
        array = np.broadcast_to(array, (count,))
    if len(array) != count:
        raise ModelFileError(f"holds {len(array)} numbers in '{name}', whose shape is {shape}")
    return array.reshape(shape)


def _count(name: str, shape: tuple[int, ...]) -> int:
    count = 1
    for size in shape:
        if size < 0:
            raise ModelFileError(f"leaves the shape of '{name}' open")
        count *= size
    if not count:
        raise ModelFileError(f"holds nothing in '{name}'")
    return count


def _kind(name: str, kind: int) -> "np.dtype[Any]":
    if kind not in TYPES:
        raise ModelFileError(f"holds '{name}' in the type {kind}, which DeepSpeech never wrote")
    dtype: np.dtype[Any] = np.dtype(TYPES[kind])
    return dtype
