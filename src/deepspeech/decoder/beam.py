"""Probabilities to text: the beam search over label sequences, and the greedy reading for comparison.

In: class probabilities of a network, whole clips (Emission) or chunks. Out: Transcripts, best first.
The search itself is `native/src/beam.cc`.
"""

import threading
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from deepspeech._native import BeamSearch
from deepspeech.cores import cores
from deepspeech.decoder.emission import Emission, Float32, checked
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.phrases import HotPhrases
from deepspeech.decoder.scorer import Scorer
from deepspeech.decoder.transcript import Transcript, spell
from deepspeech.decoder.word_confidence import WordConfidences
from deepspeech.errors import ConfigError
from deepspeech.pool import ordered_map
from deepspeech.text.subwords import Subwords
from deepspeech.text.tokens import TokenSet


class BeamDecoder:
    """The search along one stream of sound, for one thread; alphabet and options may be shared.

    It keeps the text, its times, and the probabilities of what is not decided yet, at most twenty minutes of them.
    """

    def __init__(
        self,
        alphabet: TokenSet,
        options: DecodeOptions,
        frame_s: float,
        scorer: Scorer | None = None,
        hot_words: Mapping[str, float] | None = None,
        phrases: HotPhrases | None = None,
        first_frame: int = 0,
    ) -> None:
        """`frame_s` is the time in seconds from one frame of the network to the next; `first_frame` the number of the
        first one to be fed, where a longer sound went before.

        `hot_words` are words (characters in bytes mode) that count more, or less below 0, than the scorer says: the
        number is added to the natural logarithm of their probability. `phrases` are boosted along their letters, with
        or without a scorer. Raises ScorerError if the scorer does not fit, ConfigError for phrases that cannot be said.
        """
        if hot_words and scorer is None:
            raise ConfigError("hot words have no effect without a scorer; name one")
        self._alphabet, self._frame_s, self._first_frame = alphabet, frame_s, first_frame
        self._sure, self._turn = WordConfidences(alphabet, frame_s), threading.Lock()
        self._width = options.beam_width
        self._final: list[int] = []  # tokens of words that commit() made final, where no space of its own follows them
        self._text = ""  # of the labels that are decided
        self._first_letter: int | None = None  # and its frame
        self._best: tuple[list[int], list[int]] | None = None  # the others of the best reading, once asked for
        language = scorer.language(alphabet, options, hot_words) if scorer else None
        try:
            self._search = BeamSearch(
                alphabet.classes,
                options.beam_width,
                options.cutoff_prob,
                options.cutoff_top_n,
                language,
                phrases.native(alphabet) if phrases else None,
            )
        except ValueError as error:
            raise ConfigError(f"decoding: {error}") from None

    @property
    def frames(self) -> int:
        """Frames fed so far."""
        return self._search.frames

    def feed(self, probabilities_TV: ArrayLike) -> None:
        """Go on with the next frames [T, classes], T ≥ 0; all or none of them, and then a ModelFileError."""
        rows = checked(probabilities_TV, self._alphabet.classes)
        with self._turn:
            if self._sure.due:
                self._decide()
            self._search.feed(rows)
            self._sure.add(rows)
            self._best = None

    def since(self, frame: int) -> Float32:
        """Probabilities [T, classes] that were fed from `frame` on, which is not before `kept_from`."""
        return self._sure.since(frame - self._first_frame)

    @property
    def kept_from(self) -> int:
        """The first frame whose probabilities are kept: those of the last decided word and all after it."""
        return self._sure.first_frame + self._first_frame

    def best(self) -> Transcript:
        """The most probable text so far; the stream can go on."""
        return self.candidates(1)[0]

    def candidates(self, count: int) -> list[Transcript]:
        """The `count` most probable texts so far, best first, fewer if the beam is; the stream can go on.

        The order counts what hot phrases earn, the confidences do not.
        """
        if count < 1:
            raise ConfigError(f"{count} candidates asked for; ask for at least 1")
        with self._turn:
            return self._texts(count)

    def _texts(self, count: int) -> list[Transcript]:
        """Of pieces several sequences may spell one text: only the best of each counts."""
        if count == 1 or not isinstance(self._alphabet, Subwords):
            return [self._spell(*found) for found in self._search.best(count)]
        texts: dict[str, Transcript] = {}
        for labels, frames, score in self._search.best(self._width):
            text = self._alphabet.decode(labels)
            if text not in texts:
                texts[text] = self._spell(labels, frames, score)
            if len(texts) == count:
                break
        return list(texts.values())

    @property
    def text(self) -> str:
        """The most probable text so far, without spaces at either end."""
        return (self._text + self._alphabet.decode(self._open()[0])).strip(" ")

    def commit(self, before: int) -> None:
        """Make final the words of the best text that ended before frame `before`: give up what reads otherwise."""
        labels, frames = self._open()
        starts = [
            place
            for place, (label, frame) in enumerate(zip(labels, frames, strict=True))
            if self._alphabet.starts_word(label) and frame + self._first_frame < before
        ]
        if not starts:
            return
        if labels[starts[-1]] == self._alphabet.space:
            self._search.settle(labels[: starts[-1] + 1], self._sure.decided)
        elif starts[-1]:  # a token that is a space and more: the words before it are final, it is not
            self._final = labels[: starts[-1]]
            self._search.settle(self._final, self._sure.decided, self._alphabet.word_starts)
        self._best = None  # which of several equals is first may have changed

    @property
    def committed_prefix(self) -> str:
        """The words that everything still possible begins with: what comes can add to them, not change them."""
        settled = self._search.settled(self._sure.decided)
        common = (self._text + self._alphabet.decode(settled)).rpartition(" ")[0]
        return max(common, self._alphabet.decode(self._final), key=len)

    def token_frames(self, since: int = 0) -> tuple[int, int] | None:
        """Frames of the first and the last letter of the best text, of those from `since` on that are not decided.

        None where there is none. Of all letters the first one is known, decided or not.
        """
        labels, frames = self._open()
        letters = [
            frame + self._first_frame
            for label, frame in zip(labels, frames, strict=True)
            if label != self._alphabet.space
        ]
        if since <= self._first_frame and self._first_letter is not None:
            letters.insert(0, self._first_letter + self._first_frame)
        letters = [frame for frame in letters if frame >= since]
        return (letters[0], letters[-1]) if letters else None

    def _open(self) -> tuple[list[int], list[int]]:
        """The labels of the best reading that are not decided, and their frames."""
        if self._best is None:
            labels, frames, _ = self._search.best(1, self._sure.decided)[0]
            self._best = labels, frames
        return self._best

    def _decide(self) -> None:
        labels, frames = self._open()
        decided = self._sure.decide(self._search.fixed - self._sure.decided, labels, frames)
        heard = (frame for label, frame in zip(labels[:decided], frames, strict=False) if label != self._alphabet.space)
        if self._first_letter is None:
            self._first_letter = next(heard, None)
        self._text += self._alphabet.decode(labels[:decided])
        self._best = None

    def _spell(self, labels: list[int], frames: list[int], score: float) -> Transcript:
        heard = [frame + self._first_frame for frame in frames]
        return spell(self._alphabet, labels, heard, score, self._frame_s, self._sure.all_of(labels, frames))


