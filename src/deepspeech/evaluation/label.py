"""Pseudo-labels: transcripts of recordings that have none, with their confidence, as a data set to train on.

In: a recognizer and recordings. Out: for each a Labeled clip, or the reason why it cannot be one. Self-training
(noisy student, Xie et al. 2020; Park et al. 2020 for speech) trains on them with augmentation.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from deepspeech.decoder.transcript import Transcript
from deepspeech.errors import AudioError
from deepspeech.runtime.recording import Recording

UNREADABLE, CUT, NOTHING, LONG, DOUBTFUL = (
    "unreadable", "cut off or damaged", "nothing recognized", "longer than one utterance", "below the confidence",
)  # fmt: skip


class Transcriber(Protocol):
    """What of a Recognizer is used."""

    def transcribe_all(self, sources: Iterable[Any], /, *, cores: int | None = None) -> Iterator[Any]: ...


@dataclass(frozen=True)
class Labeled:
    """A clip with its transcript. `confidence` is 0 to 1."""

    audio: Path
    text: str
    confidence: float
    duration_s: float


@dataclass
class Tally:
    """Clips kept, and the reasons why others were not, with seconds of both."""

    kept: int = 0
    kept_s: float = 0.0
    skipped: Counter[str] = field(default_factory=Counter)

    def summary(self) -> str:
        """One line."""
        total = self.kept + self.skipped.total()
        reasons = "".join(f"; {count} skipped: {reason}" for reason, count in self.skipped.most_common())
        return f"kept {self.kept} of {total} recordings, {self.kept_s / 3600:.2f} h{reasons}"


def confidence_of(transcript: Transcript) -> float:
    """The mean of the words' confidences: the share of words expected to be right, if these are calibrated."""
    words = transcript.word_confidences
    return sum(words) / len(words) if words else 0.0


def label(
    transcriber: Transcriber, paths: list[Path], least: float, tally: Tally, cores: int | None = None
) -> Iterator[Labeled | None]:
    """For each recording in order its Labeled clip, None where it is skipped; counted in `tally`.

    Skipped are recordings that cannot be read to their end, those cut into several utterances (a training clip is one),
    those without words, and those with a confidence below `least`.
    """
    for path, result in zip(paths, transcriber.transcribe_all(paths, cores=cores), strict=True):
        found = _labeled(path, result, least)
        if isinstance(found, str):
            tally.skipped[found] += 1
            yield None
        else:
            tally.kept, tally.kept_s = tally.kept + 1, tally.kept_s + found.duration_s
            yield found


def _labeled(path: Path, result: Recording | AudioError, least: float) -> Labeled | str:
    """A clip, or why it is skipped."""
    if isinstance(result, AudioError):
        return UNREADABLE
    if result.warning:
        return CUT
    if not result.segments:
        return NOTHING
    if len(result.segments) > 1:
        return LONG
    confidence = confidence_of(result.segments[0])
    if confidence < least:
        return DOUBTFUL
    return Labeled(path, result.text, confidence, result.duration_s)
