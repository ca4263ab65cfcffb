"""Where a stream of a rarer format ends, by its own header: decoders read files that were joined to another end.

Formats: AIFF (Apple 1989), CAF (Apple's Core Audio Format specification 1.0), Sony Wave64, NIST sphere, Creative Voice.
"""

import re
import struct
from collections.abc import Callable

from deepspeech.audio.content import Content

_MOST_CHUNKS = 1000
_W64_RIFF = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_SPHERE_FIELD = re.compile(rb"^(sample_count|sample_n_bytes|channel_count) -i (\d+)", re.M)


def end_of(content: Content, start: int) -> int | None:
    """Where the stream at `start` ends; None if that is unknown or no stream of these formats starts there."""
    head = content.at(start, 16)
    found = next((end for magic, end in _ENDS.items() if head.startswith(magic)), None)
    try:
        return found(content, start) if found else None
    except struct.error:  # within a header
        return None


def _aiff(content: Content, start: int) -> int | None:
    size: int = struct.unpack(">I", content.at(start + 4, 4))[0]
    return start + 8 + size + size % 2


def _wave64(content: Content, start: int) -> int | None:
    size: int = struct.unpack("<Q", content.at(start + 16, 8))[0]
    return start + size + -size % 8


def _caf(content: Content, start: int) -> int | None:
    at, sound = start + 8, False
    for _ in range(_MOST_CHUNKS):
        chunk = content.at(at, 12)
        if sound and (at >= content.size or chunk.startswith(b"caff\0\1")):
            return at
        (size,) = struct.unpack(">q", chunk[4:])
        if size < 0:  # up to the end of the file
            return None
        sound = sound or chunk.startswith(b"data")
        at += 12 + size
    return None


def _sphere(content: Content, start: int) -> int | None:
    head = content.at(start, 1024)
    if b"pculaw" in head or b"shorten" in head or not head[8:16].strip().isdigit():
        return None
    facts = {name: int(value) for name, value in _SPHERE_FIELD.findall(head)}
    if b"sample_count" not in facts:
        return None
    width = facts.get(b"sample_n_bytes", 2) * facts.get(b"channel_count", 1)
    return start + int(head[8:16]) + facts[b"sample_count"] * width


def _voice(content: Content, start: int) -> int | None:
    at: int = start + struct.unpack("<H", content.at(start + 20, 2))[0]
    for _ in range(_MOST_CHUNKS):
        block = content.at(at, 4)
        if block[:1] in (b"", b"\0"):  # the end of blocks
            return at + 1
        at += 4 + int.from_bytes(block[1:4], "little")
    return None


_ENDS: dict[bytes, Callable[[Content, int], int | None]] = {
    b"FORM": _aiff,
    b"caff": _caf,
    _W64_RIFF: _wave64,
    b"NIST_1A\n": _sphere,
    b"Creative Voice": _voice,
}