def decode(
    emission: Emission,
    alphabet: TokenSet,
    options: DecodeOptions,
    candidates: int = 1,
    scorer: Scorer | None = None,
    hot_words: Mapping[str, float] | None = None,
    phrases: HotPhrases | None = None,
) -> list[Transcript]:
    """The most probable texts of a whole clip, best first, at most `candidates`; the rest as for BeamDecoder."""
    decoder = BeamDecoder(alphabet, options, emission.frame_s, scorer, hot_words, phrases)
    decoder.feed(emission.probabilities_TV)
    return decoder.candidates(candidates)


def decode_batch(
    emissions: Sequence[Emission],
    alphabet: TokenSet,
    options: DecodeOptions,
    candidates: int = 1,
    threads: int | None = None,
    scorer: Scorer | None = None,
    hot_words: Mapping[str, float] | None = None,
    phrases: HotPhrases | None = None,
) -> list[list[Transcript]]:
    """decode() of each clip, in order, over `threads` threads (None: as many as there are cores)."""
    if threads is not None and threads < 1:
        raise ConfigError(f"{threads} threads asked for; ask for at least 1")

    def one(emission: Emission) -> list[Transcript]:
        return decode(emission, alphabet, options, candidates, scorer, hot_words, phrases)

    return list(ordered_map(one, emissions, threads or cores()))


def greedy(emission: Emission, alphabet: TokenSet) -> Transcript:
    """The most probable class of each frame, repeats joined and blanks dropped.

    Its confidence is the logarithm of the probability of this one alignment, not of the text.
    """
    probabilities_TV = checked(emission.probabilities_TV, alphabet.classes)
    labels_T = probabilities_TV.argmax(axis=1)
    frames = np.flatnonzero((np.diff(labels_T, prepend=-1) != 0) & (labels_T != alphabet.blank))
    highest_T = probabilities_TV.max(axis=1).astype(np.float64) + np.finfo(np.float32).tiny
    confidence = float(np.log(highest_T).sum())
    return spell(alphabet, labels_T[frames].tolist(), frames.tolist(), confidence, emission.frame_s)
