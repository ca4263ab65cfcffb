"""Scorer: a language model with its dictionary, from DeepSpeech's `.scorer` files (version 6, words or bytes).

In: a file and the tokens of the network. Out: the language model for the beam search. `native/src/scorer.cc` maps the
file into memory, so that processes and threads share it.

A scorer stores label ids, not characters. For a network of subwords three alphabets are tried: alphabet.txt next to the
file, the characters of the network's pieces, English.
"""

from collections.abc import Mapping
from pathlib import Path

from deepspeech import _native
from deepspeech.decoder.options import LARGEST_WEIGHT, DecodeOptions
from deepspeech.decoder.sample_words import misfit
from deepspeech.errors import ConfigError, ScorerError
from deepspeech.text.subwords import Subwords
from deepspeech.text.tokens import ENGLISH, Characters, TokenSet


class Scorer:
    """An open scorer file. Immutable; threads may share it."""

    def __init__(self, path: Path, native: _native.Scorer) -> None:
        """Use Scorer.open()."""
        self.path, self._native = path, native
        # By alphabet: a stream starts a search for each utterance, and the check is slow.
        self._fitting: dict[TokenSet, tuple[TokenSet, _native.WordPieces | None]] = {}

    @classmethod
    def open(cls, path: str | Path, alphabet: TokenSet | None = None) -> "Scorer":
        """Open a `.scorer` file and check it, also against the `alphabet` of a network.

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
        """The file's default weight of the language model."""
        return self._native.alpha

    @property
    def beta(self) -> float:
        """The file's default bonus for each word, or character in bytes mode."""
        return self._native.beta

    @property
    def order(self) -> int:
        """N of the n-gram model: words, or characters in bytes mode."""
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
        if alphabet not in self._fitting:
            self._fitting[alphabet] = self._fitted(alphabet)
        spelling, pieces = self._fitting[alphabet]
        alpha = self.alpha if options.alpha is None else options.alpha
        beta = self.beta if options.beta is None else options.beta
        try:
            return _native.Language(
                self._native, list(spelling.labels), spelling.space, alpha, beta, dict(hot_words or {}), pieces
            )
        except ValueError as error:
            raise ScorerError(f"{self.path}: the scorer does not fit: {error}") from None

    def _fitted(self, tokens: TokenSet) -> tuple[TokenSet, _native.WordPieces | None]:
        """The dictionary's alphabet, and for subwords the spelling of each token in it."""
        if isinstance(tokens, Subwords):
            spelling = self._alphabet_for(tokens)
            return spelling, _native.WordPieces([_piece(tokens, token, spelling) for token in range(tokens.blank)])
        if self.bytes_mode != tokens.bytes_mode:
            mine, theirs = ("bytes", "characters") if self.bytes_mode else ("characters", "bytes")
            raise ScorerError(
                f"{self.path}: this scorer is for {mine}, the network outputs {theirs}; use another scorer"
            )
        if fault := misfit(self._native, tokens):
            raise ScorerError(
                f"{self.path}: the scorer does not fit the network's alphabet: {fault}; use one that was built with it"
            )
        return tokens, None

    def _alphabet_for(self, tokens: Subwords) -> Characters:
        """The alphabet that the scorer was probably built with."""
        if self.bytes_mode:
            raise ScorerError(f"{self.path}: this scorer is for bytes, the network outputs subwords; use one for words")
        if tokens.space is None and not any(tokens.word_starts):
            raise ScorerError(f"{self.path}: this scorer is for words, but no token of the network starts a word")
        beside = self.path.with_name("alphabet.txt")
        own = [Characters.from_file(beside)] if beside.is_file() else []
        for alphabet in (*own, tokens.characters, ENGLISH):
            if not misfit(self._native, alphabet):
                return alphabet
        raise ScorerError(
            f"{self.path}: the alphabet of this scorer is unknown"
            + (f" (not with {beside})" if own else f"; put its alphabet.txt next to it, as {beside}")
        )


def _piece(tokens: Subwords, token: int, alphabet: Characters) -> tuple[bool, str, list[int] | None]:
    """A token for the search: whether it starts a word, its text, and its spelling in labels of the dictionary."""
    text = tokens.spell(token).removeprefix(" ")
    spelled = None if alphabet.missing(text) else alphabet.encode(text) if text else []
    return tokens.starts_word(token), text, spelled
