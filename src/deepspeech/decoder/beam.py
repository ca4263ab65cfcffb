"""CTC decoding: prefix beam search with an optional scorer and hot phrases, and greedy decoding.

In: class probabilities of a network, whole clips (Emission) or chunks. Out: Transcripts, best first.
The search itself is C++: `native/src/beam.cc`.
"""

import math
import threading
from bisect import bisect_left
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
from deepspeech.text.characters import is_unspaced
from deepspeech.text.subwords import Subwords
from deepspeech.text.tokens import TokenSet

PHRASE_MARGIN = 1.25  # of the threshold, with hot phrases: measured with benchmarks/hot_phrases.py
_TAIL = 8  # tokens that hold the last whole character: bytes of it and of a broken one


class BeamDecoder:
    """Streaming prefix beam search over one utterance, for one thread; alphabet and options may be shared.

    Memory: the text with its times, and the probabilities of undecided frames, at most twenty minutes of them.
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
        first one to be fed, where this utterance is a part of a longer stream.

        `hot_words` boost words (characters in bytes mode) of the scorer: the number, which may be negative, is added to
        the natural logarithm of their probability. `phrases` are boosted along their characters, with or without a
        scorer. Raises ScorerError if the scorer does not fit, ConfigError for phrases that the alphabet cannot spell.
        """
        if hot_words and scorer is None:
            raise ConfigError("hot words have no effect without a scorer; name one")
        self._tokens, self._frame_s, self._first_frame = alphabet, frame_s, first_frame
        self._sure, self._turn = WordConfidences(alphabet, frame_s), threading.Lock()
        self._width = options.beam_width
        self._final: list[int] = []  # tokens of words that commit() made final, where no space of its own follows them
        self._text = ""  # of the decided labels
        self._first_token_frame: int | None = None  # relative to the search, once decided
        self._best: tuple[list[int], list[int]] | None = None  # see _open
        language = scorer.language(alphabet, options, hot_words) if scorer else None
        graph = phrases.native(alphabet) if phrases else None
        try:
            self._search = BeamSearch(
                alphabet.classes,
                options.beam_width,
                options.cutoff_prob,
                options.cutoff_top_n,
                language,
                graph,
                *_pruning(options, graph is not None),
            )
        except ValueError as error:
            raise ConfigError(f"decoding: {error}") from None

    @property
    def frames(self) -> int:
        """Frames fed so far."""
        return self._search.frames

    def feed(self, probabilities_TV: ArrayLike) -> None:
        """Search the next frames [T, classes], T ≥ 0. Raises ModelFileError, and takes none, if any is invalid."""
        rows = checked(probabilities_TV, self._tokens.classes)
        with self._turn:
            if self._sure.due:
                self._decide()
            self._search.feed(rows)
            self._sure.add(rows)
            self._best = None

    def since(self, frame: int) -> Float32:
        """Probabilities [T, classes] from `frame` on, which must not be before `kept_from`."""
        return self._sure.since(frame - self._first_frame)

    @property
    def kept_from(self) -> int:
        """The first frame whose probabilities are kept: those of the last decided word and all after it."""
        return self._sure.first_frame + self._first_frame

    def best(self) -> Transcript:
        """The most probable text so far; the stream can go on."""
        return self.candidates(1)[0]

    def candidates(self, count: int) -> list[Transcript]:
        """The `count` most probable texts so far, best first, fewer if the beam holds fewer; the stream can go on.

        Boosts of hot phrases count in the order but not in the confidences.
        """
        if count < 1:
            raise ConfigError(f"{count} candidates requested; request at least 1")
        with self._turn:
            return self._texts(count)

    def _texts(self, count: int) -> list[Transcript]:
        """Several sequences of subwords may spell one text: only the best of each is returned."""
        if count == 1 or not isinstance(self._tokens, Subwords):
            return [self._spell(*found) for found in self._search.best(count)]
        texts: dict[str, Transcript] = {}
        for labels, frames, score in self._search.best(self._width):
            text = self._tokens.decode(labels)
            if text not in texts:
                texts[text] = self._spell(labels, frames, score)
            if len(texts) == count:
                break
        return list(texts.values())

    @property
    def text(self) -> str:
        """The most probable text so far, without spaces at either end."""
        return (self._text + self._tokens.decode(self._open()[0])).strip(" ")

    def commit(self, before: int) -> None:
        """Make words of the best text that ended before frame `before` final: prune hypotheses that differ there.

        In scripts without spaces: characters.
        """
        labels, frames = self._open()
        past = bisect_left(frames, before - self._first_frame)
        if is_unspaced(self._tokens.decode(labels[max(0, past - _TAIL) : past]).rstrip("\ufffd")[-1:]):
            self._search.commit(labels[:past], self._sure.decided)
            self._best = None
            return
        starts = [
            index
            for index, (label, frame) in enumerate(zip(labels, frames, strict=True))
            if self._tokens.starts_word(label) and frame + self._first_frame < before
        ]
        if not starts:
            return
        if labels[starts[-1]] == self._tokens.space:
            self._search.commit(labels[: starts[-1] + 1], self._sure.decided)
        elif starts[-1]:  # the token includes the space: the words before it become final, it does not
            self._final = labels[: starts[-1]]
            self._search.commit(self._final, self._sure.decided, self._tokens.word_starts)
        self._best = None  # the order of equal scores may have changed

    @property
    def committed_prefix(self) -> str:
        """Words that all hypotheses in the beam begin with: later frames can extend them but not change them.

        In scripts without spaces: characters.
        """
        committed = self._search.committed_prefix(self._sure.decided)
        common = _whole_words(self._text + self._tokens.decode(committed))
        return max(common, self._tokens.decode(self._final), key=len)

    def token_frames(self, since: int = 0) -> tuple[int, int] | None:
        """Frames of the first and the last token of the best text, from frame `since` on, spaces not counted.

        None where there is none. Of decided tokens only the first one of the text is considered.
        """
        labels, frames = self._open()
        token_frames = [
            frame + self._first_frame
            for label, frame in zip(labels, frames, strict=True)
            if label != self._tokens.space
        ]
        if since <= self._first_frame and self._first_token_frame is not None:
            token_frames.insert(0, self._first_token_frame + self._first_frame)
        token_frames = [frame for frame in token_frames if frame >= since]
        return (token_frames[0], token_frames[-1]) if token_frames else None

    def _open(self) -> tuple[list[int], list[int]]:
        """Labels of the best hypothesis after the decided ones, and their frames."""
        if self._best is None:
            labels, frames, _ = self._search.best(1, self._sure.decided)[0]
            self._best = labels, frames
        return self._best

    def _decide(self) -> None:
        labels, frames = self._open()
        decided = self._sure.decide(self._search.fixed - self._sure.decided, labels, frames)
        emitted = (frame for label, frame in zip(labels[:decided], frames, strict=False) if label != self._tokens.space)
        if self._first_token_frame is None:
            self._first_token_frame = next(emitted, None)
        self._text += self._tokens.decode(labels[:decided])
        self._best = None

    def _spell(self, labels: list[int], frames: list[int], score: float) -> Transcript:
        stream_frames = [frame + self._first_frame for frame in frames]
        return spell(self._tokens, labels, stream_frames, score, self._frame_s, self._sure.all_of(labels, frames))


def _pruning(options: DecodeOptions, boosted: bool) -> tuple[float, float]:
    """The threshold and the least log probability of a token for the search, infinite where there are none.

    A phrase earns its boost label by label, so that it is further behind at first than other texts that win in the end.
    """
    threshold, least = options.beam_threshold or math.inf, options.token_min_logp or -math.inf
    return (PHRASE_MARGIN * threshold, -math.inf) if boosted else (threshold, least)


def _whole_words(text: str) -> str:
    """The text up to its last space, or character of a script without spaces."""
    for end in range(len(text), 0, -1):
        if is_unspaced(text[end - 1]):
            return text[:end]
        if text[end - 1] == " ":
            return text[: end - 1]
    return ""


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
        raise ConfigError(f"{threads} threads requested; request at least 1")

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
