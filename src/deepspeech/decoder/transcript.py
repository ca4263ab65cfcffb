"""Transcript: recognised text with the time of each letter and word.

Times are those of the network's frames: a letter starts with the frame in which it was heard, and nothing
says when it ends; a word ends where the token after it starts that begins another: a space, or a piece with one.

A word's confidence is the probability, by the network alone, that the sound around it spells this word and nothing
else: summed over all alignments of its letters (`native/src/spelling.cc`). A scorer finds better words but does not
make the sound clearer, so it has no part in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from deepspeech.text.subwords import Subwords
from deepspeech.text.tokens import TokenSet


@dataclass(frozen=True)
class Token:
    """A letter or a piece of a word: a token of the network, or in bytes mode a character once its last byte is there.

    A piece that starts a word has the space before it in its text, unless it is the first.
    """

    text: str
    frame: int
    start_s: float  # frame × length of a frame


@dataclass(frozen=True)
class Word:
    """Letters between spaces."""

    text: str
    start_s: float
    end_s: float
    confidence: float | None = None  # 0 to 1; None where only the text is known


@dataclass(frozen=True)
class Transcript:
    """What was said. `confidence` is a natural logarithm, to compare candidates for the same sound with."""

    text: str
    tokens: tuple[Token, ...]
    confidence: float
    frame_s: float = 0.02  # length of a frame
    word_confidences: tuple[float, ...] = ()  # of each word, 0 to 1
    alternatives: tuple["Transcript", ...] = ()  # what else it could have been, best first, where asked for

    @property
    def words(self) -> tuple[Word, ...]:
        """The words in order; a word at the end of the text ends one frame after its last letter starts."""
        words: list[Word] = []
        letters: list[Token] = []
        for token in self.tokens:
            if token.text.startswith(" ") and letters:
                words.append(self._word(letters, token.start_s, len(words)))
                letters = []
            if token.text != " ":
                letters.append(token)
        if letters:
            words.append(self._word(letters, letters[-1].start_s + self.frame_s, len(words)))
        return tuple(words)

    def trimmed(self, end: int | None = None) -> "Transcript":
        """The part heard before frame `end` (None: all), without spaces at either end; so too of the alternatives."""
        tokens = [token for token in self.tokens if end is None or token.frame < end]
        letters = [place for place, token in enumerate(tokens) if token.text != " "]
        tokens = tokens[letters[0] : letters[-1] + 1] if letters else []
        text = "".join(token.text for token in tokens)
        others = {other.text: other for other in (one.trimmed(end) for one in self.alternatives) if other.text != text}
        part = replace(self, text=text, tokens=tuple(tokens), alternatives=tuple(others.values()))
        return replace(part, word_confidences=self.word_confidences[: len(part.words)])

    def _word(self, letters: Sequence[Token], end_s: float, number: int) -> Word:
        confidence = self.word_confidences[number] if number < len(self.word_confidences) else None
        text = "".join(letter.text for letter in letters).removeprefix(" ")
        return Word(text, letters[0].start_s, end_s, confidence)


def spell(
    alphabet: TokenSet,
    labels: Sequence[int],
    frames: Sequence[int],
    confidence: float,
    frame_s: float,
    word_confidences: Sequence[float] = (),
) -> Transcript:
    """The transcript of label ids, each heard in the frame of the same position."""
    if alphabet.bytes_mode:
        letters = _characters(labels, frames)
    else:
        letters = [(alphabet.spell(label), frame) for label, frame in zip(labels, frames, strict=True)]
    if isinstance(alphabet, Subwords):  # which begin a text with a space
        while letters and letters[0][0].startswith(" "):
            (text, frame), *rest = letters
            letters = [(text[1:], frame), *rest] if text != " " else rest
    tokens = tuple(Token(text, frame, frame * frame_s) for text, frame in letters)
    text = "".join(token.text for token in tokens)
    return Transcript(text, tokens, confidence, frame_s, tuple(word_confidences))


def _characters(labels: Sequence[int], frames: Sequence[int]) -> list[tuple[str, int]]:
    """Characters of UTF-8 byte labels, each with the frame of its first byte; broken ones become U+FFFD."""
    data = bytes(label + 1 for label in labels)
    starts = [i for i, byte in enumerate(data) if i == 0 or byte & 0xC0 != 0x80]
    return [
        (character, frames[start])
        for start, end in zip(starts, [*starts[1:], len(data)], strict=False)  # of an empty text no pair
        for character in data[start:end].decode("utf-8", errors="replace")
    ]
