"""Text normalization before language model training; every step is optional.

In: whole lines of UTF-8. Out: normalized lines in the acoustic model's alphabet, and counts of skipped lines.
"""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from deepspeech.errors import LmError
from deepspeech.text.characters import name
from deepspeech.text.spelling import Speller, lower
from deepspeech.text.tokens import Characters

SPACES = frozenset(" \t\r\n")
_SHOWN = 5
_EXAMPLES = 2
_EXAMPLE_WIDTH = 60


@dataclass
class SkippedLines:
    """Lines skipped, and the characters they were skipped for."""

    lines: int = 0
    characters: Counter[str] = field(default_factory=Counter)  # number of lines per character
    examples: list[str] = field(default_factory=list)  # the first skipped lines

    def add(self, line: str, characters: set[str]) -> None:
        """Count a line with `characters` outside the alphabet."""
        self.lines += 1
        self.characters.update(characters)
        if len(self.examples) < _EXAMPLES:
            self.examples.append(line)

    def __str__(self) -> str:
        """A one-line report; empty where no line was skipped."""
        if not self.lines:
            return ""
        shown = ", ".join(f"{name(character)} in {count}" for character, count in self.characters.most_common(_SHOWN))
        more = f" and {len(self.characters) - _SHOWN} others" if len(self.characters) > _SHOWN else ""
        examples = ", ".join(f"“{_visible(line)}”" for line in self.examples)
        return (
            f"{self.lines} lines skipped: they have characters outside the alphabet, {shown}{more}; "
            f"for example {examples}"
        )


@dataclass(frozen=True)
class Normalization:
    """Normalization steps, applied in this order."""

    nfc: bool = False  # normalize to the alphabet's Unicode form; without an alphabet to NFC
    lower_case: bool = False  # convert to the alphabet's case; without one to lower case, as generate_lm.py
    # The alphabet. Look-alike characters are mapped to it; other punctuation, symbols and separators become spaces; a
    # line with any other character outside it (a letter or digit) is skipped, because deleting the character would
    # create n-grams that do not exist. None: no restriction.
    alphabet: frozenset[str] | None = None

    @classmethod
    def named(cls, names: Sequence[str] | None, alphabet: Characters | None) -> "Normalization":
        """From names (lower, nfc, letters, none); None: the default of the alphabet. Raises LmError."""
        labels = alphabet.labels if alphabet else ()
        if names is None:
            names = _suiting(labels) if alphabet else ()
        if unknown := sorted(set(names) - {"lower", "nfc", "letters", "none"}):
            raise LmError(f"--normalize {unknown[0]}: unknown; use lower, nfc, letters or none")
        if "letters" in names and not alphabet:
            raise LmError("--normalize letters needs an --alphabet")
        return cls("nfc" in names, "lower" in names, frozenset(labels) if "letters" in names else None)

    def __bool__(self) -> bool:
        return self.nfc or self.lower_case or self.alphabet is not None

    @cached_property
    def _normalizer(self) -> Speller:
        return Speller(self.alphabet or (), form=self.nfc, case=self.lower_case, marks_are_spaces=True)

    def lines(self, block: bytes, skipped: SkippedLines) -> bytes:
        """Normalize the lines of `block`; count lines outside the alphabet in `skipped`. Raises UnicodeDecodeError."""
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
                    skipped.add(line, unknown.intersection(line))
            text = "\n".join(kept)
        return text.encode()


def _visible(line: str) -> str:
    line = " ".join("".join(character if character.isprintable() else " " for character in line).split())
    return line if len(line) <= _EXAMPLE_WIDTH else line[: _EXAMPLE_WIDTH - 1] + "…"


def _suiting(labels: Sequence[str]) -> list[str]:
    """The default for an alphabet: its characters alone, lower case if it has no capitals, NFC if it has no marks."""
    has_capitals = any(label != label.lower() for label in labels)
    has_marks = any(unicodedata.combining(label[:1]) for label in labels if label)
    return ["letters", *["lower"] * (not has_capitals), *["nfc"] * (not has_marks)]
