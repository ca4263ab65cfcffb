"""align(): a recording of any length and its text → when each word is said, and how surely.

    sound ─▶ emissions.py ─▶ EmissionFile ───────────────────────▶ word_alignment.py, between anchors ─▶ Alignment
                    └─▶ coarse.py: words ─▶ anchors.py ─▶ stretches ──┘
    text ──▶ script.py, spelling.py ──────────┘

Text that is not in the sound and sound that is not in the text are found, not smeared over their neighbors.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepspeech.alignment.anchors import match, runs
from deepspeech.alignment.coarse import Heard, Recognition, text_scorer
from deepspeech.alignment.emissions import EmissionFile, compute_emissions
from deepspeech.alignment.placing import burdened, placed
from deepspeech.alignment.result import AlignedWord, Alignment, ForeignSound, build
from deepspeech.alignment.script import Script, plain_script, read_script
from deepspeech.alignment.spelling import SpellingRule
from deepspeech.audio.source import AudioSlice, NamedPath
from deepspeech.cores import cores as all_cores
from deepspeech.decoder.word_alignment import Exact, WordFrames, align_words
from deepspeech.errors import ConfigError, TextError
from deepspeech.pool import ordered_map
from deepspeech.runtime.recognizer import Recognizer
from deepspeech.runtime.session import Session

STRETCH_S = 20.0  # the least between two cuts at anchors
SURE_WORDS = 2  # matched words on either side of a cut
TOKEN_S = 0.04  # of fast speech; text that has less time between two matches is hardly there
FOREIGN_S = 0.3  # shorter sound between words is no words
FOREIGN_GAP_S = 0.6  # shorter pauses do not divide it


@dataclass(frozen=True)
class AlignOptions:
    """Settings of align()."""

    split: str = "sentences"  # or "lines": what is a sentence
    channel: int | None = None  # None: all, averaged
    cores: int | None = None  # None: all
    greedy: bool = False  # the coarse pass without a language model of the text
    all_spoken: bool = False  # leave no text out, and trust no anchors: for a network too weak to find them


@dataclass(frozen=True)
class _Stretch:
    """Words [first, last) of the text, said in frames [start, end)."""

    first: int
    last: int
    start: int
    end: int


def align(
    model: "str | Path | Recognizer | Session",
    sound: str | Path | AudioSlice | bytes,
    text: str | Path | Script,
    options: AlignOptions | None = None,
    rule: SpellingRule | None = None,
) -> Alignment:
    """Align a recording with its text.

    `model`: a model file, or an open one. `sound`: a file of any length, or its bytes. `text`: the text itself, a Path
    to a file (plain, .srt, .vtt, .csv), or a Script. `rule`: how written words are spelled; by default as
    `SpellingRule` says. Memory does not grow with the length of the sound. Whether text and recording fit at all is
    for the caller to see: `Alignment.misfit`. Raises AudioError, ModelFileError, and TextError where the text cannot be
    read, or not one of its words can be spelled.
    """
    options = options or AlignOptions()
    session = _session(model)
    script = _script(text, options.split)
    rule = rule or SpellingRule(session.card.tokens)
    if rule.tokens != session.card.tokens:
        raise ConfigError("the spelling rule is for other tokens than the model's; make one for its alphabet")
    if not any(rule.encode(word)[0] for word in script.words):
        raise TextError(
            f"{f'{text}: ' if isinstance(text, Path) else ''}the model's alphabet can write none of the "
            f"{len(script.words)} words (first: {script.words[0][:40]}), so any sound would fit; take a model of the "
            "text's language, or say how words are spoken (--spellings)"
        )
    return _Alignment(session, script, rule, options).of(sound)


def _session(model: "str | Path | Recognizer | Session") -> Session:
    if isinstance(model, Recognizer):
        return model.session
    return Session(model) if isinstance(model, str | Path) else model


def _script(text: str | Path | Script, split: str) -> Script:
    if isinstance(text, Script):
        return text
    return read_script(text, split) if isinstance(text, Path) else plain_script(text, split)


class _Alignment:
    """One text, to be found in one recording."""

    def __init__(self, session: Session, script: Script, rule: SpellingRule, options: AlignOptions) -> None:
        self._session, self._script, self._options = session, script, options
        self._written = script.words
        encoded = {word: rule.encode(word) for word in set(self._written)}
        self._spoken = [encoded[word][0] for word in self._written]
        self._tokens = [encoded[word][1] for word in self._written]
        self._lengths = [len(sentence) for paragraph in script.paragraphs for sentence in paragraph]
        self._sentence_of = [number for number, length in enumerate(self._lengths) for _ in range(length)]
        self._cores = options.cores or all_cores()

    def of(self, sound: str | Path | AudioSlice | bytes) -> Alignment:
        card = self._session.card
        greedy = self._options.greedy or self._options.all_spoken
        recognition = Recognition(card, None if greedy else text_scorer(list(self._sentences()), card))
        source = NamedPath(sound) if isinstance(sound, str | Path) else sound
        with EmissionFile(card) as emissions:
            compute_emissions(self._session, source, emissions, self._cores, self._options.channel, recognition.add)
            heard = recognition.words
            pairs, word_of = self._matched([] if self._options.all_spoken else heard)
            stretches = self._stretches(pairs, word_of, heard, emissions.frames)
            words, foreign = self._exact(stretches, self._likely(pairs, word_of, heard, emissions.frames), emissions)
        return Alignment(
            "" if isinstance(sound, bytes) else str(sound),
            emissions.duration_s,
            build(self._script.paragraphs, words),
            tuple(_foreign(foreign, heard, card.frame_s)),
            emissions.warning,
            len(pairs),
        )

    def _sentences(self) -> Iterator[str]:
        """Spoken sentences, for the language model."""
        spoken = iter(self._spoken)
        for paragraph in self._script.paragraphs:
            for sentence in paragraph:
                yield " ".join(word for word in [next(spoken) for _ in sentence] if word)

    def _matched(self, heard: Sequence[Heard]) -> tuple[list[tuple[int, int]], list[int]]:
        """Anchors: pairs of a spoken and a heard word; and the written word of each spoken one."""
        text, word_of = list[str](), list[int]()  # a written word may be several spoken ones
        for number, spoken in enumerate(self._spoken):
            parts = spoken.split(" ") if spoken else [f"\0{number}"]  # a wildcard, equal to nothing
            text += parts
            word_of += [number] * len(parts)
        return match(text, [word.text for word in heard]), word_of

    def _likely(
        self, pairs: Sequence[tuple[int, int]], word_of: Sequence[int], heard: Sequence[Heard], frames: int
    ) -> list[float]:
        """How likely each written word is there: between two matches as likely as there is time for it."""
        likely = [1.0] * len(self._written)
        starts, ends = [*(one.start for one in heard), frames], [*(one.end for one in heard), 0]
        for (a, c), (b, d) in pairwise([(-1, -1), *pairs, (len(word_of), len(heard))]):
            between = sorted(set(word_of[a + 1 : b]))
            needed_s = TOKEN_S * sum(len(self._tokens[word]) + 1 for word in between)
            share = min(1.0, (starts[d] - ends[c]) * self._session.card.frame_s / max(needed_s, TOKEN_S))
            for word in between:
                likely[word] = min(likely[word], share**2)
        return likely

    def _stretches(
        self, pairs: Sequence[tuple[int, int]], word_of: Sequence[int], heard: Sequence[Heard], frames: int
    ) -> list[_Stretch]:
        """Cut text and sound at pauses between matched words."""
        least = STRETCH_S / self._session.card.frame_s
        stretches, first, start = list[_Stretch](), 0, 0
        best: tuple[int, int, int] | None = None  # pause, word, frame
        for i, j in _cuts(pairs):
            if word_of[i] == word_of[i - 1] or heard[j].start - start < least:
                continue
            pause = heard[j].start - heard[j - 1].end
            if best is None or pause > best[0]:
                best = pause, word_of[i], (heard[j].start + heard[j - 1].end) // 2
            if heard[j].start - start >= 2 * least:
                stretches.append(_Stretch(first, best[1], start, best[2]))
                (_, first, start), best = best, None
        return [*stretches, _Stretch(first, len(self._written), start, frames)]

    def _exact(
        self, stretches: Sequence[_Stretch], likely: Sequence[float], emissions: EmissionFile
    ) -> tuple[list[AlignedWord], list[tuple[int, int]]]:
        """The words, and stretches of frames of foreign sound."""
        card = self._session.card

        def one(stretch: _Stretch) -> Exact:
            rows, part = emissions.log_probs(stretch.start, stretch.end), slice(stretch.first, stretch.last)
            words, sentences, all_spoken = self._tokens[part], self._sentence_of[part], self._options.all_spoken
            return align_words(rows, words, card.tokens, card.frame_s, likely[part], sentences, all_spoken=all_spoken)

        found, sound_T = list[WordFrames | None](), np.zeros(emissions.frames, bool)
        for stretch, exact in zip(stretches, ordered_map(one, stretches, self._cores, ahead=2), strict=True):
            sound_T[stretch.start : stretch.end] = exact.sound_T
            found += [word and word.moved(stretch.start) for word in exact.words]
        lengths = [len(tokens) for tokens in self._tokens]
        if not self._options.all_spoken:
            found = placed(found, lengths, self._lengths, np.flatnonzero(sound_T), card.frame_s)
        outside = _outside(found, sound_T)
        foreign = _joined(outside, [word.start for word in found if word], card.frame_s)
        for start, end in foreign:
            outside = outside[(outside < start) | (outside >= end)]
        found = burdened(found, outside, card.frame_s)
        words = [
            AlignedWord(written, spoken, word.start * card.frame_s, word.end * card.frame_s, word.score)
            if word
            else AlignedWord(written, spoken)
            for written, spoken, word in zip(self._written, self._spoken, found, strict=True)
        ]
        return words, foreign


def _outside(words: Sequence[WordFrames | None], sound_T: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Frames of sound that belong to no word."""
    left_T = sound_T.copy()
    for word in words:
        if word:
            left_T[word.start : word.end] = False
    return np.flatnonzero(left_T)


def _cuts(pairs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Pairs before which text and sound can be cut."""
    for run in runs(pairs):
        yield from run[SURE_WORDS : len(run) - SURE_WORDS + 1]


def _joined(frames: NDArray[np.int64], words: Sequence[int], frame_s: float) -> list[tuple[int, int]]:
    """Stretches of foreign frames over short pauses, not over words (their first frames), long enough for words."""
    stretches, last = list[tuple[int, int]](), -1
    for frame, gap in zip(frames.tolist(), np.searchsorted(words, frames).tolist(), strict=True):
        if stretches and gap == last and (frame - stretches[-1][1]) * frame_s < FOREIGN_GAP_S:
            stretches[-1] = stretches[-1][0], frame + 1
        else:
            stretches.append((frame, frame + 1))
        last = gap
    return [(start, end) for start, end in stretches if (end - start) * frame_s >= FOREIGN_S]


def _foreign(stretches: Sequence[tuple[int, int]], heard: Sequence[Heard], frame_s: float) -> Iterator[ForeignSound]:
    for start, end in stretches:
        words = [word.text for word in heard if word.start < end and word.end > start]
        yield ForeignSound(start * frame_s, end * frame_s, " ".join(words))
