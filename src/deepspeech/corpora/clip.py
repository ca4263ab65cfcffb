"""A clip of a corpus and its wav file: 16 kHz, mono, 16 bits, converted again whenever its source changed.

In: a recording, a part of one, or packed audio. Out: the existing wav file if it was made from the same source
(`origin.py`), else a new one, or why there is none. An error is a fault of its clip and does not stop the others.
"""

import errno
import os
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from pathlib import Path

from deepspeech.audio.blocks import convert_to_wav
from deepspeech.audio.formats import probe, read_audio, write_wav
from deepspeech.audio.pcm import Float32
from deepspeech.audio.resample import resample
from deepspeech.audio.vad import segments
from deepspeech.audio.wav_note import read_note
from deepspeech.corpora import origin as made_of
from deepspeech.errors import AudioError, CorpusError
from deepspeech.files import sweep

RATE_HZ = 16000
_LONG_BYTES = 4 << 20  # recordings above this are converted in blocks; below it, whole is faster
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}  # every further clip would fail, too


@dataclass(frozen=True)
class Clip:
    """A recording of the corpus or a part of one, and the path of its wav file."""

    source: Path
    wav: Path  # never the source; a source that already has the target format is used in place
    sentence: str
    speaker: str = ""
    fault: str = ""  # why the corpus's entry cannot be used
    start_s: float = 0.0
    end_s: float | None = None  # None: to the end of the recording
    channel: int | None = None  # one side of a conversation, from 0; None: all, averaged
    content: bytes | None = None  # bytes of the audio file, if packed; `source` is then its name
    numbered: bool = False  # `wav` is named by an index; a clip of another list may have the same name
    trim: bool = False  # trim silence at both ends to a quarter of a second

    @property
    def whole(self) -> bool:
        """Whether this is a whole audio file."""
        part = self.start_s != 0 or self.end_s is not None or self.channel is not None or self.trim
        return not part and self.content is None

    @cached_property
    def origin(self) -> str:
        """16 hex digits that identify the part of the recording; see `origin.py`."""
        part = (self.start_s, self.end_s, self.channel, self.trim)
        if self.content is not None:
            return made_of.packed_origin(self.source.name, *part)
        return made_of.origin([self.source], self.wav, *part)


@dataclass(frozen=True)
class Converted:
    """The result of a conversion: a wav file with its size and duration, or a fault."""

    size_bytes: int = 0
    duration_s: float = 0.0
    fault: str = ""
    detail: str = ""
    wav: Path = Path()


def convert(clip: Clip) -> Converted:
    """Make the clip's wav file, or reuse one that is complete and was made from the same source.

    Raises CorpusError if no more files can be written; all other errors are faults of this clip.
    """
    if clip.fault:
        return Converted(fault=clip.fault, detail=clip.fault)
    if not 0 <= clip.start_s < (inf if clip.end_s is None else clip.end_s):
        return Converted(fault="its start and end are invalid", detail=f"from {clip.start_s} to {clip.end_s} s")
    try:
        if clip.content is None and not os.path.isfile(clip.source):
            return _without_source(clip)
        return (_ready(clip.source) if clip.whole else None) or _converted(clip)
    except Exception as error:  # one of thousands of files may raise anything
        cause = error if isinstance(error, OSError) else error.__context__
        if isinstance(cause, OSError) and cause.errno in _FULL:
            raise CorpusError(str(error) if cause is not error else f"{cause.filename}: {cause.strerror}") from None
        detail = str(error) if isinstance(error, AudioError | OSError) else f"{type(error).__name__}: {error}"
        return Converted(fault="the clip cannot be read", detail=detail)


