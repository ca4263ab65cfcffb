"""Scorer: a language model and the words it allows, from DeepSpeech's `.scorer` files (version 6, words or bytes).

In: a file and the alphabet of the network. Out: what the beam search weighs words with. Reading is done by
`native/src/scorer.cc`, which maps the file into memory: processes and threads that use it share it.
"""

from collections.abc import Mapping
from pathlib import Path

from deepspeech import _native
from deepspeech.decoder.options import LARGEST_WEIGHT, DecodeOptions
from deepspeech.decoder.scorer_words import fault
from deepspeech.errors import ConfigError, ScorerError
from deepspeech.text.alphabet import Alphabet


class Scorer:
    """An open scorer file. Immutable; threads may share it."""

    def __init__(self, path: Path, native: _native.Scorer) -> None:
        """Use Scorer.open()."""
        self.path, self._native = path, native

    @classmethod
    def open(cls, path: str | Path) -> "Scorer":
        """Read and check a `.scorer` file. Raises ScorerError with the cause."""
        try:
            return cls(Path(path), _native.Scorer(str(path)))
        except (RuntimeError, ValueError) as error:
            raise ScorerError(f"{path}: the scorer {error}") from None

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

    def fault(self, alphabet: Alphabet) -> str:
        """Why `alphabet` is not the one that this scorer was built for, in a few words; empty where it is.

        At most 200 words of the dictionary are looked up, some milliseconds whatever its size.
        """
        return fault(self._native, _native.NgramModel(str(self.path)), alphabet)

    def language(
        self, alphabet: Alphabet, options: DecodeOptions, hot_words: Mapping[str, float] | None = None
    ) -> _native.Language:
        """The scorer as the search uses it with one alphabet. Raises ScorerError where they do not fit."""
        for word, boost in (hot_words or {}).items():
            if not abs(boost) < LARGEST_WEIGHT:
                raise ConfigError(f"the boost of hot word '{word}' is {boost:g}; it must be below {LARGEST_WEIGHT:g}")
        if self.bytes_mode != alphabet.bytes_mode:
            mine, theirs = ("bytes", "letters") if self.bytes_mode else ("letters", "bytes")
            raise ScorerError(f"{self.path}: this scorer is for {mine}, the network gives {theirs}; use another")
        alpha = self.alpha if options.alpha is None else options.alpha
        beta = self.beta if options.beta is None else options.beta
        try:
            return _native.Language(
                self._native, list(alphabet.labels), alphabet.space, alpha, beta, dict(hot_words or {})
            )
        except ValueError as error:
            raise ScorerError(f"{self.path}: the scorer does not fit: {error}") from None
