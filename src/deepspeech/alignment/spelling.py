"""SpellingRule: a written word as the network's tokens spell it, or as wildcards.

In: written words ("Mother-in-law,", "1984"). Out: tokens. The rule, in order: the spellings that the user gives, by
the written word without outer punctuation; the normalizer, of the network's language where its card has one; and what
the alphabet still lacks, a digit or a foreign character, makes the whole word a wildcard, which takes any sound.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from deepspeech.decoder.forced import WILDCARD
from deepspeech.errors import TextError
from deepspeech.text.config import TextConfig, read_map
from deepspeech.text.normalize import Normalizer
from deepspeech.text.spelling import Speller
from deepspeech.text.tokens import TokenSet


@dataclass(frozen=True)
class SpellingRule:
    """How words are spelled for one network. Replace `spoken` in a subclass for numbers of a language."""

    tokens: TokenSet
    spellings: Mapping[str, str] = field(default_factory=dict)  # written word, lower case → spoken words
    text: TextConfig = field(default_factory=TextConfig)

    def spoken(self, word: str) -> str:
        """The spoken form of a written word; may hold characters that the tokens lack, or be empty."""
        bare = word.strip("".join(set(word) - {c for c in word if c.isalnum()})).lower()
        given = self.spellings.get(word.lower(), self.spellings.get(bare, word))
        return self._normalize(given)

    @cached_property
    def _normalize(self) -> Callable[[str], str]:
        if self.text or self.tokens.bytes_mode:
            return Normalizer(self.text, self.tokens)
        return Speller(self.tokens.character_set, marks_are_spaces=True)

    def encode(self, word: str) -> tuple[str, list[int]]:
        """The spoken form and its token ids; a wildcard, with the form "", where it cannot be spelled."""
        spoken = self.spoken(word).strip()
        if not spoken or self.tokens.missing(spoken):
            return "", [WILDCARD]
        try:
            return spoken, self.tokens.encode(spoken)
        except TextError:
            return "", [WILDCARD]


def read_spellings(path: Path) -> dict[str, str]:
    """A file of lines `written<TAB>spoken`; empty lines and lines with # first are skipped. Raises TextError."""
    return {written.lower(): spoken for written, spoken in read_map(path).items()}
