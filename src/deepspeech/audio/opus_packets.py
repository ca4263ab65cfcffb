"""Opus as stored in DeepSpeech's sample databases: bare packets, each preceded by its length, without an Ogg container.

Layout (`util/audio.py` of 0.9.3), integers big-endian: 4 bytes length of the sound as 16-bit samples, 4 bytes rate,
1 byte channels, 1 byte sample width, then packets, each preceded by 2 bytes of length. libsndfile encodes and decodes;
this module converts between packets and Ogg streams (RFC 3533, RFC 7845).
"""

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
import soundfile

from deepspeech.audio.pcm import Float32
from deepspeech.errors import AudioError

SLOWEST, FASTEST = 6000, 256_000  # bits per second
RATES_HZ = (8000, 12000, 16000, 24000, 48000)
_HEAD = struct.Struct(">IIBB")
_PAGE = struct.Struct("<4sBBqIIIB")
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_FRAMES_48K = {"silk": (480, 960, 1920, 2880), "hybrid": (480, 960), "celt": (120, 240, 480, 960)}
_LONGEST_PACKET_48K = 5760
_LARGEST_PACKET = 48 * 1275 + 7  # bytes: RFC 6716, 3.2.5
_FIRST, _LAST = 2, 4  # page flags
_FULL_PAGE = 255  # segments


def encode(samples: Float32, rate_hz: int, bitrate: int | None = None) -> bytes:
    """Mono `samples` [N] as bare packets. Raises AudioError for a rate that Opus does not support."""
    packets = list(_unpaged(encode_ogg(samples, rate_hz, bitrate)))[2:]  # after the two headers
    return _HEAD.pack(2 * len(samples), rate_hz, 1, 2) + b"".join(
        struct.pack(">H", len(packet)) + packet for packet in packets
    )


def encode_ogg(samples: Float32, rate_hz: int, bitrate: int | None = None) -> bytes:
    """Mono `samples` [N] as a .opus file; `bitrate` in bits per second, from 6,000 to 256,000. Raises AudioError."""
    if rate_hz not in RATES_HZ:
        raise AudioError(f"Opus has no {rate_hz} Hz; resample to one of {', '.join(map(str, RATES_HZ))}")
    buffer, options = io.BytesIO(), {} if bitrate is None else {"compression_level": compression_level(bitrate)}
    soundfile.write(buffer, np.clip(samples, -1, 1), rate_hz, format="OGG", subtype="OPUS", **options)
    return buffer.getvalue()


def compression_level(bitrate: float) -> float:
    """libsndfile's compression level, 1 to 0, for a bit rate of one channel."""
    return 1 - (min(max(bitrate, SLOWEST), FASTEST) - SLOWEST) / (FASTEST - SLOWEST)


def as_ogg(data: bytes, name: str) -> bytes:
    """Wrap bare packets in a .opus file without re-encoding. Raises AudioError."""
    frames, rate_hz, channels, packets = _parts(data, name)
    return _paged(packets, rate_hz, channels, frames * 48000 // rate_hz)


def decode(data: bytes, name: str) -> tuple[Float32, int]:
    """Mono samples [N] and rate of bare packets; `name` is their name in errors. Raises AudioError."""
    frames, rate_hz, channels, packets = _parts(data, name)
    try:
        samples, _ = soundfile.read(io.BytesIO(_paged(packets, rate_hz, channels)), dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise AudioError(f"{name}: its Opus sound cannot be decoded ({error})") from None
    mono: Float32 = samples.mean(axis=1, dtype=np.float32)[:frames]
    return mono, rate_hz


def probe(data: bytes, name: str) -> tuple[int, int, int]:
    """Rate in Hz, channels and length in samples of bare packets, without decoding. Raises AudioError."""
    frames, rate_hz, channels, packets = _parts(data, name)
    present = sum(map(duration_48k, packets)) * rate_hz // 48000
    if not frames:
        raise AudioError(f"{name}: contains no audio (0 samples); remove it")
    if present < frames:
        raise AudioError(f"{name}: cut off: {present} of its {frames} samples are there; make the database again")
    return rate_hz, channels, frames


def _parts(data: bytes, name: str) -> tuple[int, int, int, list[bytes]]:
    """Length in samples, rate, channels, packets."""
    if len(data) < _HEAD.size:
        raise AudioError(f"{name}: cut off within the head of its Opus sound; make the database again")
    length, rate_hz, channels, width = _HEAD.unpack_from(data)
    if rate_hz not in RATES_HZ or channels not in (1, 2) or width != 2:
        raise AudioError(f"{name}: not an Opus sound ({rate_hz} Hz, {channels} channels, {width} bytes a sample)")
    packets, at = [], _HEAD.size
    while at < len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        packet = data[at + 2 : at + 2 + size]
        if not size or len(packet) < size:
            raise AudioError(f"{name}: cut off within an Opus packet; make the database again")
        if size > _LARGEST_PACKET:
            raise AudioError(f"{name}: damaged: an Opus packet of {size} bytes, none has more than {_LARGEST_PACKET}")
        packets.append(packet)
        at += 2 + size
    return length // (2 * channels), rate_hz, channels, packets


def _paged(packets: list[bytes], rate_hz: int, channels: int, end_48k: int | None = None) -> bytes:
    """An Ogg Opus stream of `packets`, nothing skipped at its start; it ends at a sample, or with its last packet."""
    head = b"OpusHead" + struct.pack("<BBHIHB", 1, channels, 0, rate_hz, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 0) + struct.pack("<I", 0)
    pages = [_page([head], 0, 0, _FIRST), _page([tags], 0, 1, 0)]
    place, waiting, segments = 0, list[bytes](), 0
    for packet in packets:
        needed = len(packet) // 255 + 1
        if waiting and segments + needed > _FULL_PAGE:
            pages.append(_page(waiting, place, len(pages), 0))
            waiting, segments = [], 0
        waiting.append(packet)
        segments += needed
        place += duration_48k(packet)
    pages.append(_page(waiting, place if end_48k is None else min(place, end_48k), len(pages), _LAST))
    return b"".join(pages)


def _page(packets: list[bytes], place: int, number: int, flags: int) -> bytes:
    lacing = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
    body = lacing + b"".join(packets)
    blank = _PAGE.pack(b"OggS", 0, flags, place, 1, number, 0, len(lacing)) + body
    return _PAGE.pack(b"OggS", 0, flags, place, 1, number, _checksum(blank), len(lacing)) + body


def _checksum(page: bytes) -> int:
    """Ogg's CRC-32, which is zlib's with the bits of each byte the other way round, and no complement."""
    mirrored = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


def _unpaged(stream: bytes) -> Iterator[bytes]:
    """Packets of an Ogg stream that libsndfile wrote."""
    at, packet = 0, b""
    while at < len(stream):
        segments = stream[at + _PAGE.size - 1]
        lacing = stream[at + _PAGE.size : at + _PAGE.size + segments]
        at += _PAGE.size + segments
        for size in lacing:
            packet += stream[at : at + size]
            at += size
            if size < 255:
                yield packet
                packet = b""


def duration_48k(packet: bytes) -> int:
    """Samples at 48 kHz that a packet holds, as its first bytes say (RFC 6716, 3.1)."""
    configuration, code = packet[0] >> 3, packet[0] & 3
    kind = "silk" if configuration < 12 else "hybrid" if configuration < 16 else "celt"
    sizes = _FRAMES_48K[kind]
    frame = sizes[configuration % len(sizes)]
    frames = (1, 2, 2, packet[1] & 63 if len(packet) > 1 else 0)[code]
    return min(frame * frames, _LONGEST_PACKET_48K)
