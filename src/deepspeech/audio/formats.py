"""Sound files: wav, flac, ogg, opus and mp3 in (also NIST sphere and aiff, for old corpora), 16-bit wav out.

In: a path, the bytes of a file, or a Span of a larger one. Out: float32 mono samples and their rate. Every fault is an
AudioError of one line. Nothing is shared between calls: many threads may read at once; decoding releases Python's lock.
"""

import io
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import TypeAlias, TypeVar

import numpy as np
import soundfile
from numpy.typing import NDArray

from deepspeech.audio import opus_packets
from deepspeech.audio.pcm import Float32, Int16, float_to_int16, to_mono
from deepspeech.audio.resample import resample
from deepspeech.audio.span import PACKETS, Span, check_readable
from deepspeech.audio.wav_header import find_data, is_wav, with_length
from deepspeech.errors import AudioError
from deepspeech.files import whole

Source: TypeAlias = str | Path | Span | bytes
Number = TypeVar("Number", bound=np.generic)

READABLE = "wav, flac, ogg, opus or mp3"
_UNKNOWN_LENGTH = 1 << 62  # libsndfile's frame count for streams whose header leaves the length open
_SEEKABLE = ("FLAC", "MPEG")  # where looking at the last sample is cheap and tells whether it is there
_BLOCK_FRAMES = 1 << 20
_SEEK_FAILED = 39  # libsndfile's SFE_BAD_SEEK
_HEAD_BYTES = 64
_KNOWN = {b"RIFF": "wav", b"RIFX": "wav", b"fLaC": "flac", b"OggS": "ogg", b"ID3": "mp3", b"\xff": "mp3"}
_FOREIGN = {
    b"\x1aE\xdf\xa3": "a Matroska or WebM file",
    b"0&\xb2u": "a Windows Media file",
    b"#!AM": "an AMR file",
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"version https://git-lfs": "a Git LFS pointer (the sound itself was not fetched)",
    b"<": "a text or web page",
}


@dataclass(frozen=True)
class AudioInfo:
    """What a sound file's header says."""

    rate_hz: int
    channels: int
    frames: int  # samples per channel
    duration_s: float
    kind: str = ""  # libsndfile's name of the format: WAV, MPEG, FLAC, OGG, NIST; PACKETS for bare Opus packets
    coding: str = ""  # and of what is inside: PCM_16, OPUS, VORBIS


def read_audio(
    source: Source, name: str = "", start_s: float = 0.0, end_s: float | None = None, channel: int | None = None
) -> tuple[Float32, int]:
    """Samples [frames] (mono, float32, -1 to 1) and sample rate in Hz of a sound file.

    `source` is a path, a file's bytes or a Span; `name` is how errors call it, by default its path. Of a longer
    recording, what lies from `start_s` to `end_s` (None: the end) is read; inside mp3 such a start is exact to
    a frame, not to the sample. Channels are averaged, or one is taken: `channel`, from 0.
    Raises AudioError: missing, empty, cut off, not audio, a codec that is not known, or no samples at all.
    """
    name = _name(source, name)
    if isinstance(source, Span):
        if source.kind == PACKETS:
            return _packets(source, name, start_s, end_s)
        source = source.read()
    with _open(source, name) as file:
        return _samples(file, name, start_s, end_s, channel), int(file.samplerate)


def read_16_bit(source: Source, rate_hz: int) -> Int16:
    """Mono samples [frames] of a sound at `rate_hz`: what `read_audio` reads, resampled and rounded to 16 bits.

    Where the file holds just such samples they are taken as they are. Raises AudioError as `read_audio` does.
    """
    name = _name(source, "")
    if isinstance(source, Span):
        if source.kind == PACKETS:
            samples, found_hz = _packets(source, name, 0.0, None)
            return float_to_int16(resample(samples, found_hz, rate_hz))
        source = source.read()
    with _open(source, name) as file:
        found_hz = int(file.samplerate)
        if (file.subtype, file.channels, found_hz) == ("PCM_16", 1, rate_hz) and file.frames < _UNKNOWN_LENGTH:
            return _told(name, lambda: file.read(dtype="int16"))
        samples = _samples(file, name)
    return float_to_int16(resample(samples, found_hz, rate_hz))


