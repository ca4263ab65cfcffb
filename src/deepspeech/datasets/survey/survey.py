"""Surveys data sets: faults, doubtful properties, length and loudness of each clip, and overlaps between sets.

In: data set files. Out: a Survey, which `page.py` formats as text and JSON, `statistics.py` summarizes and `picture.py`
plots. Clips that training would refuse are found by `check.py`, as in training.
"""

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from pathlib import Path

import numpy as np

from deepspeech.audio.formats import read_audio
from deepspeech.audio.levels import CLIPPED_SHARE, SILENT_DB, Levels, measure
from deepspeech.audio.pcm import float_to_int16
from deepspeech.audio.source import AudioSlice
from deepspeech.datasets.check import CHARACTERS, EMPTY, FRAMES, UNREADABLE, Fault, Look, for_each, look
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.samples import read_samples
from deepspeech.errors import AudioError, ConfigError
from deepspeech.features.config import FrontEndConfig, MfccConfig
from deepspeech.text.charset import CharacterCount, count_characters
from deepspeech.text.tokens import TokenSet

# Kinds of findings, in report order. Training refuses REFUSED and accepts DOUBTFUL.
REFUSED = {
    UNREADABLE: "unreadable audio",
    EMPTY: "no transcript",
    CHARACTERS: "characters outside the alphabet",
    FRAMES: "more characters than frames",
}
DOUBTFUL = {
    "short": "very short",
    "long": "very long",
    "rate": "unusual speaking rate",
    "spaces": "leading, trailing or double spaces in the transcript",
    "narrow": "sample rate below the model's",
    "silent": "silent",
    "clipped": "clipped",
    "contradiction": "same audio, different transcript",
    "repeated": "duplicate in its set",
    "shared": "duplicate in another set",
}
_RATES_NEEDED = 20  # clips, to estimate the usual range
_ODD_FACTORS = (2.0, 5.0)


@dataclass(frozen=True)
class SurveyOptions:
    """Thresholds of doubtful clips, and whether to decode all audio."""

    min_s: float = 0.3
    max_s: float = 20.0
    listen: bool = False  # decode every clip: finds silence, clipping, damage, and duplicates in other formats
    workers: int = 2

    def __post_init__(self) -> None:
        if not 0 <= self.min_s < self.max_s:
            raise ConfigError(f"--min-s {self.min_s:g} must not be negative, and below --max-s {self.max_s:g}")


@dataclass(frozen=True)
class SampleSet:
    """A data set file and its samples, in order."""

    name: str  # file name, or path if names are not unique
    samples: Sequence[Sample]


@dataclass(frozen=True)
class Clip:
    """A sample of a set, and measurements of it."""

    set_name: str
    look: Look
    levels: Levels | None = None  # None: not decoded
    digest: bytes = b""  # of the decoded audio; empty: not decoded

    @property
    def sample(self) -> Sample:
        return self.look.sample

    @property
    def duration_s(self) -> float | None:
        """None if the audio is unreadable."""
        return self.look.info.duration_s if self.look.info else None

    @property
    def rate(self) -> float | None:
        """Characters per second without spaces; None without audio or transcript."""
        characters = sum(not character.isspace() for character in self.sample.transcript)
        return characters / self.duration_s if characters and self.duration_s else None


@dataclass(frozen=True)
class Finding:
    """A problem of a clip: training refuses it (`kind` in REFUSED), or it is doubtful (DOUBTFUL)."""

    kind: str
    clip: Clip
    detail: str


@dataclass(frozen=True)
class Overlap:
    """Recordings, speakers and sentences of set `of` that also occur in set `other`."""

    of: str
    other: str
    recordings: int
    speakers: Sequence[str]  # empty if a set names none
    of_speakers: int
    sentences: int
    of_sentences: int


@dataclass(frozen=True)
class Survey:
    """Result of a survey; clips are in the order of the sets."""

    sets: Sequence[SampleSet]
    clips: Sequence[Clip]
    findings: dict[str, list[Finding]]  # by kind, in report order
    overlaps: Sequence[Overlap]
    characters: dict[str, CharacterCount]  # of all transcripts
    alphabet: TokenSet | None
    options: SurveyOptions
    usual_rates: tuple[float, float] | None  # usual range in characters per second

    @property
    def outside(self) -> dict[str, CharacterCount]:
        """Characters outside the alphabet, most frequent first."""
        missing = set() if self.alphabet is None else set(self.alphabet.missing("".join(self.characters)))
        return dict(
            sorted(((one, self.characters[one]) for one in missing), key=lambda item: (-item[1].times, item[0]))
        )

    @property
    def unused(self) -> list[str]:
        """Characters of the alphabet that occur in no transcript."""
        if self.alphabet is None or self.alphabet.bytes_mode:
            return []
        return [label for label in self.alphabet.character_set if len(label) == 1 and label not in self.characters]

    def of_set(self, name: str) -> list[Clip]:
        return [clip for clip in self.clips if clip.set_name == name]

    def refused(self, name: str | None = None) -> int:
        """Number of clips that training refuses, in a set or in all."""
        return self._count(REFUSED, name)

    def doubtful(self, name: str | None = None) -> int:
        """Number of doubtful clips."""
        return self._count(DOUBTFUL, name)

    def _count(self, kinds: Iterable[str], name: str | None) -> int:
        found = (finding.clip for kind in kinds for finding in self.findings[kind])
        return len({id(clip) for clip in found if name in (None, clip.set_name)})


