"""Compare a wav header with the file: decoders read a truncated file without an error.

Formats: Microsoft RIFF/WAVE; chunks of a 4-byte name and a 4-byte size, the samples in the chunk named `data`. RF64 and
BW64 (EBU Tech 3306, ITU-R BS.2088) are the same with sizes of 64 bits in a chunk `ds64`.
"""

import struct
from dataclasses import dataclass

from deepspeech.audio.content import Content, Piece
from deepspeech.audio.layout import AGAIN, Layout, Part

# Programs that write to a pipe cannot know the length and leave 0, 0x7FFFF000 (sox), 0x80000000 (arecord) or
# 0xFFFFFFFF (ffmpeg): values that no complete file below 2 GiB has.
_OPEN_SIZE = 0x7FFF0000
_MOST_CHUNKS = 1000
_MOST_PARTS = 1000
_LARGE = (b"RF64", b"BW64")
_NAMES = (b"RIFF", b"RIFX", *_LARGE)
_IN_DS64 = 0xFFFFFFFF
_TAGS = (b"ID3", b"TAG", b"APETAGEX")
_OVERHANG_S = 0.1  # less than this after the samples is junk, not audio


@dataclass(frozen=True)
class DataChunk:
    """The samples of a wav file: where they start, how many bytes are promised and how many are there."""

    start: int
    promised_bytes: int
    present_bytes: int  # to the end of the file
    open_ended: bool  # the writer could not know the length; use all present bytes
    bytes_per_s: int  # according to the header

    @property
    def cut_off(self) -> bool:
        return not self.open_ended and self.present_bytes < self.promised_bytes

    @property
    def end(self) -> int:
        return self.start + self.promised_bytes


def is_wav(head: bytes) -> bool:
    """Whether a file that starts with these bytes is wav, large ones too."""
    return head[:4] in _NAMES and head[8:12] == b"WAVE"


def lay_out(content: Content) -> Layout | None:
    """The wav streams in `content`, which starts with one; None where the first ends before its sound begins."""
    parts: list[Part] = []
    base = 0
    while len(parts) < _MOST_PARTS:
        data = find_data(content, base)
        if data is None:
            fault = f"cut off: it goes on with a wav header that ends before its sound begins; {AGAIN}"
            return Layout(tuple(parts), fault) if parts else None
        if data.cut_off:
            fault = (
                f"cut off: its header promises {data.promised_bytes} bytes of sound, "
                f"{data.present_bytes} are there; {AGAIN}"
            )
            return Layout((*parts, _part(content, base, content.size)), fault)
        following = None if data.open_ended else _following(content, data)
        if data.open_ended or following == content.size:
            return Layout((*parts, _fixed(content, base, data)))
        if following is None:
            return Layout((*parts, _part(content, base, content.size)))
        parts.append(_part(content, base, following))
        base = following
    return Layout(tuple(parts), f"contains more than {_MOST_PARTS} wav files in a row; create it again")


def find_data(content: Content, base: int = 0) -> DataChunk | None:
    """The data chunk of the wav stream at `base`; None if there is none."""
    head = content.at(base, 12)
    if not is_wav(head) or len(head) < 12:
        return None
    order = ">" if head[:4] == b"RIFX" else "<"
    (riff_bytes,) = struct.unpack(order + "I", head[4:8])
    start, long_size, bytes_per_s = base + 12, None, 0
    for _ in range(_MOST_CHUNKS):
        chunk = content.at(start, 24)
        if len(chunk) < 8:
            return None
        (size,) = struct.unpack(order + "I", chunk[4:8])
        start += 8
        present = content.size - start
        if chunk[:4] == b"ds64" and len(chunk) == 24:
            (long_size,) = struct.unpack("<Q", chunk[16:24])
        elif chunk[:4] == b"fmt " and len(chunk) >= 20:
            (bytes_per_s,) = struct.unpack(order + "I", chunk[16:20])
        elif chunk[:4] == b"data":
            if head[:4] in _LARGE and size == _IN_DS64 and long_size is not None:
                return DataChunk(start, long_size, present, long_size in (0, 2**64 - 1) and present > 0, bytes_per_s)
            # A size of 0 is real if the rest of the header agrees, as in an empty recording.
            unclosed = size == 0 and (riff_bytes == 0 or base + riff_bytes + 8 <= start or riff_bytes >= _OPEN_SIZE)
            beyond = size >= _OPEN_SIZE and present <= size  # else it is the real size of a large file
            return DataChunk(start, size, present, unclosed or beyond, bytes_per_s)
        start += size + size % 2
    return None


def _following(content: Content, data: DataChunk) -> int | None:
    """What follows the samples: another wav stream (its offset), more samples (the content's size), or None."""
    for at in {data.end, data.end + data.promised_bytes % 2}:  # the padding byte of odd sizes is often missing
        if is_wav(content.at(at, 12)):
            return at
    rest = content.size - data.end
    if rest < max(64, _OVERHANG_S * data.bytes_per_s):
        return None
    if any(_are_chunks(content, data.end + fill) for fill in (0, 1)):
        return None
    sample = content.at(data.end, 4096)
    tagged = sample.startswith(_TAGS) or sample[1:].startswith(_TAGS)
    return None if tagged or not any(sample) else content.size


def _are_chunks(content: Content, at: int) -> bool:
    """Whether only chunks follow up to the end."""
    for _ in range(_MOST_CHUNKS):
        chunk = content.at(at, 8)
        if len(chunk) < 8:
            return True
        size = int.from_bytes(chunk[4:], "little")
        if not all(0x20 <= byte < 0x7F for byte in chunk[:4]) or at + 8 + size > content.size:
            return False
        at += 8 + size + size % 2
    return True


def _part(content: Content, start: int, end: int) -> Part:
    """The stream from `start` to `end` as it is; a BW64 under the name that decoders know."""
    name: tuple[Piece, ...] = (b"RF64", (start + 4, end - start - 4))
    if content.at(start, 4) == b"BW64":
        return Part(name)
    return Part() if (start, end) == (0, content.size) else Part(((start, end - start),))


def _fixed(content: Content, base: int, data: DataChunk) -> Part:
    """The stream with the corrected length in its header: decoders trust it."""
    name, size = content.at(base, 4), data.present_bytes
    sound = (data.start, size)
    if name in _LARGE or (size > _OPEN_SIZE and name == b"RIFF"):
        chunks = content.at(base + 12, data.start - 4 - base - 12)
        if chunks[:4] == b"ds64":
            chunks = chunks[8 + int.from_bytes(chunks[4:8], "little") :]
        long = struct.pack("<4sIQQQI", b"ds64", 28, size + len(chunks) + 44, size, 0, 0)
        return Part((b"RF64\xff\xff\xff\xffWAVE" + long + chunks + b"\xff\xff\xff\xff", sound))
    head = content.at(base, data.start - 4 - base)
    if data.open_ended and data.promised_bytes and base == 0:
        return Part()  # a size beyond the end of the file: decoders handle that
    return Part((head + struct.pack(">I" if name == b"RIFX" else "<I", min(size, _IN_DS64)), sound))