def probe(source: Source, name: str = "") -> AudioInfo:
    """Rate, channels and length of a sound file, from its header; raises AudioError as `read_audio` does.

    Only a stream whose header leaves the length open is decoded.
    """
    name = _name(source, name)
    if isinstance(source, Span):
        if source.kind == PACKETS:
            rate_hz, channels, frames = opus_packets.probe(source.read(), name)
            return AudioInfo(rate_hz, channels, frames, frames / rate_hz, "PACKETS", "OPUS")
        source = source.read()
    with _open(source, name) as file:
        rate_hz, channels, frames = int(file.samplerate), int(file.channels), int(file.frames)
        kind, coding = str(file.format), str(file.subtype)
        if file.format in _SEEKABLE and 0 < frames < _UNKNOWN_LENGTH and not _reaches(file, frames):
            raise AudioError(f"{name}: cut off (its header promises {frames} samples); copy or download it again")
    if frames >= _UNKNOWN_LENGTH:
        frames = len(read_audio(source, name)[0])
    if not frames:
        raise AudioError(f"{name}: holds no sound (0 samples); leave it out")
    return AudioInfo(rate_hz, channels, frames, frames / rate_hz, kind, coding)


def _packets(span: Span, name: str, start_s: float, end_s: float | None) -> tuple[Float32, int]:
    """Bare Opus packets, which are always mono here."""
    samples, rate_hz = opus_packets.decode(span.read(), name)
    first = max(0, round(start_s * rate_hz))
    samples = samples[first : None if end_s is None else max(first, round(end_s * rate_hz))]
    if not len(samples):
        raise AudioError(f"{name}: holds no sound (0 samples); leave it out")
    return samples, rate_hz


def wav_bytes(samples: Float32, rate_hz: int) -> bytes:
    """Mono float32 `samples` [frames] as the bytes of a 16-bit wav file."""
    data = float_to_int16(samples).astype("<i2", copy=False).tobytes()
    return _wav_head(len(data), rate_hz) + data


def write_wav(path: str | Path, samples: Float32, rate_hz: int) -> int:
    """Write mono float32 `samples` as a 16-bit wav file, whole or not at all; returns its bytes.

    Raises AudioError where it cannot be written.
    """
    path = Path(path)
    data = float_to_int16(samples).astype("<i2", copy=False)
    head = _wav_head(data.nbytes, rate_hz)
    with whole(path, AudioError) as file:
        file.write(head)
        file.write(data.data)
    return len(head) + data.nbytes


def _wav_head(data_bytes: int, rate_hz: int) -> bytes:
    """The header of a mono 16-bit wav file."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    data = struct.pack("<4sI", b"data", data_bytes)
    return struct.pack("<4sI4s", b"RIFF", 4 + len(form) + len(data) + data_bytes, b"WAVE") + form + data


def write_wavs(path: str | Path, sounds: Iterable[tuple[Float32, int]]) -> tuple[int, float]:
    """Write sounds (samples, rate), at least one, all of one rate, as one file; how many, and their duration in s."""
    parts = list(sounds)
    rate_hz, joined = parts[0][1], np.concatenate([samples for samples, _ in parts])
    write_wav(path, joined, rate_hz)
    return len(parts), len(joined) / rate_hz


def _reaches(file: soundfile.SoundFile, frames: int) -> bool:
    """Is the last of `frames` samples there? Moves the file's position."""
    try:
        file.seek(frames - 1)
        return len(file.read(1)) == 1
    except soundfile.SoundFileError:
        return False


def _name(source: Source, name: str) -> str:
    return name or ("sound in memory" if isinstance(source, bytes) else str(source))


@contextmanager
def _open(source: str | Path | bytes, name: str) -> Iterator[soundfile.SoundFile]:
    """The sound file, open for decoding; every reason why it cannot be is an AudioError."""
    content, head = _content(source, name)
    if not head:
        raise AudioError(f"{name}: the file is empty (0 bytes); copy or download it again")
    if is_wav(head):
        content = _checked_wav(content, name)
    try:
        file = soundfile.SoundFile(io.BytesIO(content) if isinstance(content, bytes) else os.fsencode(content))
    except soundfile.SoundFileError:
        raise AudioError(f"{name}: {_why_not(head)}") from None
    except TypeError:  # soundfile takes a name in .raw for samples whose rate it must be told
        raise AudioError(f"{name}: raw samples tell no rate; give the file a header, as {READABLE}") from None
    with file:
        yield file


def _content(source: str | Path | bytes, name: str) -> tuple[bytes | Path, bytes]:
    """What to decode, and its first bytes. A pipe is read whole, since decoders go back and forth."""
    if isinstance(source, bytes):
        return source, source[:_HEAD_BYTES]
    path = Path(source)
    try:
        mode = path.stat().st_mode
        if S_ISDIR(mode):
            raise AudioError(f"{name}: is a folder; name a sound file")
        if not S_ISREG(mode):
            check_readable(path, mode)
            content = path.read_bytes()
            return content, content[:_HEAD_BYTES]
        with path.open("rb", buffering=0) as file:
            return path, file.read(_HEAD_BYTES)
    except FileNotFoundError:
        raise AudioError(f"{name}: there is no such file; check the path") from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        raise AudioError(f"{name}: cannot be read ({getattr(error, 'strerror', error)})") from None


