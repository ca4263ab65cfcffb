"""Sample: one recording and what is said in it, as a data set lists it; the sound stays where it lies."""

import zlib
from dataclasses import dataclass

from deepspeech.audio.source import AudioSource


@dataclass(frozen=True)
class Sample:
    """One row of a data set."""

    id: str  # how reports and errors call it: its audio path
    audio: AudioSource  # a file, or a span of a larger one; formats.read_audio reads both
    transcript: str  # "" where a set without labels was asked for
    size_bytes: int  # only a sort key, as in the old system; 0 when the data set does not say
    speaker: str = ""
    duration_s: float | None = None

    @property
    def random_key(self) -> int:
        """What randomness for this sample depends on: the same wherever the corpus lies."""
        return zlib.crc32(f"{self.audio.name}\n{self.transcript}".encode())
