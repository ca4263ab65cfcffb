"""Transcript: recognized text with the time of each token and word.

Times have the resolution of the network's frames: a token starts at the frame that emitted it, and CTC does not say
when it ends; a word ends where the next space, or piece that begins with one, starts.

A word's confidence is the probability, by the network alone, that the frames around it spell this word and nothing
else: the sum over all alignments of its tokens (`native/src/spelling.cc`). The scorer does not count in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from deepspeech.decoder.writers import Written
from deepspeech.text.subwords import Subwords
from deepspeech.text.tokens import TokenSet


@dataclass(frozen=True)
class Token:
    """A token of the network: a character or a subword; in bytes mode a whole character.

    The text of a piece that starts a word begins with a space, unless it is the first.
    """

    text: str
    frame: int
    start_s: float  # frame × length of a frame


@dataclass(frozen=True)
class Word:
    """A word with its times in seconds."""

    text: str
    start_s: float
    end_s: float
    confidence: float | None = None  # 0 to 1; None where only the text is known


@dataclass(frozen=True)
class Transcript(Written):
    """A decoded text. `confidence` is the natural logarithm of its score, comparable among candidates for one clip."""

    text: str
    tokens: tuple[Token, ...]
    confidence: float
    frame_s: float = 0.02  # length of a frame
    word_confidences: tuple[float, ...] = ()  # of each word, 0 to 1
    alternatives: tuple["Transcript", ...] = ()  # other candidates, best first, if requested
    word_times: tuple[tuple[float, float], ...] = ()  # start and end of each word in s, where they were aligned

    @property
    def words(self) -> tuple[Word, ...]:
        """The words in order; a word at the end of the text ends one frame after its last token starts."""
        words: list[Word] = []
        word: list[Token] = []
        for token in self.tokens:
            if token.text.startswith(" ") and word:
                words.append(self._word(word, token.start_s, len(words)))
                word = []
            if token.text != " ":
                word.append(token)
        if word:
            words.append(self._word(word, word[-1].start_s + self.frame_s, len(words)))
        return tuple(words)

    def _written(self) -> "tuple[str, Sequence[Transcript], float | None]":
        return "", [self] if self.tokens else [], None

    def trimmed(self, end: int | None = None) -> "Transcript":
        """The part before frame `end` (None: all), without spaces at either end; likewise of the alternatives."""
        tokens = [token for token in self.tokens if end is None or token.frame < end]
        spoken = [index for index, token in enumerate(tokens) if token.text != " "]
        tokens = tokens[spoken[0] : spoken[-1] + 1] if spoken else []
        text = "".join(token.text for token in tokens)
        others = {other.text: other for other in (one.trimmed(end) for one in self.alternatives) if other.text != text}
        part = replace(self, text=text, tokens=tuple(tokens), alternatives=tuple(others.values()))
        count = len(part.words)
        return replace(part, word_confidences=self.word_confidences[:count], word_times=self.word_times[:count])

    def _word(self, tokens: Sequence[Token], end_s: float, number: int) -> Word:
        confidence = self.word_confidences[number] if number < len(self.word_confidences) else None
        text, start_s = "".join(token.text for token in tokens).removeprefix(" "), tokens[0].start_s
        if number < len(self.word_times):
            start_s, end_s = self.word_times[number]
        return Word(text, start_s, end_s, confidence)


def spell(
    alphabet: TokenSet,
    labels: Sequence[int],
    frames: Sequence[int],
    confidence: float,
    frame_s: float,
    word_confidences: Sequence[float] = (),
) -> Transcript:
    """The transcript of label ids, each emitted by the frame at the same position."""
    if alphabet.bytes_mode:
        texts = _characters(labels, frames)
    else:
        texts = [(alphabet.spell(label), frame) for label, frame in zip(labels, frames, strict=True)]
    if isinstance(alphabet, Subwords):  # the first piece begins with a space
        while texts and texts[0][0].startswith(" "):
            (text, frame), *rest = texts
            texts = [(text[1:], frame), *rest] if text != " " else rest
    tokens = tuple(Token(text, frame, frame * frame_s) for text, frame in texts)
    text = "".join(token.text for token in tokens)
    return Transcript(text, tokens, confidence, frame_s, tuple(word_confidences))


def _characters(labels: Sequence[int], frames: Sequence[int]) -> list[tuple[str, int]]:
    """Characters of UTF-8 byte labels, each with the frame of its first byte; broken ones become U+FFFD."""
    data = bytes(label + 1 for label in labels)
    starts = [i for i, byte in enumerate(data) if i == 0 or byte & 0xC0 != 0x80]
    return [
        (character, frames[start])
        for start, end in zip(starts, [*starts[1:], len(data)], strict=False)  # no pair for an empty text
        for character in data[start:end].decode("utf-8", errors="replace")
    ]