def _checked_wav(content: bytes | Path, name: str) -> bytes | Path:
    """The wav file, after a look whether all the sound that its header promises is there."""
    with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
        data = find_data(file)
    if data is None:
        raise AudioError(f"{name}: a wav file that ends before its sound begins; copy or download it again")
    if data.cut_off:
        raise AudioError(
            f"{name}: cut off: its header promises {data.promised_bytes} bytes of sound, "
            f"{data.present_bytes} are there; copy or download it again"
        )
    if data.open_ended and data.promised_bytes == 0:
        return with_length(content if isinstance(content, bytes) else content.read_bytes(), data)
    return content


def _mono(samples: Float32, channel: int | None, name: str) -> Float32:
    if channel is None:
        return to_mono(samples)
    columns = samples.reshape(len(samples), -1)
    if not 0 <= channel < columns.shape[1]:
        raise AudioError(f"{name}: there is no channel {channel}, it has {columns.shape[1]}; counted from 0")
    return np.ascontiguousarray(columns[:, channel])


def _samples(
    file: soundfile.SoundFile, name: str, start_s: float = 0.0, end_s: float | None = None, channel: int | None = None
) -> Float32:
    """What `read_audio` returns of an open file."""
    samples = _told(name, lambda: _mono(_read(file, start_s, end_s), channel, name))
    if file.subtype in ("FLOAT", "DOUBLE") and not np.isfinite(samples).all():
        raise AudioError(f"{name}: holds samples that are not numbers; make the file again")
    return samples


def _told(name: str, read: Callable[[], NDArray[Number]]) -> NDArray[Number]:
    """What `read` decodes; damage, or nothing at all, is an AudioError."""
    try:
        samples = read()
    except (soundfile.SoundFileError, MemoryError) as error:
        raise AudioError(f"{name}: damaged sound ({_reason(error)}); copy or download it again") from None
    if not len(samples):
        raise AudioError(f"{name}: holds no sound (0 samples); leave it out")
    return samples


def _read(file: soundfile.SoundFile, start_s: float, end_s: float | None) -> Float32:
    """The samples from `start_s` to `end_s` as [frames] or [frames, channels]."""
    first = max(0, round(start_s * file.samplerate))
    last = None if end_s is None else max(first, round(end_s * file.samplerate))
    if file.frames >= _UNKNOWN_LENGTH:
        return _read_to_the_end(file)[first:last]
    # In one piece: after each piece the library seeks, and seeking inside mp3 is not exact to the sample.
    if first:
        file.seek(min(first, file.frames))
    samples: Float32 = file.read(-1 if last is None else last - first, dtype="float32")
    return samples


def _read_to_the_end(file: soundfile.SoundFile) -> Float32:
    """All samples of a stream whose header leaves the length open."""
    blocks = []
    while True:
        # At the end of a flac stream of unknown length that seek fails although the samples have arrived.
        block = np.full((_BLOCK_FRAMES, file.channels), np.nan, np.float32)
        try:
            count = len(file.read(out=block))
        except soundfile.LibsndfileError as error:
            if error.code != _SEEK_FAILED:
                raise
            count = int(np.count_nonzero(~np.isnan(block[:, 0])))
        blocks.append(block[:count])
        if count < _BLOCK_FRAMES:
            return np.concatenate(blocks)


def _why_not(head: bytes) -> str:
    """Why a file with these first bytes cannot be opened, and what to do."""
    if head.startswith(b"NIST_1A"):
        return "a NIST sphere file whose codec cannot be read here; unpack it first: sph2pipe -f wav IN.sph OUT.wav"
    for magic, kind in _FOREIGN.items():
        if head.startswith(magic):
            return f"is {kind}, not a sound file that can be read here; make it {READABLE}"
    if head[4:8] == b"ftyp":
        return f"is an MP4 or M4A file, whose codec cannot be read here; convert it to {READABLE}"
    for magic, kind in _KNOWN.items():
        if head.startswith(magic):
            return f"a damaged {kind} file, or a codec that cannot be read here; fetch or convert it again"
    return f"not a sound file; it must be {READABLE}"


def _reason(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "its header promises more sound than memory can hold"
    return str(error).removeprefix("Error : ").rstrip(".")
