"""Transcript: recognised text with the time of each letter and word.

Times are those of the network's frames: a letter starts with the frame in which it was heard, and nothing
says when it ends; a word ends where the space after it starts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from deepspeech.text.alphabet import Alphabet


@dataclass(frozen=True)
class Token:
    """A letter: a label of the alphabet, or in bytes mode a character once its last byte is there."""

    text: str
    frame: int
    start_s: float  # frame × length of a frame


@dataclass(frozen=True)
class Word:
    """Letters between spaces."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Transcript:
    """What was said. `confidence` is a natural logarithm, to compare candidates for the same sound with."""

    text: str
    tokens: tuple[Token, ...]
    confidence: float
    frame_s: float = 0.02  # length of a frame

    @property
    def words(self) -> tuple[Word, ...]:
        """The words in order; a word at the end of the text ends one frame after its last letter starts."""
        words: list[Word] = []
        letters: list[Token] = []
        for token in self.tokens:
            if token.text != " ":
                letters.append(token)
            elif letters:
                words.append(_word(letters, token.start_s))
                letters = []
        if letters:
            words.append(_word(letters, letters[-1].start_s + self.frame_s))
        return tuple(words)


def _word(letters: Sequence[Token], end_s: float) -> Word:
    return Word("".join(letter.text for letter in letters), letters[0].start_s, end_s)


def spell(
    alphabet: Alphabet, labels: Sequence[int], frames: Sequence[int], confidence: float, frame_s: float
) -> Transcript:
    """The transcript of label ids, each heard in the frame of the same position."""
    if alphabet.bytes_mode:
        letters = _characters(labels, frames)
    else:
        letters = [(alphabet.labels[label], frame) for label, frame in zip(labels, frames, strict=True)]
    tokens = tuple(Token(text, frame, frame * frame_s) for text, frame in letters)
    return Transcript("".join(token.text for token in tokens), tokens, confidence, frame_s)


def _characters(labels: Sequence[int], frames: Sequence[int]) -> list[tuple[str, int]]:
    """Characters of UTF-8 byte labels, each with the frame of its first byte; broken ones become U+FFFD."""
    data = bytes(label + 1 for label in labels)
    starts = [i for i, byte in enumerate(data) if i == 0 or byte & 0xC0 != 0x80]
    return [
        (character, frames[start])
        for start, end in zip(starts, [*starts[1:], len(data)], strict=False)  # of an empty text no pair
        for character in data[start:end].decode("utf-8", errors="replace")
    ]
