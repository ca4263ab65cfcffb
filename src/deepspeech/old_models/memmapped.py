"""The package inside a `.pbmm` file: named regions for the graph and its large constants.

    region data … (each start a multiple of 64) | directory (protobuf) | offset of the directory (uint64)

In: the file's bytes. Out: views of its regions by name. Source: TensorFlow's `memmapped_file_system.proto`. The length
of a region is written since TensorFlow 2.3; before that a region reached to the next one.
"""

import itertools
import struct

from deepspeech.errors import ModelFileError
from deepspeech.modelfile import wire

PREFIX = "memmapped_package://"
GRAPH = PREFIX + "."


def is_package(data: bytes, size: int) -> bool:
    """Whether the last 8 bytes point at a directory of such a package; `data` is the end of a file of `size` bytes."""
    if len(data) < 8:
        return False
    (start,) = struct.unpack("<Q", data[-8:])
    return 0 <= start - (size - len(data)) < len(data) and PREFIX.encode() in data[start - (size - len(data)) :]


def regions(data: bytes) -> dict[str, memoryview]:
    """Regions by name. Raises ModelFileError for anything that is not such a package."""
    view = memoryview(data)
    if len(view) < 8:
        raise ModelFileError("is too short for a .pbmm package")
    (directory,) = struct.unpack("<Q", view[-8:])
    if directory > len(view) - 8:
        raise ModelFileError("is cut off, or no .pbmm package (its directory is outside the file)")
    entries: list[tuple[str, int, int | None]] = []
    for number, value in wire.fields(view[directory:-8]):
        if number == 1:
            entries.append(_entry(wire.message(value)))
    starts = sorted({start for _, start, _ in entries} | {directory})
    following = dict(itertools.pairwise(starts))
    found = {}
    for name, start, length in entries:
        end = start + length if length is not None else following.get(start, directory)
        if not start <= end <= directory:
            raise ModelFileError(f"has the region '{name}' outside the file; it is cut off or damaged")
        found[name] = view[start:end]
    if GRAPH not in found:
        raise ModelFileError("is a .pbmm package without a graph")
    return found


def _entry(view: memoryview) -> tuple[str, int, int | None]:
    start, name, length = 0, "", None
    for number, value in wire.fields(view):
        if number == 1:
            start = wire.signed(value)
        elif number == 2:
            name = wire.text(value)
        elif number == 3:
            length = wire.signed(value)
    if start < 0 or (length or 0) < 0:
        raise ModelFileError("has a damaged directory (a negative offset)")
    return name, start, length
