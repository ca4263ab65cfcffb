"""Word confidences of a streaming search, in bounded memory.

In: the rows of probabilities that the search gets, and its hypotheses. Out: a probability for each word, as
`native/src/spelling.cc` defines it, from the rows around the word's tokens. Once no hypothesis can change a word any
more, its confidence is computed and its rows are dropped, except those of the last such word, where utterances are
cut. If nothing is decided for ten minutes, in long silence or a script without spaces, the oldest rows are dropped
too: words of the best hypothesis keep their confidence of that moment, other hypotheses about that time get 0.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from deepspeech._native import word_probabilities
from deepspeech.text.subwords import Subwords
from deepspeech.text.tokens import TokenSet

Float32 = NDArray[np.float32]
Key = tuple[tuple[int, ...], tuple[int, ...]]  # labels of a word, and their frames

MARGIN_S = 0.2  # frames further from a word's tokens than this do not count
UNDECIDED_S, UNDECIDED_NUMBERS = 600.0, 1 << 23  # rows of at most so long, or so many numbers, are kept undecided
CHECK_FRAMES = 1024  # between checks for rows to drop


class WordConfidences:
    """Rows [T, classes] and decided words of one search. Frames count from the first of the search."""

    def __init__(self, tokens: TokenSet, frame_s: float) -> None:
        self._tokens, self._margin, classes = tokens, round(MARGIN_S / frame_s), tokens.classes
        self._space = tokens.space
        self._limit = max(CHECK_FRAMES, min(round(UNDECIDED_S / frame_s), UNDECIDED_NUMBERS // classes))
        self._rows, self._first, self._count = np.empty((0, classes), np.float32), 0, 0
        self._check_at = CHECK_FRAMES
        self._known: dict[Key, float] = {}
        self.decided = 0  # number of labels whose words have a final confidence
        self._confidences: list[float] = []

    @property
    def first_frame(self) -> int:
        """The first frame whose row is kept."""
        return self._first

    @property
    def due(self) -> bool:
        """Whether it is time to `decide`."""
        return self._count >= self._check_at

    def add(self, rows: Float32) -> None:
        """Keep the next frames' rows."""
        needed = self._count + len(rows)
        if needed > len(self._rows):
            room = np.empty((max(needed, 2 * len(self._rows)), rows.shape[1]), np.float32)
            room[: self._count] = self._rows[: self._count]
            self._rows = room
        self._rows[self._count : needed] = rows
        self._count = needed

    def since(self, frame: int) -> Float32:
        """Rows from `frame` on, which is kept."""
        assert frame >= self._first
        return self._rows[frame - self._first : self._count]

    def decide(self, fixed: int, labels: Sequence[int], frames: Sequence[int]) -> int:
        """Finish words that cannot change any more and drop their rows; the number of labels decided now.

        `labels` and `frames` are those of the best hypothesis after the `decided` ones; all hypotheses share the
        first `fixed` of them.
        """
        words = list(self._words(labels[:fixed]))
        ends_within_word = bool(fixed) and labels[fixed - 1] != self._space
        whole = words[:-1] if ends_within_word else words
        # The last whole word stays, with the space before it, which ends the word before.
        # Subword hypotheses may have no space between words: nothing is decided there, only the limit drops rows.
        begin = max(0, whole[-1][0] - 1) if whole and not isinstance(self._tokens, Subwords) else 0
        if begin:
            self._confidences += self.of(labels[: begin + 1], frames[: begin + 1])
            self.decided += begin
            self._drop_rows(frames[begin])
        if self._count >= 2 * self._limit:
            self._forget(labels[begin:], frames[begin:])
        self._check_at = min(max(CHECK_FRAMES, 2 * self._count), 2 * self._limit)
        return begin

    def all_of(self, labels: Sequence[int], frames: Sequence[int]) -> list[float]:
        """The probability of each word of a whole hypothesis."""
        return self._confidences + self.of(labels[self.decided :], frames[self.decided :])

    def of(self, labels: Sequence[int], frames: Sequence[int]) -> list[float]:
        """The probability of each word of a hypothesis without its `decided` labels."""
        confidences, start = list[float](), 0
        for start, end in self._words(labels):
            after_space = frames[start - 1] + 1 if start else 0
            if min(frames[start], max(after_space, frames[start] - self._margin)) >= self._first:
                break
            confidences.append(self._known.get((tuple(labels[start:end]), tuple(frames[start:end])), 0.0))
        else:
            return confidences
        before = 0  # whether the first word is a fragment that only marks where the next may begin
        if start and frames[start - 1] >= self._first:
            start -= 1  # the space, or the end of a word, after which the word may begin
            before = labels[start] != self._space
        row_frames = [frame - self._first for frame in frames[start:]]
        rows = self.since(self._first)
        tokens = self._tokens
        found = word_probabilities(
            rows, list(labels[start:]), row_frames, tokens.space, self._margin, tokens.word_starts
        )
        return confidences + found[before:]

    def _words(self, labels: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Where each word begins and ends."""
        begin = 0
        for index, label in enumerate(labels):
            if self._tokens.starts_word(label):
                if index > begin:
                    yield begin, index
                begin = index + (label == self._space)
        if len(labels) > begin:
            yield begin, len(labels)

    def _forget(self, labels: Sequence[int], frames: Sequence[int]) -> None:
        """Drop all but the latest rows, after computing the confidences of the best hypothesis."""
        found = zip(self._words(labels), self.of(labels, frames), strict=True)
        self._known = {(tuple(labels[a:b]), tuple(frames[a:b])): confidences for (a, b), confidences in found}
        self._drop_rows(self._first + self._count - self._limit)

    def _drop_rows(self, before: int) -> None:
        gone = before - self._first
        if gone > 0:
            self._rows = self._rows[gone : self._count].copy()
            self._first, self._count = before, self._count - gone
