"""Recordings to transcribe in batches: which channels of which files, how many at a time, and what comes of them."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from deepspeech.audio.formats import probe
from deepspeech.audio.source import AudioSlice, NamedPath
from deepspeech.decoder.transcript import Transcript
from deepspeech.errors import AudioError, ConfigError

Source = str | Path | AudioSlice | bytes

WINDOW = 128  # recordings that are sorted together, fewer of long ones
WINDOW_S = 3600.0
EACH = "each"  # every channel by itself
_BYTES_PER_S = {"mp3": 8000, "ogg": 4000, "oga": 4000, "opus": 4000, "packets": 4000}  # at the least, more or less
_PLAIN_BYTES_PER_S = 16000


@dataclass(frozen=True)
class Recording:
    """What was said in one recording."""

    source: Source
    duration_s: float
    segments: tuple[Transcript, ...]  # in order, with times of the recording; those without words are left out
    channel: int | None = None  # which was listened to, from 0; None: all, averaged
    warning: str = ""  # why this is not all of it: the file is cut off or damaged

    @property
    def text(self) -> str:
        """All that was said, in one line."""
        return " ".join(segment.text for segment in self.segments)


@dataclass(frozen=True)
class Channel:
    """One channel of a recording, from 0, in the place of the recording."""

    source: Source
    number: int | None


def channels_of(sources: Iterable[Source | Channel], channel: int | str | None) -> Iterator[Channel]:
    """What is to be transcribed of each source. Raises ConfigError."""
    if isinstance(channel, str) and channel != EACH:
        raise ConfigError(f"channel is '{channel}'; give a number from 0, or '{EACH}'")
    for source in sources:
        if isinstance(source, Channel):
            yield source
        elif isinstance(channel, str):
            yield from (Channel(source, number) for number in range(channels(source)))
        else:
            yield Channel(source, channel)


def channels(source: Source) -> int:
    """How many channels a recording has; 1 where it cannot be read, which comes to light when it is.

    Raises ConfigError for a pipe: once its channels are counted, it has no more to give.
    """
    if isinstance(source, NamedPath) and source.is_fifo():
        raise ConfigError(f"{source}: a pipe is read once, but each channel needs it; save it to a file, or name one")
    try:
        return probe(source).channels
    except AudioError:
        return 1


def next_window(items: Iterator[Channel]) -> Iterator[Channel]:
    """The next recordings that are sorted together: their features must fit into memory."""
    duration_s = 0.0
    for item in islice(items, WINDOW):
        yield item
        duration_s += _duration_s(item.source)
        if duration_s >= WINDOW_S:
            break


def _duration_s(source: Source) -> float:
    """How long a recording may be, by its size and kind."""
    if isinstance(source, AudioSlice):
        size, kind = source.size, source.kind
    elif isinstance(source, bytes):
        size, kind = len(source), "wav" if source[:4] in (b"RIFF", b"fLaC") else "mp3"
    else:
        size = os.path.getsize(source) if os.path.isfile(source) else 0
        kind = os.path.splitext(source)[1][1:].lower()
    return size / _BYTES_PER_S.get(kind, _PLAIN_BYTES_PER_S)
