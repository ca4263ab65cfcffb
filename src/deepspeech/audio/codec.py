"""Codec simulation: encode and decode with GSM 06.10, G.711 A-law or µ-law, or Opus, through libsndfile."""

import io

import numpy as np
import soundfile

from deepspeech.audio.opus_packets import RATES_HZ, compression_level
from deepspeech.audio.pcm import Float32
from deepspeech.audio.resample import resample

TELEPHONE_HZ = 8000
_NARROW_BELOW = 9000  # bits per second below which Opus encodes 4 kHz of bandwidth, whatever the input
_SUBTYPES = {"gsm": "GSM610", "alaw": "ALAW", "ulaw": "ULAW"}


def round_trip(samples: Float32, rate_hz: int, coding: str, bitrate: float = 16000) -> Float32:
    """Mono `samples` [N] at `rate_hz` coded as "opus", "gsm", "alaw" or "ulaw" and decoded again: [N].

    `bitrate`, in bits per second, applies to Opus only and is limited to 6,000 to 256,000. The telephone codecs work at
    8,000 Hz.
    """
    if coding == "opus":
        needed_hz = TELEPHONE_HZ if bitrate < _NARROW_BELOW else rate_hz  # saves a third of the time
        coded_hz = next((hz for hz in RATES_HZ if hz >= needed_hz), RATES_HZ[-1])
        options = {"format": "OGG", "subtype": "OPUS", "compression_level": compression_level(bitrate)}
    else:
        coded_hz, options = TELEPHONE_HZ, {"format": "WAV", "subtype": _SUBTYPES[coding]}
    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(resample(samples, rate_hz, coded_hz), -1, 1), coded_hz, **options)
    buffer.seek(0)
    decoded, _ = soundfile.read(buffer, dtype="float32")
    return fitted(resample(decoded, coded_hz, rate_hz), len(samples))


def fitted(samples: Float32, length: int) -> Float32:
    """`samples` truncated or zero-padded to `length`."""
    return samples[:length] if len(samples) >= length else np.pad(samples, (0, length - len(samples)))