def open_sets(paths: Sequence[Path], speaker_pattern: str = "", labeled: bool = True) -> list[SampleSet]:
    """Read data set files. Raises DataError.

    `speaker_pattern`: regular expression to search in each recording's path; its first group, or the whole match, is
    the speaker.
    """
    try:
        pattern = re.compile(speaker_pattern) if speaker_pattern else None
    except re.error as error:
        raise ConfigError(f"--speaker-pattern {speaker_pattern}: not a regular expression ({error})") from None
    paths = list(dict.fromkeys(paths))
    names = Counter(path.name for path in paths)
    return [
        SampleSet(
            path.name if names[path.name] == 1 else str(path),
            [_with_speaker(sample, pattern) for sample in read_samples(path, labeled)],
        )
        for path in paths
    ]


def survey(
    sets: Sequence[SampleSet],
    alphabet: TokenSet | None,
    features: FrontEndConfig | None = None,
    options: SurveyOptions | None = None,
    compare: bool = True,
) -> Survey:
    """Survey all clips; without an alphabet only audio is checked. `compare`: find duplicates."""
    features, options = features or MfccConfig(), options or SurveyOptions()
    clips: list[Clip] = []
    for one in sets:
        looks = for_each(lambda sample: look(sample, alphabet, features), one.samples, one.name, options.workers)
        clips += [Clip(one.name, found) for found in looks]
    if options.listen:
        clips = for_each(_listen, clips, "decoding", options.workers)
    rates = usual_rates([clip.rate for clip in clips if clip.rate])
    findings = [Finding(fault.kind, clip, fault.reason) for clip in clips for fault in clip.look.faults]
    for clip in clips:
        findings += (Finding(kind, clip, detail) for kind, detail in _doubts(clip, features, options, rates))
    same = same_sounds(clips, options.workers) if compare else []
    findings += _repeats(same)
    by_kind: dict[str, list[Finding]] = {kind: [] for kind in (*REFUSED, *DOUBTFUL)}
    for finding in findings:
        by_kind[finding.kind].append(finding)
    characters = count_characters(clip.sample.transcript for clip in clips)
    return Survey(sets, clips, by_kind, _overlaps(sets, same), characters, alphabet, options, rates)


def usual_rates(rates: Sequence[float]) -> tuple[float, float] | None:
    """Usual range of speaking rates: median ± 4 robust standard deviations of log rates.

    Clipped to factors from 2 to 5 around the median. None for too few rates.
    """
    if len(rates) < _RATES_NEEDED:
        return None
    logs = np.log(rates)
    median = float(np.median(logs))
    deviation = 1.4826 * float(
        np.median(np.abs(logs - median))
    )  # standard deviation from the median absolute deviation
    factor = float(np.clip(np.exp(4 * deviation), *_ODD_FACTORS))
    return float(np.exp(median)) / factor, float(np.exp(median)) * factor


def sentence(transcript: str) -> str:
    """Normalize a transcript for comparison: NFC, case-folded, single spaces."""
    return " ".join(unicodedata.normalize("NFC", transcript).casefold().split())


def same_sounds(clips: Sequence[Clip], workers: int) -> list[list[Clip]]:
    """Groups of two or more clips with the same audio, in order.

    Decoded clips are compared by samples, others by file content; only files of equal length are read.
    """
    candidates: dict[object, list[Clip]] = defaultdict(list)
    for clip in clips:
        info = clip.look.info
        if info is not None:
            candidates[clip.digest or (info, _size_bytes(clip.sample))].append(clip)
    digests = {clip.digest for clip in clips}
    groups = [group for key, group in candidates.items() if len(group) > 1 and key in digests]
    doubted = [clip for key, group in candidates.items() if len(group) > 1 and key not in digests for clip in group]
    by_digest: dict[bytes, list[Clip]] = defaultdict(list)
    for clip, digest in zip(doubted, for_each(_file_digest, doubted, "comparing", workers), strict=True):
        if digest:
            by_digest[digest].append(clip)
    return groups + [group for group in by_digest.values() if len(group) > 1]


def _with_speaker(sample: Sample, pattern: "re.Pattern[str] | None") -> Sample:
    found = pattern.search(str(sample.audio)) if pattern else None
    return replace(sample, speaker=found[1] if pattern and pattern.groups else found[0]) if found else sample


