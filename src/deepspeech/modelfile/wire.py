"""Protocol buffers' wire format, as far as files of ONNX and TensorFlow need it: a message's fields, one after another.

In: the untrusted bytes of a message. Out: its fields, with views of those bytes. Source:
protobuf.dev, "Encoding".
"""

import struct
from collections.abc import Iterator

from deepspeech.errors import ModelFileError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
LONGEST_NAME = 300  # bytes
LARGEST_COUNT = 1000  # of a message's fields and of a field's numbers; only a graph has more
DAMAGED = "is cut off or damaged (a field reaches beyond its message)"

Field = tuple[int, "int | memoryview"]  # number; content: a whole number, or bytes


def varint(view: memoryview, position: int) -> tuple[int, int]:
    """An unsigned number of up to 64 bits at `position`, and the position after it."""
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(view):
            break
        byte = view[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, position
    raise ModelFileError(DAMAGED)


def fields(view: memoryview, most: int = LARGEST_COUNT) -> Iterator[Field]:
    """The fields of a message in their order. Numbers of fixed size come as bytes, like everything with a length."""
    position = count = 0
    while position < len(view):
        if (count := count + 1) > most:
            raise ModelFileError("is damaged, or no DeepSpeech model (a message of too many fields)")
        key, position = varint(view, position)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, position = varint(view, position)
            yield number, value
            continue
        if kind == BYTES:
            size, position = varint(view, position)
        elif kind in (FIXED64, FIXED32):
            size = 8 if kind == FIXED64 else 4
        else:
            raise ModelFileError(f"is damaged (a field of the unknown kind {kind})")
        if size > len(view) - position:
            raise ModelFileError(DAMAGED)
        yield number, view[position : position + size]
        position += size


def message(value: "int | memoryview") -> memoryview:
    """The content of a field that must have a length."""
    if isinstance(value, int):
        raise ModelFileError("is damaged (a number where a message is due)")
    return value


def text(value: "int | memoryview") -> str:
    return name_of(message(value))


def name_of(data: "bytes | memoryview") -> str:
    """Bytes as a name that can be shown: of a damaged file it may hold anything."""
    decoded = bytes(data[:LONGEST_NAME]).decode("utf-8", errors="replace")
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in decoded)


def signed(value: "int | memoryview") -> int:
    """A field of kind int32 or int64."""
    if not isinstance(value, int):
        raise ModelFileError("is damaged (a message where a number is due)")
    return value - (1 << 64) if value >> 63 else value


def float32(value: "int | memoryview") -> float:
    if isinstance(value, int) or len(value) != 4:
        raise ModelFileError("is damaged (a field of the wrong size)")
    number: float = struct.unpack("<f", value)[0]
    return number


def varints(value: "int | memoryview") -> list[int]:
    """A repeated field of whole numbers: one, or many packed."""
    if isinstance(value, int):
        return [signed(value)]
    numbers, position = [], 0
    while position < len(value):
        number, position = varint(value, position)
        numbers.append(signed(number))
        if len(numbers) > LARGEST_COUNT:
            raise ModelFileError("is damaged, or no DeepSpeech model (a list of too many numbers)")
    return numbers
