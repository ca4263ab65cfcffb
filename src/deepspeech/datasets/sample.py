"""Sample: one recording and its transcript, as listed in a data set; the audio is read later."""

import zlib
from dataclasses import dataclass

from deepspeech.audio.source import AudioSource


@dataclass(frozen=True)
class Sample:
    """One row of a data set."""

    id: str  # name in reports and errors: the audio path
    audio: AudioSource  # a file, or a slice of a larger one; formats.read_audio reads both
    transcript: str  # "" in a data set read without transcripts
    size_bytes: int  # only a sort key, as in 0.9.3; 0 if unknown
    speaker: str = ""
    duration_s: float | None = None

    @property
    def random_key(self) -> int:
        """Key of random draws for this sample; does not depend on the location of the corpus."""
        return zlib.crc32(f"{self.audio.name}\n{self.transcript}".encode())
