"""Scan the frames of an mp3 file and compare their number with its header.

Decoders trust the number of frames in a Xing, Info or VBRI header, or guess it from the size of the file: truncated,
concatenated and variable-bit-rate files then end in the wrong place.

Formats: ISO 11172-3 and 13818-3 (frame heads), MPEG 2.5; Xing's and Fraunhofer's headers, which are a frame of silence
that states the number of frames after it; ID3 and APE tags.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from deepspeech.audio.content import Content, Piece
from deepspeech.audio.layout import AGAIN, Layout, Part

_BLOCK = 1 << 20
_LONGEST_FRAME = 2881  # 320 kbit/s at 32 kHz of layer II, and one more
_LOOK_FOR = 1 << 17  # bytes in which the first frame must be found
_MOST_PARTS = 1000
_JUNK = 0.02  # fraction of a file that may be neither frame nor tag; more is damage
_BITRATES = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_BITRATES[2, 3] = _BITRATES[2, 2]
_RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


@dataclass(frozen=True)
class _Head:
    """A frame header (four bytes), parsed."""

    size: int  # of the frame, in bytes
    samples: int
    layer: int
    rate_hz: int
    bits_per_s: int
    side_bytes: int  # between head and data, in layer III
    stream: tuple[int, int, bool]  # changes only where another stream begins


@lru_cache(maxsize=4096)
def _head(second: int, third: int, mono: bool) -> _Head | None:
    """The head 0xFF, `second`, `third`; None if invalid, or of free format, whose frame size is unknown."""
    version, layer, rate = second >> 3 & 3, 4 - (second >> 1 & 3), third >> 2 & 3
    bitrate = third >> 4
    if second < 0xE0 or version == 1 or layer == 4 or rate == 3 or not 0 < bitrate < 15:
        return None
    family = 1 if version == 3 else 2
    rate_hz, bits_per_s = _RATES_HZ[version][rate], 1000 * _BITRATES[family, layer][bitrate - 1]
    padding = third >> 1 & 1
    if layer == 1:
        size, samples = (12 * bits_per_s // rate_hz + padding) * 4, 384
    else:
        samples = 576 if (layer, family) == (3, 2) else 1152
        size = samples // 8 * bits_per_s // rate_hz + padding
    side_bytes = (17 if mono else 32) if family == 1 else (9 if mono else 17)
    return _Head(size, samples, layer, rate_hz, bits_per_s, side_bytes, (second >> 1 & 15, rate, mono))


@dataclass
class _Stream:
    """Consecutive frames of one kind; tags and junk may be between them."""

    head: _Head
    first: bytes  # the first frame
    promised: tuple[int, int, int] | None  # frames, bytes (0: not stated), and their offset in the first frame
    ranges: list[list[int]] = field(default_factory=list)  # [start, end]
    frames: int = 0  # without the header frame
    constant: bool = True  # is the bit rate the same in all

    def take(self, at: int, head: _Head) -> None:
        if self.ranges and self.ranges[-1][1] == at:
            self.ranges[-1][1] = at + head.size
        else:
            self.ranges.append([at, at + head.size])
        self.frames += 1
        self.constant = self.constant and head.bits_per_s == self.head.bits_per_s


def lay_out(content: Content) -> Layout:
    """The streams in `content`. If no frames are found, the file is passed on unchanged: a decoder may find some."""
    begin = after_tags(content)
    start = _first_frame(content, begin)
    if start is None:
        return Layout()
    if _is_as_promised(content, start):
        return Layout() if start == begin else Layout((Part(((start, content.size - start),)),))
    streams, junk, rest = _walk(content, start)
    if not streams or not any(stream.frames for stream in streams):
        return Layout()
    cut = _cut_off(streams[-1], rest)
    if not cut and junk > _JUNK * content.size:
        cut = f"damaged: {junk} of its {content.size} bytes between frames are not audio; {AGAIN}"
    if len(streams) > _MOST_PARTS:
        return Layout(fault=f"damaged: contains more than {_MOST_PARTS} streams; {AGAIN}")
    alone = len(streams) == 1 and not junk
    return Layout(tuple(_part(stream, alone) for stream in streams if stream.frames), cut)


def is_mp3(head: bytes) -> bool:
    """Whether a file that starts with these bytes may be mp3 (or layer I or II)."""
    return head[:3] == b"ID3" or (len(head) > 3 and _head_at(head, 0) is not None)


def _head_at(data: bytes, at: int) -> _Head | None:
    if at + 4 > len(data) or data[at] != 0xFF:
        return None
    return _head(data[at + 1], data[at + 2], data[at + 3] >> 6 == 3)


def _tag_bytes(data: bytes) -> int:
    """The size of the tag that `data` starts with; 0 if none."""
    if data[:3] == b"ID3" and len(data) >= 10:
        size = data[6] << 21 | data[7] << 14 | data[8] << 7 | data[9]
        return 10 + size + (10 if data[5] & 16 else 0)
    if data[:3] == b"TAG":
        return 128
    if data[:8] == b"APETAGEX" and len(data) >= 24:
        size, flags = int.from_bytes(data[12:16], "little"), int.from_bytes(data[20:24], "little")
        return size + 32 if flags & 1 << 29 else 32  # a header, which does not count itself; or a footer alone
    return 0


def after_tags(content: Content, at: int = 0) -> int:
    """End of the tags that start at `at`."""
    while size := _tag_bytes(content.at(at, 32)):
        at += size
    return at


def _first_frame(content: Content, at: int) -> int | None:
    """Start of the first frame: a header that is followed by another one where its frame ends."""
    data = content.at(at, _LOOK_FOR + _LONGEST_FRAME)
    found = -1
    while 0 <= (found := data.find(b"\xff", found + 1)) < _LOOK_FOR:
        if _followed(data, found, at + len(data) >= content.size):
            return at + found
    return None


def _followed(data: bytes, at: int, to_the_end: bool) -> bool:
    """Whether a frame starts at `at`, and another of its kind, or a tag, or the end, after it."""
    head = _head_at(data, at)
    if head is None:
        return False
    after = at + head.size
    if after + 4 > len(data):
        return to_the_end and after <= len(data)
    following = _head_at(data, after)
    return (following is not None and following.stream == head.stream) or _tag_bytes(data[after : after + 32]) > 0


def _promise(frame: bytes, head: _Head) -> tuple[int, int, int] | None:
    """Frames and bytes that a Xing, Info or VBRI header in this frame states, and its offset."""
    at = 4 + head.side_bytes
    if head.layer == 3 and frame[at : at + 4] in (b"Xing", b"Info") and len(frame) >= at + 16:
        flags = int.from_bytes(frame[at + 4 : at + 8], "big")
        frames = int.from_bytes(frame[at + 8 : at + 12], "big") if flags & 1 else 0
        size_at = at + 12 if flags & 1 else at + 8
        return frames, int.from_bytes(frame[size_at : size_at + 4], "big") if flags & 2 else 0, at
    if head.layer == 3 and frame[36:40] == b"VBRI" and len(frame) >= 54:
        size, frames = struct.unpack(">II", frame[46:54])
        return frames, size, 36
    return None


def _is_as_promised(content: Content, start: int) -> bool:
    """Whether the file ends where the header in its first frame says, but for a frame or a tag."""
    data = content.at(start, _LONGEST_FRAME)
    head = _head_at(data, 0)
    if head is None:
        return False
    promised = _promise(data[: head.size], head)
    if not promised or not promised[0] or not promised[1]:
        return False
    end = start + promised[1]
    tagged = after_tags(content, end) == content.size
    return tagged or 0 <= content.size - end <= head.size  # some do not count it


def _walk(content: Content, at: int) -> tuple[list[_Stream], int, int]:
    """All streams; bytes that are neither frames nor tags between them; bytes of a truncated last frame."""
    streams: list[_Stream] = []
    junk = 0
    for place, head, data in _frames(content, at):
        if head is None:
            junk += len(data)
            continue
        if place + head.size > content.size:
            return streams, junk, content.size - place
        promised = _promise(data, head)
        if not streams or promised or streams[-1].head.stream != head.stream:
            streams.append(_Stream(head, data, promised))
            if promised:
                continue
        streams[-1].take(place, head)
    return streams, junk, 0


def _frames(content: Content, at: int) -> Iterator[tuple[int, _Head | None, bytes]]:
    """(offset, header, the frame's bytes) of all frames; junk between frames has no header."""
    start, data = at, content.at(at, _BLOCK)
    while at < content.size:
        if at + _LONGEST_FRAME > start + len(data) and start + len(data) < content.size:
            start, data = at, content.at(at, _BLOCK)
        offset = at - start
        head = _head_at(data, offset)
        if head is not None:
            yield at, head, data[offset : offset + head.size]
            at += head.size
        elif size := _tag_bytes(data[offset : offset + 32]):
            at += size
        else:
            found = _first_frame(content, at)
            if found is None:
                return
            yield at, None, content.at(at, found - at)
            at = found


def _cut_off(stream: _Stream, rest: int) -> str:
    promised = stream.promised[0] if stream.promised else 0
    if stream.frames < promised - 1:
        step_s = stream.head.samples / stream.head.rate_hz
        there_s = stream.frames * step_s
        return f"cut off: its header promises {promised * step_s:.1f} s of sound, {there_s:.1f} s are there; {AGAIN}"
    return f"cut off within its last frame; {AGAIN}" if rest and not promised else ""


def _part(stream: _Stream, alone: bool) -> Part:
    """The stream for a decoder, with a correct header prepended if its own is wrong or missing."""
    ranges: list[Piece] = [(start, end - start) for start, end in stream.ranges]
    frames = stream.frames * stream.head.samples
    if stream.head.layer != 3 or (stream.constant and not stream.promised):
        return Part(None if alone else tuple(ranges), frames)  # the decoder's estimate is right here
    size = sum(end - start for start, end in stream.ranges)
    fixed = _fixed(stream, size)
    return Part((fixed or _header(stream, size), *ranges))


def _fixed(stream: _Stream, size: int) -> bytes:
    """The stream's own header with corrected numbers; empty if it has none with room for both."""
    if not stream.promised:
        return b""
    promised, _, at = stream.promised
    flags = int.from_bytes(stream.first[at + 4 : at + 8], "big")
    if stream.first[at] == ord("V") or flags & 3 != 3:
        return b""
    frames = promised if abs(promised - stream.frames) <= 1 else stream.frames
    stated = struct.pack(">II", frames, len(stream.first) + size)
    return stream.first[: at + 8] + stated + stream.first[at + 16 :]


def _header(stream: _Stream, size: int) -> bytes:
    """A Xing header frame with the number of frames."""
    first = bytearray(stream.first[:4])
    first[1] |= 1  # no checksum
    first[2] = first[2] & 0x0D | 0x80  # a bit rate whose frames have room for it, no padding
    head = _head_at(bytes(first), 0)
    assert head is not None
    stated = b"Xing" + struct.pack(">III", 3, stream.frames, head.size + size)
    return (bytes(first) + bytes(head.side_bytes) + stated).ljust(head.size, b"\0")
