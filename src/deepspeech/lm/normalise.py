"""Normalisation: what is done to text before its words are counted; nothing, unless asked for.

In: whole lines of UTF-8. Out: the same, made to fit the letters that a network knows.
"""

import unicodedata
from dataclasses import dataclass

PUNCTUATION = ("P", "S", "Z")  # first letters of Unicode's categories: punctuation, symbols, separators
SPACES = frozenset(" \t\r\n")


@dataclass(frozen=True)
class Normalisation:
    """Choices; each is made on the result of those before it. Frozen, but counts the lines that it leaves out."""

    nfc: bool = False  # compose letters and their marks (Unicode NFC): é is then one character however it was typed
    lower_case: bool = False  # as DeepSpeech's generate_lm.py always did
    # The characters that may stay. Punctuation, symbols and separators outside become spaces; a line with any other
    # character outside (a letter or digit the network cannot write) is left out, for a sentence with a hole teaches
    # word sequences that nobody says. None: all may stay.
    alphabet: frozenset[str] | None = None

    def __bool__(self) -> bool:
        return self.nfc or self.lower_case or self.alphabet is not None

    def lines(self, block: bytes) -> tuple[bytes, int]:
        """The lines of `block`, normalised, and how many were left out. Raises UnicodeDecodeError."""
        text, left_out = block.decode(), 0
        if self.nfc:
            text = unicodedata.normalize("NFC", text)
        if self.lower_case:
            text = text.lower()
        if self.alphabet is not None:
            foreign = set(text) - self.alphabet - SPACES
            punctuation = {mark for mark in foreign if unicodedata.category(mark)[0] in PUNCTUATION}
            text = text.translate(dict.fromkeys(map(ord, punctuation), " "))
            if unknown := foreign - punctuation:
                lines = text.split("\n")
                kept = [line for line in lines if unknown.isdisjoint(line)]
                left_out = len(lines) - len(kept)
                text = "\n".join(kept)
        return text.encode(), left_out
