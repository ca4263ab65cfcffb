"""What a RIFF wav header promises, against what the file holds: the decoder reads a cut file without a word.

Format: Microsoft RIFF/WAVE; chunks of a 4-byte name and a 4-byte size, the samples in the chunk named `data`.
"""

import struct
from dataclasses import dataclass
from typing import BinaryIO

# Programs that write to a pipe cannot know the length and leave 0, 0x7FFFF000 (sox), 0x80000000 (arecord) or
# 0xFFFFFFFF (ffmpeg): nothing that a whole file of below 2 GiB would say.
_OPEN_SIZE = 0x7FFF0000
_MOST_CHUNKS = 1000


@dataclass(frozen=True)
class DataChunk:
    """The samples of a wav file: where they start, how many bytes are promised and how many are there."""

    start: int
    promised_bytes: int
    present_bytes: int
    open_ended: bool  # the writer could not know the length; all that is there counts

    @property
    def cut_off(self) -> bool:
        return not self.open_ended and self.present_bytes < self.promised_bytes


def find_data(file: BinaryIO) -> DataChunk | None:
    """The data chunk of an open wav file; None when it is not RIFF or ends before its data chunk."""
    end = file.seek(0, 2)
    file.seek(0)
    head = file.read(12)
    if len(head) < 12 or head[:4] not in (b"RIFF", b"RIFX") or head[8:] != b"WAVE":
        return None
    size_format = "<I" if head[:4] == b"RIFF" else ">I"
    (riff_bytes,) = struct.unpack(size_format, head[4:8])
    start = 12
    for _ in range(_MOST_CHUNKS):
        file.seek(start)
        chunk = file.read(8)
        if len(chunk) < 8:
            return None
        (size,) = struct.unpack(size_format, chunk[4:])
        start += 8
        if chunk[:4] == b"data":
            # A size of 0 is meant when the rest of the header counts on it, as in a file with no sound.
            unclosed = size == 0 and (riff_bytes == 0 or riff_bytes + 8 <= start or riff_bytes >= _OPEN_SIZE)
            return DataChunk(start, size, end - start, unclosed or size >= _OPEN_SIZE)
        start += size + size % 2
    return None


def is_wav(head: bytes) -> bool:
    """Whether a file that starts with these bytes is RIFF or RIFX wav."""
    return head[:4] in (b"RIFF", b"RIFX") and head[8:12] == b"WAVE"


def with_length(content: bytes, data: DataChunk) -> bytes:
    """The wav file `content` with the true length of its sound in its header; decoders believe a 0."""
    size = struct.pack("<I" if content[:4] == b"RIFF" else ">I", min(data.present_bytes, 0xFFFFFFFF))
    return content[: data.start - 4] + size + content[data.start :]
