"""Scorer: a language model and the words it allows, from DeepSpeech's `.scorer` files (version 6, words or bytes).

In: a file and the alphabet of the network. Out: what the beam search weighs words with. Reading is done by
`native/src/scorer.cc`, which maps the file into memory: processes and threads that use it share it.
"""

from collections.abc import Mapping
from pathlib import Path

from deepspeech import _native
from deepspeech.decoder.options import LARGEST_WEIGHT, DecodeOptions
from deepspeech.decoder.sample_words import misfit
from deepspeech.errors import ConfigError, ScorerError
from deepspeech.text.tokens import TokenSet


class Scorer:
    """An open scorer file. Immutable; threads may share it."""

    def __init__(self, path: Path, native: _native.Scorer) -> None:
        """Use Scorer.open()."""
        self.path, self._native = path, native
        self._fitting: set[TokenSet] = set()  # a stream has a search for each utterance; looking once is enough

    @classmethod
    def open(cls, path: str | Path, alphabet: TokenSet | None = None) -> "Scorer":
        """Read a `.scorer` file, and check it: by itself, and against the `alphabet` of the network that it is for.

        Raises ScorerError with the cause.
        """
        try:
            scorer = cls(Path(path), _native.Scorer(str(path)))
        except (RuntimeError, ValueError) as error:
            raise ScorerError(f"{path}: the scorer {error}") from None
        if alphabet is not None:
            scorer.language(alphabet, DecodeOptions())
        return scorer

    @property
    def alpha(self) -> float:
        """Weight of the language model that the file recommends."""
        return self._native.alpha

    @property
    def beta(self) -> float:
        """What the file recommends to add for each word, or character in bytes mode."""
        return self._native.beta

    @property
    def order(self) -> int:
        """Most words, or characters in bytes mode, that the language model looks at together."""
        return self._native.order

    @property
    def bytes_mode(self) -> bool:
        """Whether it goes with networks that give UTF-8 bytes, and scores characters instead of words."""
        return self._native.bytes_mode

    def language(
        self, alphabet: TokenSet, options: DecodeOptions, hot_words: Mapping[str, float] | None = None
    ) -> _native.Language:
        """The scorer as the search uses it with one alphabet. Raises ScorerError where they do not fit."""
        for word, boost in (hot_words or {}).items():
            if not abs(boost) < LARGEST_WEIGHT:
                raise ConfigError(f"the boost of hot word '{word}' is {boost:g}; it must be below {LARGEST_WEIGHT:g}")
        self._check(alphabet)
        alpha = self.alpha if options.alpha is None else options.alpha
        beta = self.beta if options.beta is None else options.beta
        try:
            return _native.Language(
                self._native, list(alphabet.labels), alphabet.space, alpha, beta, dict(hot_words or {})
            )
        except ValueError as error:
            raise ScorerError(f"{self.path}: the scorer does not fit: {error}") from None

    def _check(self, alphabet: TokenSet) -> None:
        if alphabet in self._fitting:
            return
        if self.bytes_mode != alphabet.bytes_mode:
            mine, theirs = ("bytes", "letters") if self.bytes_mode else ("letters", "bytes")
            raise ScorerError(f"{self.path}: this scorer is for {mine}, the network gives {theirs}; use another")
        if fault := misfit(self._native, alphabet):
            raise ScorerError(
                f"{self.path}: the scorer does not fit the network's alphabet: {fault}; use one that was built with it"
            )
        self._fitting.add(alphabet)
