"""TensorFlow's checkpoints (bundles, V2): variables by name out of `NAME.index` and `NAME.data-00000-of-00001`.

In: the prefix `NAME`, whose files are not trusted. Out: arrays, read one by one, so that an optimizer's state
costs nothing unless requested. Sources: LevelDB's `table_format.md`; TensorFlow's `tensor_bundle.proto`.

    index:  blocks of (shared prefix, key, value) | index block | footer of 48 bytes, which says where that block is
    value:  of key "" the header, of any other key a variable's type, shape, shard, offset, size
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepspeech.errors import CheckpointError, ModelFileError
from deepspeech.modelfile import wire
from deepspeech.old_models.graphdef import LARGEST_RANK, TYPES

MAGIC = 0xDB4775248B80FB57
FOOTER_BYTES = 48
TRAILER_BYTES = 5  # of a block: compression, checksum
LARGEST_INDEX = 1 << 20  # bytes; a DeepSpeech checkpoint's has two thousand
LARGEST_COUNT = 10_000  # of entries


@dataclass(frozen=True)
class Entry:
    """Location of a variable."""

    kind: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int


class TensorFlowCheckpoint:
    """An open checkpoint: names are read at once, values on request."""

    def __init__(self, prefix: Path) -> None:
        """Raises CheckpointError for an invalid index."""
        self.prefix = prefix
        path = prefix.with_name(prefix.name + ".index")
        try:
            if path.stat().st_size > LARGEST_INDEX:
                raise CheckpointError(f"{path}: too large for the index of a DeepSpeech checkpoint")
            self._entries, self._shards = _read_index(path.read_bytes())
        except OSError as error:
            raise CheckpointError(f"{path}: cannot read the checkpoint ({error.strerror})") from None
        except ModelFileError as error:
            raise CheckpointError(f"{path}: {error}") from None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._entries)

    def shape(self, name: str) -> tuple[int, ...]:
        return self._entry(name).shape

    def data_files(self) -> list[Path]:
        """The files of values."""
        count = self._shards
        return [self.prefix.with_name(f"{self.prefix.name}.data-{i:05d}-of-{count:05d}") for i in range(count)]

    def array(self, name: str) -> NDArray[Any]:
        """A variable's value. Raises CheckpointError if it is incomplete."""
        entry = self._entry(name)
        path = self.data_files()[entry.shard]
        dtype, count = np.dtype(TYPES[entry.kind]), math.prod(entry.shape)
        try:
            if entry.offset + entry.size > path.stat().st_size:
                raise CheckpointError(f"{path}: is cut off ('{name}' reaches beyond its end); fetch it again")
            return np.fromfile(path, dtype, count, offset=entry.offset).reshape(entry.shape)
        except OSError as error:
            raise CheckpointError(f"{path}: cannot read the checkpoint ({error.strerror})") from None

    def _entry(self, name: str) -> Entry:
        if name not in self._entries:
            raise CheckpointError(f"{self.prefix}: lacks the variable '{name}'; not a DeepSpeech checkpoint")
        return self._entries[name]


def _read_index(data: bytes) -> tuple[dict[str, Entry], int]:
    view = memoryview(data)
    if len(view) < FOOTER_BYTES or struct.unpack("<Q", view[-8:])[0] != MAGIC:
        raise ModelFileError("is cut off, or not the index of a TensorFlow checkpoint")
    footer = view[-FOOTER_BYTES:]
    _, position = _handle(footer, 0)
    index, _ = _handle(footer, position)
    entries: dict[str, Entry] = {}
    shards = seen = 0
    for _, value in _block(view, *index):
        for key, content in _block(view, *_handle(memoryview(value), 0)[0]):
            if key:
                entries[wire.name_of(key)] = _read_entry(memoryview(content))
            else:
                shards = _read_header(memoryview(content))
            if (seen := seen + 1) > LARGEST_COUNT:
                raise ModelFileError("is damaged (too many variables)")
    if not 1 <= shards <= LARGEST_COUNT:
        raise ModelFileError("is damaged (it has no header)")
    for name, entry in entries.items():
        if entry.shard >= shards:
            raise ModelFileError(f"is damaged ('{name}' lies in file {entry.shard} of {shards})")
    return entries, shards


def _handle(view: memoryview, position: int) -> tuple[tuple[int, int], int]:
    start, position = wire.varint(view, position)
    size, position = wire.varint(view, position)
    return (start, size), position


def _block(view: memoryview, start: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a block: keys are prefix-compressed."""
    if start + size + TRAILER_BYTES > len(view) or size < 4:
        raise ModelFileError("is damaged (a block is outside the file)")
    if view[start + size]:
        raise ModelFileError("is compressed, which TensorFlow's checkpoints never are")
    block = view[start : start + size]
    (restarts,) = struct.unpack("<I", block[-4:])
    end = size - 4 - 4 * restarts
    if end < 0:
        raise ModelFileError("is damaged (a block is shorter than its own list)")
    position, key = 0, b""
    while position < end:
        shared, position = wire.varint(block, position)
        unshared, position = wire.varint(block, position)
        length, position = wire.varint(block, position)
        if shared > len(key) or unshared + length > end - position:
            raise ModelFileError("is damaged (an entry reaches beyond its block)")
        key = key[:shared] + bytes(block[position : position + unshared])
        position += unshared
        yield key, bytes(block[position : position + length])
        position += length


def _read_header(view: memoryview) -> int:
    """Number of data files."""
    shards = 0
    for number, value in wire.fields(view):
        if number == 1:
            shards = wire.signed(value)
        if number == 2 and value != 0:
            raise ModelFileError("was written on a big-endian machine, which is not supported")
    return shards


def _read_entry(view: memoryview) -> Entry:
    kind = shard = offset = size = 0
    shape: list[int] = []
    for number, value in wire.fields(view):
        if number == 1:
            kind = wire.signed(value)
        elif number == 2:
            shape = _shape(wire.message(value))
        elif number == 3:
            shard = wire.signed(value)
        elif number == 4:
            offset = wire.signed(value)
        elif number == 5:
            size = wire.signed(value)
    if kind not in TYPES or min(shard, offset, size, *shape, 0) < 0 or len(shape) > LARGEST_RANK:
        raise ModelFileError("is damaged (an entry makes no sense), or holds variables of a type DeepSpeech never had")
    if math.prod(shape) * np.dtype(TYPES[kind]).itemsize != size:
        raise ModelFileError(f"is damaged (a variable of shape {shape} has {size} bytes)")
    return Entry(kind, tuple(shape), shard, offset, size)


def _shape(view: memoryview) -> list[int]:
    sizes = []
    for number, value in wire.fields(view):
        if number == 2:
            sizes.append(sum(wire.signed(part) for inner, part in wire.fields(wire.message(value)) if inner == 1))
    return sizes
