"""Text normalization before language model training; every step is optional.

In: whole lines of UTF-8. Out: normalized lines in the acoustic model's alphabet, and counts of skipped lines.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from deepspeech.errors import LmError
from deepspeech.text.characters import name
from deepspeech.text.config import TextConfig
from deepspeech.text.markup import Markup
from deepspeech.text.normalize import Normalizer
from deepspeech.text.spelling import Speller, lower
from deepspeech.text.tokens import Characters, TokenSet

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
    markup: Markup = field(default_factory=Markup)

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
    markup: bool = False  # take tags, entities and sentence marks out first
    text: TextConfig = field(default_factory=TextConfig)  # with settings: in place of all above but markup
    tokens: TokenSet | None = None  # that `text` is spelled in; lines that they cannot write are skipped

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
        return self.nfc or self.lower_case or self.alphabet is not None or self.markup or bool(self.text)

    @cached_property
    def _speller(self) -> Speller:
        return Speller(self.alphabet or (), form=self.nfc, case=self.lower_case, marks_are_spaces=True)

    def lines(self, block: bytes, skipped: SkippedLines) -> bytes:
        """Normalize the lines of `block`; count lines outside the alphabet in `skipped`. Raises UnicodeDecodeError."""
        marked = self.markup and (b"<" in block or b"&" in block)
        if self.markup and not marked and not replace(self, markup=False):
            return block
        text = block.decode()
        if marked:
            text = "\n".join(one for line in text.split("\n") for one in skipped.markup.sentences(line))
        if self.text:
            return "\n".join(self._kept(map(self._line, text.split("\n")), skipped)).encode()
        if self.alphabet is None:
            text = unicodedata.normalize("NFC", text) if self.nfc else text
            return (lower(text) if self.lower_case else text).encode()
        text = self._speller.lines(text)
        unknown = set(text) - self._speller.known - SPACES
        if unknown:
            kept = []
            for line in text.split("\n"):
                if unknown.isdisjoint(line):
                    kept.append(line)
                else:
                    skipped.add(line, unknown.intersection(line))
            text = "\n".join(kept)
        return text.encode()

    @cached_property
    def _line(self) -> Normalizer:
        return Normalizer(self.text, self.tokens)

    def _kept(self, lines: Iterable[str], skipped: SkippedLines) -> Iterator[str]:
        """The lines that the tokens can write."""
        for line in lines:
            if self.tokens is None or not (unknown := set(self.tokens.missing(line)) if line else set()):
                yield line
            else:
                skipped.add(line, unknown)


def _visible(line: str) -> str:
    line = " ".join("".join(character if character.isprintable() else " " for character in line).split())
    return line if len(line) <= _EXAMPLE_WIDTH else line[: _EXAMPLE_WIDTH - 1] + "…"


def _suiting(labels: Sequence[str]) -> list[str]:
    """The default for an alphabet: its characters alone, lower case if it has no capitals, NFC if it has no marks."""
    has_capitals = any(label != label.lower() for label in labels)
    has_marks = any(unicodedata.combining(label[:1]) for label in labels if label)
    return ["letters", *["lower"] * (not has_capitals), *["nfc"] * (not has_marks)]