def _converted(clip: Clip) -> Converted:
    """The clip's wav file, made unless it exists and is up to date. Raises AudioError or OSError."""
    state = made_of.state([clip.source]) if clip.content is None else made_of.packed_state(clip.content)
    clip = _apart(clip, clip.origin if clip.content is None else state)
    note, made = made_of.note(clip.origin, state), read_note(clip.wav, RATE_HZ)
    if made is not None and made.note == note:
        return Converted(made.size_bytes, made.frames / RATE_HZ, wav=clip.wav)
    if os.path.abspath(clip.wav) == os.path.abspath(clip.source):
        raise AudioError(f"{clip.source}: its wav file would overwrite it; rename the recording")
    if not clip.wav.parent.is_dir():
        clip.wav.parent.mkdir(parents=True, exist_ok=True)
    size_bytes, frames = _write(clip, note)
    return Converted(size_bytes, frames / RATE_HZ, wav=clip.wav)


def _apart(clip: Clip, digest: str) -> Clip:
    """The clip, with `digest` in its wav's name if another list's clip has the numbered name."""
    made = read_note(clip.wav, RATE_HZ) if clip.numbered else None
    if made is None or digest in made.note:
        return clip
    return replace(clip, wav=clip.wav.with_name(f"{clip.wav.stem}~{digest}{clip.wav.suffix}"))


def _write(clip: Clip, note: str) -> tuple[int, int]:
    """Make the wav file; its bytes and samples. Long recordings are converted in blocks."""
    sound: Path | bytes = clip.source if clip.content is None else clip.content
    name, part = str(clip.source), (clip.start_s, clip.end_s, clip.channel)
    size_bytes = len(clip.content) if clip.content is not None else os.path.getsize(clip.source)
    if size_bytes > _LONG_BYTES and not clip.trim:
        return convert_to_wav(sound, clip.wav, RATE_HZ, *part, name, note)
    samples, rate_hz = read_audio(sound, name, *part)
    samples = resample(samples, rate_hz, RATE_HZ)
    samples = spoken(samples) if clip.trim else samples
    if not len(samples):
        raise AudioError(f"{clip.source}: contains no audio (0 samples)")
    return write_wav(clip.wav, samples, RATE_HZ, note), len(samples)


def _without_source(clip: Clip) -> Converted:
    """A wav file whose recording no longer exists; files of earlier versions have no note of their origin."""
    clip = _apart(clip, clip.origin)
    made = read_note(clip.wav, RATE_HZ)
    if made is not None and made_of.comes_from(made.note, clip.origin):
        return Converted(made.size_bytes, made.frames / RATE_HZ, wav=clip.wav)
    earlier = _ready(clip.wav) if clip.whole and made is None and os.path.isfile(clip.wav) else None
    return earlier or Converted(fault="the clip is not there", detail=f"{clip.source}: there is no such file")


def spoken(samples: Float32) -> Float32:
    """From the first speech in `samples`, at 16 kHz, to the last; all of them where nothing rises above the noise."""
    stretches = segments(samples, RATE_HZ)
    return samples[round(stretches[0][0] * RATE_HZ) : round(stretches[-1][1] * RATE_HZ)] if stretches else samples


def _ready(path: Path) -> Converted | None:
    """The existing wav file, if it needs no conversion."""
    if path.suffix.lower() != ".wav":
        return None
    try:
        info = probe(path)
    except AudioError:
        return None  # not made yet, or incomplete after an import was killed
    good = (info.kind, info.rate_hz, info.channels) in (("WAV", RATE_HZ, 1), ("WAVEX", RATE_HZ, 1))
    return Converted(path.stat().st_size, info.duration_s, wav=path) if good else None


class WavNames:
    """Names of the wav files of a corpus; different clips never share one.

    Takes 130 bytes per clip: stores hashes instead of names and origins.
    """

    def __init__(self) -> None:
        self._origins: dict[int, int] = {}
        self._folders: set[Path] = set()

    def of(self, clip: Clip) -> Path:
        """The path of the clip's wav file, renamed if its own name is taken."""
        if clip.wav.parent not in self._folders:
            self._folders.add(clip.wav.parent)
            sweep(clip.wav.parent)
        mine = int(clip.origin, 16)
        if self._origins.setdefault(hash(str(clip.wav)), mine) == mine:
            return clip.wav
        return clip.wav.with_name(f"{clip.wav.stem}~{clip.origin}{clip.wav.suffix}")
