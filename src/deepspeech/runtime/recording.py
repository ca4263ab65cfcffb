"""Recording, the result of batch transcription, and Channel, its input; divides inputs into windows."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from deepspeech.audio.formats import probe
from deepspeech.audio.source import AudioSlice, NamedPath
from deepspeech.decoder.transcript import Transcript
from deepspeech.decoder.writers import Written
from deepspeech.errors import AudioError, ConfigError, DeepSpeechError
from deepspeech.remote.files import address, fetch

Source = str | Path | AudioSlice | bytes

WINDOW = 128  # recordings sorted together, at most
WINDOW_S = 3600.0
EACH = "each"  # every channel separately
_BYTES_PER_S = {"mp3": 8000, "ogg": 4000, "oga": 4000, "opus": 4000, "packets": 4000}  # approximate minimum
_PLAIN_BYTES_PER_S = 16000


@dataclass(frozen=True)
class Recording(Written):
    """Transcript of one recording."""

    source: Source
    duration_s: float
    segments: tuple[Transcript, ...]  # in order, with times of the recording; without empty ones
    channel: int | None = None  # transcribed channel, from 0; None: all, averaged
    warning: str = ""  # why it is incomplete: the file is truncated or damaged

    @property
    def text(self) -> str:
        """The text of all segments, in one line."""
        return " ".join(segment.text for segment in self.segments)

    def _written(self) -> tuple[str, Sequence[Transcript], float | None]:
        name = "" if isinstance(self.source, bytes) else str(self.source)
        return name, self.segments, self.duration_s


@dataclass(frozen=True)
class Channel:
    """One channel of a recording, from 0; None: all, averaged."""

    source: Source
    number: int | None


_NO_RECORDING = (
    "a {} is no recording; pass paths or the bytes of files, and samples to transcribe(samples, rate_hz=rate)"
)
_ONE = (str, Path, AudioSlice, bytes, Channel)


def parse_channel(text: str | None) -> int | Literal["each"] | None:
    """The channel that --channel names. Raises ConfigError."""
    if text is None or text.isdecimal():
        return None if text is None else int(text)
    if text != EACH:
        raise ConfigError(f"--channel is '{text}'; give a number from 0, or {EACH}")
    return "each"


def channels_of(sources: Source | Channel | Iterable[Source | Channel], channel: int | str | None) -> Iterator[Channel]:
    """Channels to transcribe of each source. Raises ConfigError."""
    if isinstance(channel, str) and channel != EACH:
        raise ConfigError(f"channel is '{channel}'; use a number from 0, or '{EACH}'")
    if isinstance(sources, _ONE):
        sources = [sources]
    for source in sources:
        if isinstance(source, float | int) or hasattr(sources, "__array__"):
            raise AudioError(_NO_RECORDING.format(type(sources).__name__))
        if isinstance(source, Channel):
            yield source
        elif isinstance(channel, str):
            yield from (Channel(source, number) for number in range(channels(source)))
        else:
            yield Channel(source, channel)


def channels(source: Source) -> int:
    """Number of channels of a recording; 1 if it cannot be read, which is reported later.

    Raises ConfigError for a pipe, which can be read only once.
    """
    if isinstance(source, NamedPath) and source.is_fifo():
        raise ConfigError(f"{source}: a pipe is read once, but each channel needs it; save it to a file, or name one")
    try:
        return probe(*local(source)).channels
    except AudioError:
        return 1


def address_of(source: str | Path) -> str | None:
    """The address that a recording lies at; None for a file of this machine.

    A Path is one only where a user named it: a data set's list must not make this machine ask any other.
    """
    if isinstance(source, str):
        return address(source)
    return address(source) if isinstance(source, NamedPath) and not source.exists() else None


def local(source: Source) -> tuple[Source, str]:
    """A source on this machine, and its name in errors, "" for its own; one at an address is fetched.

    Raises AudioError: it cannot be fetched, or is no recording.
    """
    if isinstance(source, str | Path):
        place = address_of(source)
        try:
            return (fetch(place), place) if place else (source, "")
        except DeepSpeechError as error:
            raise AudioError(str(error)) from None
    if isinstance(source, AudioSlice | bytes):
        return source, ""
    raise AudioError(_NO_RECORDING.format(type(source).__name__))


def next_window(items: Iterator[Channel]) -> Iterator[Channel]:
    """The next window of recordings, whose features fit into memory."""
    duration_s = 0.0
    for item in islice(items, WINDOW):
        yield item
        duration_s += _duration_s(item.source)
        if duration_s >= WINDOW_S:
            break


def _duration_s(source: Source) -> float:
    """Estimated maximum duration, from size and format."""
    if isinstance(source, AudioSlice):
        size, kind = source.size, source.kind
    elif isinstance(source, bytes):
        size, kind = len(source), "wav" if source[:4] in (b"RIFF", b"fLaC") else "mp3"
    elif not isinstance(source, str | Path):  # reported when it is opened
        size, kind = 0, ""
    else:
        size = os.path.getsize(source) if os.path.isfile(source) else 0
        kind = os.path.splitext(source)[1][1:].lower()
    return size / _BYTES_PER_S.get(kind, _PLAIN_BYTES_PER_S)
