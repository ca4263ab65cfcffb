"""The header of the wav files written here, mono and 16 bits, with a note on their origin.

Format: Microsoft RIFF/WAVE; the note is the comment (ICMT) of a LIST chunk of kind INFO, which other programs show or
skip.
"""

import os
import struct
from dataclasses import dataclass
from pathlib import Path

_FORM = struct.Struct("<4sI4s4sIHHIIHH")  # RIFF, bytes that follow, WAVE, the chunk "fmt "
_LIST = struct.Struct("<4sI4s4sI")
_DATA = struct.Struct("<4sI")
_LONGEST_HEAD = 1024


@dataclass(frozen=True)
class NotedWav:
    """A whole wav file with a note."""

    note: str
    size_bytes: int
    frames: int


def wav_head(data_bytes: int, rate_hz: int, note: str = "") -> bytes:
    """The header of a mono 16-bit wav file of `data_bytes` bytes of samples; `note`: ASCII, at most 900 characters."""
    text = note.encode("ascii") + b"\0\0"[: 2 - len(note) % 2]  # ends with a zero, of even length
    listed = _LIST.pack(b"LIST", 12 + len(text), b"INFO", b"ICMT", len(text)) + text if note else b""
    follows = _FORM.size - 8 + len(listed) + _DATA.size + data_bytes
    form = _FORM.pack(b"RIFF", follows, b"WAVE", b"fmt ", 16, 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    return form + listed + _DATA.pack(b"data", data_bytes)


def read_note(path: Path, rate_hz: int) -> NotedWav | None:
    """The note of a wav file written with `wav_head`; None for any other file."""
    try:
        with path.open("rb", buffering=0) as file:
            head, size_bytes = file.read(_LONGEST_HEAD), os.fstat(file.fileno()).st_size
    except (OSError, ValueError):  # ValueError: a zero byte in the path
        return None
    if len(head) < _FORM.size + _LIST.size or head[_FORM.size :][:4] != b"LIST":
        return None
    length = _LIST.unpack_from(head, _FORM.size)[4]
    first = _FORM.size + _LIST.size
    start = first + length + _DATA.size
    note = head[first : first + length].rstrip(b"\0").decode("ascii", "replace")
    if size_bytes < start or not note.isascii() or head[:start] != wav_head(size_bytes - start, rate_hz, note):
        return None
    return NotedWav(note, size_bytes, (size_bytes - start) // 2)