def _listen(clip: Clip) -> Clip:
    """Decode a clip and measure its levels; a damaged one gets a fault, as in training."""
    if clip.look.info is None:
        return clip
    try:
        samples, rate_hz = read_audio(clip.sample.audio)
    except AudioError as error:
        fault = Fault(clip.sample, str(error).removeprefix(f"{clip.sample.audio}: "))
        return replace(clip, look=replace(clip.look, info=None, faults=(fault, *clip.look.faults)))
    digest = hashlib.blake2b(float_to_int16(samples).tobytes(), digest_size=16, salt=rate_hz.to_bytes(8, "little"))
    return replace(clip, levels=measure(samples), digest=digest.digest())


def _doubts(
    clip: Clip, features: FrontEndConfig, options: SurveyOptions, rates: tuple[float, float] | None
) -> Iterator[tuple[str, str]]:
    sample, info, levels = clip.sample, clip.look.info, clip.levels
    if info is not None:
        if info.duration_s < options.min_s:
            yield "short", f"{info.duration_s:.2f} s; --min-s is {options.min_s:g}"
        if info.duration_s > options.max_s:
            yield "long", f"{info.duration_s:.2f} s; --max-s is {options.max_s:g}"
        if info.rate_hz < features.sample_rate_hz:
            yield "narrow", f"{info.rate_hz} Hz; the model uses {features.sample_rate_hz} Hz"
    if rates and clip.rate and not rates[0] <= clip.rate <= rates[1]:
        odd = "fewer" if clip.rate < rates[0] else "more"
        usual = f"{odd} than the usual {rates[0]:.1f} to {rates[1]:.1f}"
        yield "rate", f"{clip.rate:.1f} characters per second, {usual}: {_short(sample.transcript)}"
    if sample.transcript != " ".join(sample.transcript.split(" ")).strip(" ") or "  " in sample.transcript:
        yield "spaces", repr(sample.transcript)
    if levels is not None and levels.silent:
        yield "silent", f"peak at {levels.peak_db:.0f} dB; speech is above {SILENT_DB:.0f}"
    if levels is not None and levels.clipped:
        yield (
            "clipped",
            f"{levels.clipped_share:.2%} of its samples are at full scale; the limit is {CLIPPED_SHARE:.1%}",
        )


def _size_bytes(sample: Sample) -> int:
    return sample.audio.size if isinstance(sample.audio, AudioSlice) else sample.audio.stat().st_size


def _file_digest(clip: Clip) -> bytes:
    try:
        audio = clip.sample.audio
        content = audio.read() if isinstance(audio, AudioSlice) else audio.read_bytes()
        return hashlib.blake2b(content, digest_size=16).digest()
    except (OSError, AudioError):  # gone since its header was read
        return b""


def _repeats(same: Sequence[Sequence[Clip]]) -> Iterator[Finding]:
    """Findings about clips with the same audio; each names the first clip that it repeats."""
    for group in same:
        first_of_set: dict[str, Clip] = {}
        for clip in group:
            if sentence(clip.sample.transcript) != sentence(group[0].sample.transcript):
                detail = f"the same audio as {group[0].sample.audio}, but {_short(clip.sample.transcript)} instead of "
                yield Finding("contradiction", clip, detail + _short(group[0].sample.transcript))
            elif clip.set_name in first_of_set:
                yield Finding("repeated", clip, f"the same audio as {first_of_set[clip.set_name].sample.audio}")
            if first_of_set and clip.set_name not in first_of_set:
                other = next(iter(first_of_set.values()))
                yield Finding("shared", clip, f"the same audio as {other.sample.audio} of {other.set_name}")
            first_of_set.setdefault(clip.set_name, clip)


def _overlaps(sets: Sequence[SampleSet], same: Sequence[Sequence[Clip]]) -> list[Overlap]:
    """Overlap of each pair of sets, counted in the smaller one."""
    by_size = sorted(sets, key=lambda one: len(one.samples))
    speakers = {one.name: {sample.speaker for sample in one.samples if sample.speaker} for one in sets}
    sentences = {one.name: {sentence(sample.transcript) for sample in one.samples} - {""} for one in sets}
    recordings: Counter[tuple[str, str]] = Counter()
    for group in same:
        names = Counter(clip.set_name for clip in group)
        for of, other in permutations(names, 2):
            recordings[of, other] += names[of]
    return [
        Overlap(
            of, other, recordings[of, other], sorted(speakers[of] & speakers[other]), len(speakers[of]),
            len(sentences[of] & sentences[other]), len(sentences[of]),
        )
        for of, other in combinations([one.name for one in by_size], 2)
    ]  # fmt: skip


def _short(text: str, width: int = 60) -> str:
    text = " ".join(text.split())
    return f"“{text if len(text) <= width else text[: width - 1] + '…'}”"
