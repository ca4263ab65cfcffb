"""Normalisation: what is done to text before its words are counted; nothing, unless asked for.

In: whole lines of UTF-8. Out: the same, spelled with the characters that a network knows, and what could not be.
"""

import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

from deepspeech.text.characters import name
from deepspeech.text.normalize import Normalizer, lower

SPACES = frozenset(" \t\r\n")
_SHOWN = 5
_EXAMPLES = 2
_EXAMPLE_WIDTH = 60


@dataclass
class LeftOut:
    """Lines that were left out, and for which characters."""

    lines: int = 0
    characters: Counter[str] = field(default_factory=Counter)  # the lines that have each
    examples: list[str] = field(default_factory=list)  # the first lines

    def add(self, line: str, characters: set[str]) -> None:
        """Count a line that holds `characters` outside the alphabet."""
        self.lines += 1
        self.characters.update(characters)
        if len(self.examples) < _EXAMPLES:
            self.examples.append(line)

    def __str__(self) -> str:
        """One line for a person; empty where nothing was left out."""
        if not self.lines:
            return ""
        shown = ", ".join(f"{name(character)} in {count}" for character, count in self.characters.most_common(_SHOWN))
        more = f" and {len(self.characters) - _SHOWN} others" if len(self.characters) > _SHOWN else ""
        examples = ", ".join(f"“{_visible(line)}”" for line in self.examples)
        return (
            f"{self.lines} lines left out: they hold characters outside the alphabet, {shown}{more}; "
            f"for example {examples}"
        )


@dataclass(frozen=True)
class Normalisation:
    """Choices; each is made on the result of those before it."""

    nfc: bool = False  # the Unicode form of the alphabet; without one NFC: é is then one character however it was typed
    lower_case: bool = False  # the case of the alphabet; without one lower case, as generate_lm.py always made them
    # The characters that may stay. Those that look alike are spelled with them; other punctuation, symbols and
    # separators become spaces; a line with any other character outside (a character or digit the network cannot write)
    # is left out, for a sentence with a hole teaches word sequences that nobody says. None: all may stay.
    alphabet: frozenset[str] | None = None

    def __bool__(self) -> bool:
        return self.nfc or self.lower_case or self.alphabet is not None

    @cached_property
    def _normalizer(self) -> Normalizer:
        return Normalizer(self.alphabet or (), form=self.nfc, case=self.lower_case, marks_are_spaces=True)

    def lines(self, block: bytes, left_out: LeftOut) -> bytes:
        """The lines of `block`, normalised; those that cannot be spelled are counted. Raises UnicodeDecodeError."""
        text = block.decode()
        if self.alphabet is None:
            text = unicodedata.normalize("NFC", text) if self.nfc else text
            return (lower(text) if self.lower_case else text).encode()
        text = self._normalizer.lines(text)
        unknown = set(text) - self._normalizer.known - SPACES
        if unknown:
            kept = []
            for line in text.split("\n"):
                if unknown.isdisjoint(line):
                    kept.append(line)
                else:
                    left_out.add(line, unknown.intersection(line))
            text = "\n".join(kept)
        return text.encode()


def _visible(line: str) -> str:
    line = " ".join("".join(character if character.isprintable() else " " for character in line).split())
    return line if len(line) <= _EXAMPLE_WIDTH else line[: _EXAMPLE_WIDTH - 1] + "…"
