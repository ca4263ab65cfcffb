"""SpellingRule: a written word as the network's tokens spell it, or as wildcards.

In: written words ("Mother-in-law,", "1984"). Out: tokens. The rule, in order: the spellings that the user gives, by
the written word without outer punctuation; the alphabet's own normalization, with punctuation as spaces; and what the
alphabet still lacks, a digit or a foreign character, makes the whole word a wildcard, which takes any sound.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deepspeech.decoder.forced import WILDCARD
from deepspeech.errors import TextError
from deepspeech.text.reading import NOT_TEXT, text_of
from deepspeech.text.spelling import Speller, tidy
from deepspeech.text.tokens import TokenSet
from deepspeech.untrusted import read_named


@dataclass(frozen=True)
class SpellingRule:
    """How words are spelled for one network. Replace `spoken` in a subclass for numbers of a language."""

    tokens: TokenSet
    spellings: Mapping[str, str] = field(default_factory=dict)  # written word, lower case → spoken words

    def spoken(self, word: str) -> str:
        """The spoken form of a written word; may hold characters that the tokens lack, or be empty."""
        bare = word.strip("".join(set(word) - {c for c in word if c.isalnum()})).lower()
        given = self.spellings.get(word.lower(), self.spellings.get(bare, word))
        if self.tokens.bytes_mode:
            return tidy(given)
        return Speller(self.tokens.character_set, marks_are_spaces=True)(given)

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
    try:
        text = text_of(read_named(path))
    except OSError as error:
        raise TextError(f"{path}: cannot be read ({error.strerror}); name a file of spellings") from None
    except UnicodeError:
        raise TextError(f"{path}: {NOT_TEXT}") from None
    spellings = {}
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.startswith("#"):
            written, tab, spoken = line.partition("\t")
            if not tab or not written.strip():
                raise TextError(f"{path}:{number}: no tab; write the word, a tab, and how it is spoken")
            spellings[written.strip().lower()] = spoken.strip()
    return spellings
