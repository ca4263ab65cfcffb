"""Scorer: a language model and the words it allows, from DeepSpeech's `.scorer` files (version 6, words or bytes).

In: a file and the tokens of the network. Out: what the beam search weighs words with. Reading is done by
`native/src/scorer.cc`, which maps the file into memory: processes and threads that use it share it.

A scorer holds numbers of letters, not the letters. For a network of subwords its alphabet is found by trying: an
alphabet.txt beside the file, the letters of the network's pieces, English.
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
        # A stream has a search for each utterance; looking once is enough.
        self._fitting: dict[TokenSet, tuple[TokenSet, _native.WordPieces | None]] = {}

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
        """The labels of the dictionary, and how the network's tokens are spelled in them, where they are others."""
        if isinstance(tokens, Subwords):
            spelling = self._alphabet_for(tokens)
            return spelling, _native.WordPieces([_piece(tokens, token, spelling) for token in range(tokens.blank)])
        if self.bytes_mode != tokens.bytes_mode:
            mine, theirs = ("bytes", "letters") if self.bytes_mode else ("letters", "bytes")
            raise ScorerError(f"{self.path}: this scorer is for {mine}, the network gives {theirs}; use another")
        if fault := misfit(self._native, tokens):
            raise ScorerError(
                f"{self.path}: the scorer does not fit the network's alphabet: {fault}; use one that was built with it"
            )
        return tokens, None

    def _alphabet_for(self, tokens: Subwords) -> Characters:
        """The alphabet that the scorer was built with, as far as can be told."""
        if self.bytes_mode:
            raise ScorerError(f"{self.path}: this scorer is for bytes, the network gives subwords; use one for words")
        if tokens.space is None and not any(tokens.word_starts):
            raise ScorerError(f"{self.path}: this scorer is for words, and no piece of the network starts a word")
        beside = self.path.with_name("alphabet.txt")
        own = [Characters.from_file(beside)] if beside.is_file() else []
        for alphabet in (*own, tokens.characters, ENGLISH):
            if not misfit(self._native, alphabet):
                return alphabet
        raise ScorerError(
            f"{self.path}: cannot tell with which alphabet this scorer was built"
            + (f" (not with {beside})" if own else f"; put its alphabet.txt beside it, as {beside}")
        )


def _piece(tokens: Subwords, token: int, alphabet: Characters) -> tuple[bool, str, list[int] | None]:
    """A token for the search: whether it starts a word, its text, and that in labels of the dictionary."""
    text = tokens.spell(token).removeprefix(" ")
    spelled = None if alphabet.missing(text) else alphabet.encode(text) if text else []
    return tokens.starts_word(token), text, spelled
