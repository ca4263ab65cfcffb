"""Probabilities to text: the beam search over label sequences, and the greedy reading for comparison.

In: class probabilities of a network, whole clips (Emission) or chunks. Out: Transcripts, best first.
The search itself is `native/src/beam.cc`.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import ArrayLike

from deepspeech._native import BeamSearch
from deepspeech.decoder.emission import Emission, checked
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.phrases import HotPhrases
from deepspeech.decoder.scorer import Scorer
from deepspeech.decoder.transcript import Transcript, spell
from deepspeech.errors import ConfigError
from deepspeech.text.alphabet import Alphabet


class BeamDecoder:
    """The search along one stream of sound, for one thread; alphabet and options may be shared."""

    def __init__(
        self,
        alphabet: Alphabet,
        options: DecodeOptions,
        frame_s: float,
        scorer: Scorer | None = None,
        hot_words: Mapping[str, float] | None = None,
        phrases: HotPhrases | None = None,
    ) -> None:
        """`frame_s` is the time in seconds from one frame of the network to the next.

        `hot_words` are words (characters in bytes mode) that count more, or less below 0, than the scorer says: the
        number is added to the natural logarithm of their probability. `phrases` are boosted along their letters, with
        or without a scorer. Raises ScorerError if the scorer does not fit, ConfigError for phrases that cannot be said.
        """
        if hot_words and scorer is None:
            raise ConfigError("hot words have no effect without a scorer; name one")
        self._alphabet, self._frame_s = alphabet, frame_s
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
        self._search.feed(checked(probabilities_TV, self._alphabet.classes))

    def best(self) -> Transcript:
        """The most probable text so far; the stream can go on."""
        return self.candidates(1)[0]

    def candidates(self, count: int) -> list[Transcript]:
        """The `count` most probable texts so far, best first, fewer if the beam is; the stream can go on.

        The order counts what hot phrases earn, the confidences do not.
        """
        if count < 1:
            raise ConfigError(f"{count} candidates asked for; ask for at least 1")
        found = self._search.best(count)
        return [spell(self._alphabet, labels, frames, score, self._frame_s) for labels, frames, score in found]


def decode(
    emission: Emission,
    alphabet: Alphabet,
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
    alphabet: Alphabet,
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

    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        return list(pool.map(one, emissions))


def greedy(emission: Emission, alphabet: Alphabet) -> Transcript:
    """The most probable class of each frame, repeats joined and blanks dropped.

    Its confidence is the logarithm of the probability of this one alignment, not of the text.
    """
    probabilities_TV = checked(emission.probabilities_TV, alphabet.classes)
    labels_T = probabilities_TV.argmax(axis=1)
    frames = np.flatnonzero((np.diff(labels_T, prepend=-1) != 0) & (labels_T != alphabet.blank))
    highest_T = probabilities_TV.max(axis=1).astype(np.float64) + np.finfo(np.float32).tiny
    confidence = float(np.log(highest_T).sum())
    return spell(alphabet, labels_T[frames].tolist(), frames.tolist(), confidence, emission.frame_s)
