"""Statistics of a data set: hours, speakers, words, rates. In: surveyed clips. Out: Statistics."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from deepspeech.datasets.survey.survey import Clip, sentence

PERCENTILES = (0, 5, 25, 50, 75, 95, 100)


@dataclass(frozen=True)
class Statistics:
    """Counts; lists are percentiles (see PERCENTILES), empty without measurements."""

    clips: int
    unreadable: int
    duration_s: float
    durations_s: list[float]
    characters_per_s: list[float]  # spaces not counted
    words_per_min: list[float]
    peaks_db: list[float]  # of decoded clips
    speakers: int
    clips_without_speaker: int
    largest_speaker_share: float  # of the clips that name one, 0 to 1
    sentences: int  # distinct ones
    words: int
    vocabulary: int
    words_once: int
    characters: int  # spaces not counted
    alphabet: int  # distinct ones, with space
    formats: dict[str, int]  # "WAV 16000 Hz mono" → clips
    words_oov: int | None = None  # words of the text that do not occur in the first set; None for the first one
    vocabulary_oov: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, under the names of the format."""
        names = {
            "characters_per_s": "letters_per_s", "characters": "letters", "words_oov": "words_unheard",
            "vocabulary_oov": "vocabulary_unheard",
        }  # fmt: skip
        return {names.get(name, name): value for name, value in asdict(self).items()}


def statistics(clips: Sequence[Clip], reference: Sequence[Clip] | None = None) -> Statistics:
    """Statistics of `clips`; `reference`: clips of the training set, whose vocabulary is known."""
    durations = [clip.duration_s for clip in clips if clip.duration_s]
    words = _words(clips)
    speakers = Counter(clip.sample.speaker for clip in clips)
    nameless = speakers.pop("", 0)
    characters = Counter("".join(clip.sample.transcript for clip in clips))
    known = None if reference is None else _words(reference)
    oov = None if known is None else {word: times for word, times in words.items() if word not in known}
    return Statistics(
        clips=len(clips),
        unreadable=sum(clip.look.info is None for clip in clips),
        duration_s=round(sum(durations), 3),
        durations_s=percentiles(durations),
        characters_per_s=percentiles([clip.rate for clip in clips if clip.rate]),
        words_per_min=percentiles([60 * rate for rate in map(_words_per_s, clips) if rate]),
        peaks_db=percentiles([clip.levels.peak_db for clip in clips if clip.levels]),
        speakers=len(speakers),
        clips_without_speaker=nameless,
        largest_speaker_share=round(max(speakers.values(), default=0) / max(speakers.total(), 1), 4),
        sentences=len({sentence(clip.sample.transcript) for clip in clips} - {""}),
        words=words.total(),
        vocabulary=len(words),
        words_once=sum(times == 1 for times in words.values()),
        characters=sum(times for character, times in characters.items() if not character.isspace()),
        alphabet=len(characters),
        formats=dict(Counter(_format(clip) for clip in clips if clip.look.info).most_common()),
        words_oov=None if oov is None else sum(oov.values()),
        vocabulary_oov=None if oov is None else len(oov),
    )


def percentiles(values: Sequence[float]) -> list[float]:
    return [round(float(value), 3) for value in np.percentile(values, PERCENTILES)] if len(values) else []


def _words(clips: Sequence[Clip]) -> Counter[str]:
    return Counter(word for clip in clips for word in clip.sample.transcript.split())


def _words_per_s(clip: Clip) -> float:
    return len(clip.sample.transcript.split()) / clip.duration_s if clip.duration_s else 0.0


def _format(clip: Clip) -> str:
    info = clip.look.info
    assert info is not None
    channels = {1: "mono", 2: "stereo"}.get(info.channels, f"{info.channels} channels")
    return f"{info.kind} {info.rate_hz} Hz {channels}"
