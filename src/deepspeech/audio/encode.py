"""Encode samples as wav, flac or opus bytes, and name the format of a file."""

import io

import soundfile

from deepspeech.audio import opus_packets
from deepspeech.audio.formats import AudioInfo, wav_bytes
from deepspeech.audio.pcm import Float32, float_to_int16
from deepspeech.audio.resample import resample
from deepspeech.audio.source import PACKETS

CODED = ("wav", "flac", "opus")  # formats that can be written
_KINDS = {"WAV": "wav", "WAVEX": "wav", "FLAC": "flac", "MP3": "mp3", "PACKETS": PACKETS}
_OGG_KINDS = {"OPUS": "opus", "VORBIS": "ogg"}


def kind_of(info: AudioInfo) -> str:
    """The suffix for a file's content: wav, flac, opus, ogg, mp3; PACKETS; "" for others, such as sphere."""
    return _OGG_KINDS.get(info.coding, "") if info.kind == "OGG" else _KINDS.get(info.kind, "")


def encode(samples: Float32, rate_hz: int, kind: str, bitrate: int | None = None) -> bytes:
    """Mono `samples` [N] as a file of a kind of CODED (16-bit samples), or as PACKETS.

    Opus is encoded at `bitrate` bits per second (None: its default) and the next higher sample rate that it supports.
    """
    if kind == "wav":
        return wav_bytes(samples, rate_hz)
    if kind == "flac":
        buffer = io.BytesIO()
        soundfile.write(buffer, float_to_int16(samples), rate_hz, format="FLAC", subtype="PCM_16")
        return buffer.getvalue()
    coded_hz = next((hz for hz in opus_packets.RATES_HZ if hz >= rate_hz), opus_packets.RATES_HZ[-1])
    coder = opus_packets.encode if kind == PACKETS else opus_packets.encode_ogg
    return coder(resample(samples, rate_hz, coded_hz), coded_hz, bitrate)
