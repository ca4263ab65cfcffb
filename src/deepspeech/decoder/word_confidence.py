"""How sure the network is of each word, with no more rows of probabilities kept than that takes.

In: rows as the search gets them, and what it reads. Out: a probability for each word, as `native/src/spelling.cc`
defines it: of the rows around the word's letters. A word that no reading can change any more is judged once, and its
rows are let go; the last such word keeps its own, for utterances are cut there. Where nothing is decided for ten
minutes, in long silence or a script without spaces, rows are let go too: the words of the best reading keep the
confidence that they had by then, and any other reading of sound so long ago has none, 0.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from deepspeech._native import word_probabilities
from deepspeech.text.subwords import Subwords
from deepspeech.text.tokens import TokenSet

Float32 = NDArray[np.float32]
Key = tuple[tuple[int, ...], tuple[int, ...]]  # labels of a word, and their frames

MARGIN_S = 0.2  # sound further from a word's letters than this says nothing about the word
UNDECIDED_S, UNDECIDED_NUMBERS = 600.0, 1 << 23  # rows of so long, or of so many numbers, are kept in any case
CHECK_FRAMES = 1024  # it takes so many to make it worth while to look for rows that can go


class WordConfidences:
    """Rows [T, classes] of one search, and the words that are decided. Frames are counted from the search's first."""

    def __init__(self, tokens: TokenSet, frame_s: float) -> None:
        self._tokens, self._margin, classes = tokens, round(MARGIN_S / frame_s), tokens.classes
        self._space = tokens.space
        self._limit = max(CHECK_FRAMES, min(round(UNDECIDED_S / frame_s), UNDECIDED_NUMBERS // classes))
        self._room, self._first, self._count = np.empty((0, classes), np.float32), 0, 0
        self._check_at = CHECK_FRAMES
        self._known: dict[Key, float] = {}
        self.decided = 0  # labels, whose words have their confidence
        self._sure: list[float] = []

    @property
    def first_frame(self) -> int:
        """The first one whose row is kept."""
        return self._first

    @property
    def due(self) -> bool:
        """Whether it is time to `decide`."""
        return self._count >= self._check_at

    def add(self, rows: Float32) -> None:
        """Keep the next frames' rows."""
        needed = self._count + len(rows)
        if needed > len(self._room):
            room = np.empty((max(needed, 2 * len(self._room)), rows.shape[1]), np.float32)
            room[: self._count] = self._room[: self._count]
            self._room = room
        self._room[self._count : needed] = rows
        self._count = needed

    def since(self, frame: int) -> Float32:
        """Rows from `frame` on, which is kept."""
        assert frame >= self._first
        return self._room[frame - self._first : self._count]

    def decide(self, fixed: int, labels: Sequence[int], frames: Sequence[int]) -> int:
        """Judge the words that cannot change any more and let go of their rows; how many labels became decided.

        `labels` and their `frames` are those of the best reading without the `decided` ones; all readings share the
        first `fixed` of them.
        """
        words = list(self._words(labels[:fixed]))
        ends_with_letter = bool(fixed) and labels[fixed - 1] != self._space
        whole = words[:-1] if ends_with_letter else words
        # The last whole word stays, with the space before it, which ends the word before.
        # Words of pieces may have no space between them: of these nothing is decided but what is forgotten.
        begin = max(0, whole[-1][0] - 1) if whole and not isinstance(self._tokens, Subwords) else 0
        if begin:
            self._sure += self.of(labels[: begin + 1], frames[: begin + 1])
            self.decided += begin
            self._let_go(frames[begin])
        if self._count >= 2 * self._limit:
            self._forget(labels[begin:], frames[begin:])
        self._check_at = min(max(CHECK_FRAMES, 2 * self._count), 2 * self._limit)
        return begin

    def all_of(self, labels: Sequence[int], frames: Sequence[int]) -> list[float]:
        """The probability of each word of a whole reading."""
        return self._sure + self.of(labels[self.decided :], frames[self.decided :])

    def of(self, labels: Sequence[int], frames: Sequence[int]) -> list[float]:
        """The probability of each word of a reading without its `decided` labels."""
        sure, start = list[float](), 0
        for start, end in self._words(labels):
            after_space = frames[start - 1] + 1 if start else 0
            if min(frames[start], max(after_space, frames[start] - self._margin)) >= self._first:
                break
            sure.append(self._known.get((tuple(labels[start:end]), tuple(frames[start:end])), 0.0))
        else:
            return sure
        before = 0  # words of which only the end is looked at
        if start and frames[start - 1] >= self._first:
            start -= 1  # the space, or the end of a word, after which the word may begin
            before = labels[start] != self._space
        heard = [frame - self._first for frame in frames[start:]]
        rows = self.since(self._first)
        tokens = self._tokens
        found = word_probabilities(rows, list(labels[start:]), heard, tokens.space, self._margin, tokens.word_starts)
        return sure + found[before:]

    def _words(self, labels: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Where each word begins and ends."""
        begin = 0
        for place, label in enumerate(labels):
            if self._tokens.starts_word(label):
                if place > begin:
                    yield begin, place
                begin = place + (label == self._space)
        if len(labels) > begin:
            yield begin, len(labels)

    def _forget(self, labels: Sequence[int], frames: Sequence[int]) -> None:
        """Keep the latest rows, and what the best reading's words were found to be with all of them."""
        found = zip(self._words(labels), self.of(labels, frames), strict=True)
        self._known = {(tuple(labels[a:b]), tuple(frames[a:b])): sure for (a, b), sure in found}
        self._let_go(self._first + self._count - self._limit)

    def _let_go(self, before: int) -> None:
        gone = before - self._first
        if gone > 0:
            self._room = self._room[gone : self._count].copy()
            self._first, self._count = before, self._count - gone
