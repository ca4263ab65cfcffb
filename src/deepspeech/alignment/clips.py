"""Clips to train on: an alignment cut at silences.

In: an Alignment. Out: planned clips, in order, each with its transcript and times, and the reason why it is left out,
if it is. Words without a pause between them stay together; a clip ends at the end of a sentence where it can.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from deepspeech.alignment.result import AlignedWord, Alignment, Span
from deepspeech.errors import ConfigError

FOREIGN, MISSING, LONG, SHORT, UNSPELLED, LOW = (
    "sound that is not in the text",
    "words that are not in the sound",
    "too long without a pause",
    "too short",
    "a word that the alphabet cannot spell",
    "low score",
)


@dataclass(frozen=True)
class ClipRules:
    """How recordings are cut."""

    min_s: float = 1.0
    max_s: float = 15.0
    pause_s: float = 0.2  # the shortest silence to cut at
    join_s: float = 1.0  # sentences with a longer one between them are clips of their own
    pad_s: float = 0.3  # kept of the silence on either side
    least_score: float = -0.5  # clips below are left out
    word_margin: float = 2.5  # so are clips with a word that far below it

    def __post_init__(self) -> None:
        if not 0 < self.min_s < self.max_s:
            raise ConfigError(f"clips of {self.min_s:g} to {self.max_s:g} s were asked for; the first must be less")
        if not (self.pause_s >= 0 and self.pad_s >= 0):
            raise ConfigError("pauses and padding must not be negative")


@dataclass(frozen=True)
class Clip:
    """A stretch of the recording and what is said in it; `reason`: why it is left out."""

    words: tuple[AlignedWord, ...]
    start_s: float  # of the first word
    end_s: float
    before_s: float  # silence before it that may be kept
    after_s: float
    score: float
    reason: str = ""

    @property
    def text(self) -> str:
        """The transcript, as the network spells it."""
        return Span(self.words).spoken

    @property
    def written(self) -> str:
        return Span(self.words).text


@dataclass(frozen=True)
class _Group:
    """Words without a pause between them."""

    words: tuple[AlignedWord, ...]
    ends_sentence: bool
    reason: str = ""

    @property
    def start_s(self) -> float:
        return self.words[0].start_s or 0.0

    @property
    def end_s(self) -> float:
        return self.words[-1].end_s or 0.0


def plan_clips(alignment: Alignment, rules: ClipRules) -> list[Clip]:
    """Clips in the order of the recording."""
    joined = list(_joined(list(_groups(alignment, rules)), rules))
    taken = [(part[0].start_s, part[-1].end_s) for part in joined]
    taken += [(one.start_s, one.end_s) for one in alignment.foreign]
    clips = []
    for part in joined:
        words, start_s, end_s = tuple(word for group in part for word in group.words), part[0].start_s, part[-1].end_s
        # Of the silence towards the neighbors half is this clip's, at the ends of the recording all.
        before_s = min((start_s - until_s) / 2 for _, until_s in [(0.0, -start_s), *taken] if until_s <= start_s)
        ends_s = 2 * alignment.duration_s - end_s
        after_s = min((from_s - end_s) / 2 for from_s, _ in [(ends_s, 0.0), *taken] if from_s >= end_s)
        score = Span(words).score
        before_s, after_s = min(rules.pad_s, before_s), min(rules.pad_s, max(0.0, after_s))
        clip = Clip(words, start_s, end_s, before_s, after_s, -math.inf if score is None else score)
        clips.append(replace(clip, reason=part[0].reason or _fault(clip, rules)))
    return clips


def _groups(alignment: Alignment, rules: ClipRules) -> Iterator[_Group]:
    """Words that no silence divides, with the reason why they cannot be used."""
    said = [(word, word is one.words[-1]) for one in alignment.sentences for word in one.words if word.found]
    missing = _after_missing(alignment)
    begun, reason = list[AlignedWord](), ""
    for number, (word, ends) in enumerate(said):
        begun.append(word)
        reason = reason or (UNSPELLED if not word.spoken else "")
        following = said[number + 1][0] if number + 1 < len(said) else None
        silence_s, foreign = _silence(word, following, alignment)
        if following is not None and silence_s < rules.pause_s:
            reason = reason or (FOREIGN if foreign else MISSING if id(following) in missing else "")
            if not foreign:
                continue
        yield _Group(tuple(begun), ends, reason)
        begun, reason = [], FOREIGN if foreign and silence_s < rules.pause_s else ""


def _after_missing(alignment: Alignment) -> set[int]:
    """Identities of words right after a word that is not in the sound."""
    return {id(word) for before, word in pairwise(alignment.words) if not before.found}


def _silence(word: AlignedWord, following: AlignedWord | None, alignment: Alignment) -> tuple[float, bool]:
    """Seconds of silence after a word, and whether foreign sound is there, too."""
    start_s = word.end_s or 0.0
    end_s = alignment.duration_s if following is None else following.start_s or 0.0
    inside = [one for one in alignment.foreign if one.start_s < end_s and one.end_s > start_s]
    if not inside:
        return end_s - start_s, False
    return min(inside[0].start_s - start_s, end_s - inside[-1].end_s), True


def _joined(groups: Sequence[_Group], rules: ClipRules) -> Iterator[list[_Group]]:
    """Groups joined to clips: to the end of a sentence, or to the longest pause before a clip becomes too long."""
    part: list[_Group] = []
    for number, group in enumerate(groups):
        if part and not _fits(part, group, rules):
            yield part
            part = []
        part.append(group)
        long_enough = group.end_s - part[0].start_s >= rules.min_s
        following = groups[number + 1] if number + 1 < len(groups) else None
        if group.reason or following is None or (group.ends_sentence and long_enough):
            yield part
            part = []
    if part:
        yield part


def _fits(part: Sequence[_Group], group: _Group, rules: ClipRules) -> bool:
    length_s = group.end_s - part[0].start_s + 2 * rules.pad_s
    apart_s = group.start_s - part[-1].end_s
    return length_s <= rules.max_s and not group.reason and (apart_s <= rules.join_s or not part[-1].ends_sentence)


def _fault(clip: Clip, rules: ClipRules) -> str:
    length_s = clip.before_s + clip.end_s - clip.start_s + clip.after_s
    if length_s > rules.max_s:
        return LONG
    if length_s < rules.min_s:
        return SHORT
    if clip.score < rules.least_score:
        return f"{LOW} ({clip.score:.2f})"
    worst = min(clip.words, key=lambda word: word.score or 0.0)
    low = (worst.score or 0.0) < rules.least_score - rules.word_margin
    return f"{LOW} of '{worst.text}' ({worst.score:.2f})" if low else ""
