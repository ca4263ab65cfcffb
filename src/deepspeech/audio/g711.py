"""G.711: telephone samples of 8 bits (µ-law and A-law) to 16 bits. Source: ITU-T G.711, tables 1a to 2b."""

import numpy as np

from deepspeech.audio.pcm import Int16

RATE_HZ = 8000


def decode_ulaw(data: bytes) -> Int16:
    """µ-law bytes as samples."""
    return _ULAW[np.frombuffer(data, np.uint8)]


def decode_alaw(data: bytes) -> Int16:
    """A-law bytes as samples."""
    return _ALAW[np.frombuffer(data, np.uint8)]


def _ulaw_table() -> Int16:
    codes = ~np.arange(256, dtype=np.int32) & 0xFF
    sizes = ((((codes & 0x0F) << 3) + 0x84) << ((codes >> 4) & 7)) - 0x84
    return np.where(codes & 0x80, -sizes, sizes).astype(np.int16)


def _alaw_table() -> Int16:
    codes = np.arange(256, dtype=np.int32) ^ 0x55
    segments, steps = (codes >> 4) & 7, ((codes & 0x0F) << 4) + 8
    sizes = np.where(segments == 0, steps, (steps + 0x100) << np.maximum(segments - 1, 0))
    return np.where(codes & 0x80, sizes, -sizes).astype(np.int16)


_ULAW, _ALAW = _ulaw_table(), _alaw_table()
