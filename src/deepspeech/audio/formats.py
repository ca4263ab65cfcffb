"""Sound files: wav, flac, ogg, opus and mp3 in (also NIST sphere and aiff, for old corpora), 16-bit wav out.

In: a path, a file's bytes, or an AudioSlice of a larger file. Out: float32 mono samples and their rate. Every fault is
a one-line AudioError. Thread-safe: calls share nothing, and decoding releases the GIL.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepspeech.audio import opus_packets
from deepspeech.audio.pcm import Float32, Int16, float_to_int16
from deepspeech.audio.resample import resample
from deepspeech.audio.sound import Sound, Source
from deepspeech.audio.source import PACKETS, AudioSlice
from deepspeech.audio.wav_note import wav_head
from deepspeech.errors import AudioError
from deepspeech.files import atomic_open


@dataclass(frozen=True)
class AudioInfo:
    """Format, rate, channels and length of an audio file, from its header."""

    rate_hz: int
    channels: int
    frames: int  # samples per channel
    duration_s: float
    kind: str = ""  # libsndfile's name of the format: WAV, MP3, FLAC, OGG, NIST; PACKETS for bare Opus packets
    coding: str = ""  # libsndfile's name of the codec: PCM_16, OPUS, VORBIS


def read_audio(
    source: Source,
    name: str = "",
    start_s: float = 0.0,
    end_s: float | None = None,
    channel: int | None = None,
) -> tuple[Float32, int]:
    """Samples [frames] (mono, float32, -1 to 1) and sample rate in Hz of a sound file.

    `source` is a path, a file's bytes or an AudioSlice; `name` is its name in errors, by default its path. Reads from
    `start_s` to `end_s` (None: the end); in mp3 the start is accurate to a frame, not to a sample. Channels are
    averaged, or `channel`, from 0, is selected. Concatenated files are read in full, at the highest of their rates.
    Raises AudioError: missing, empty, truncated, not audio, an unsupported codec, or no samples.
    """
    if isinstance(source, AudioSlice) and source.kind == PACKETS:
        return _packets(source, name or str(source), start_s, end_s)
    with Sound(source, name) as sound:
        return _all(sound, start_s, end_s, channel), sound.rate_hz


def read_16_bit(source: Source, rate_hz: int) -> Int16:
    """Mono samples [frames] of a sound at `rate_hz`: what `read_audio` reads, resampled and rounded to 16 bits.

    Samples that already have this format are not converted. Raises AudioError as `read_audio` does.
    """
    if isinstance(source, AudioSlice) and source.kind == PACKETS:
        return float_to_int16(resample(*_packets(source, str(source), 0.0, None), rate_hz))
    with Sound(source) as sound:
        if sound.is_plain("PCM_16", rate_hz):
            plain = sound.int16()
            _check_any(plain, sound.name)
            return plain
        samples, found_hz = _all(sound), sound.rate_hz
    return float_to_int16(resample(samples, found_hz, rate_hz))


def probe(source: Source, name: str = "") -> AudioInfo:
    """Rate, channels and length of a sound file, from its header; raises AudioError as `read_audio` does.

    A stream is decoded only if its header does not state the length.
    """
    if isinstance(source, AudioSlice) and source.kind == PACKETS:
        rate_hz, channels, frames = opus_packets.probe(source.read(), name or str(source))
        return AudioInfo(rate_hz, channels, frames, frames / rate_hz, "PACKETS", "OPUS")
    with Sound(source, name, deep=False) as sound:
        if sound.kind == "FLAC" and sound.frames:
            sound.check_flac()
        found = sound.frames
        if found is None:
            found = sum(map(len, sound.blocks()))
        rate_hz, name = sound.rate_hz, sound.name
        info = AudioInfo(rate_hz, sound.channels, found, found / rate_hz, sound.kind, sound.coding)
    if not found:
        raise AudioError(f"{name}: contains no audio (0 samples); remove it")
    return info


def _all(sound: Sound, start_s: float = 0.0, end_s: float | None = None, channel: int | None = None) -> Float32:
    """All samples of an open sound."""
    blocks = list(sound.blocks(start_s, end_s, channel))
    samples = blocks[0] if len(blocks) == 1 else np.concatenate([np.zeros(0, np.float32), *blocks])
    _check_any(samples, sound.name)
    return samples


def _check_any(samples: Float32 | Int16, name: str) -> None:
    if not len(samples):
        raise AudioError(f"{name}: contains no audio (0 samples); remove it")


def _packets(audio_slice: AudioSlice, name: str, start_s: float, end_s: float | None) -> tuple[Float32, int]:
    """Bare Opus packets, which are always mono here."""
    samples, rate_hz = opus_packets.decode(audio_slice.read(), name)
    first = max(0, round(start_s * rate_hz))
    samples = samples[first : None if end_s is None else max(first, round(end_s * rate_hz))]
    _check_any(samples, name)
    return samples, rate_hz


def wav_bytes(samples: Float32, rate_hz: int) -> bytes:
    """Mono float32 `samples` [frames] as the bytes of a 16-bit wav file."""
    data = float_to_int16(samples).astype("<i2", copy=False).tobytes()
    return wav_head(len(data), rate_hz) + data


def write_wav(path: str | Path, samples: Float32, rate_hz: int, note: str = "") -> int:
    """Write mono float32 `samples` as a 16-bit wav file, atomically; returns its bytes.

    `note`: a comment in its header, in ASCII; `wav_note.read_note` finds it. Raises AudioError where it cannot be
    written.
    """
    path = Path(path)
    data = float_to_int16(samples).astype("<i2", copy=False)
    head = wav_head(data.nbytes, rate_hz, note)
    with atomic_open(path, AudioError) as file:
        file.write(head)
        file.write(data.data)
    return len(head) + data.nbytes


def write_wavs(path: str | Path, sounds: Iterable[tuple[Float32, int]]) -> tuple[int, float]:
    """Write sounds (samples, rate), all of one rate, as one file; returns their number and duration in seconds."""
    parts = list(sounds)
    rate_hz, joined = parts[0][1], np.concatenate([samples for samples, _ in parts])
    write_wav(path, joined, rate_hz)
    return len(parts), len(joined) / rate_hz
