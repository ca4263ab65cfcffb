"""Ngrams: a back-off model on disk, what estimation and ARPA files give and what writers take.

In: a Store with tables `ngrams_1`, `ngrams_2` … in suffix order and a file of words. Out: words in order of id, n-grams
in suffix order, both in pieces.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from deepspeech._native import unpack_ngrams
from deepspeech.lm.store import Store

Rows = tuple[NDArray[np.uint32], NDArray[np.float32], NDArray[np.float32]]

PIECE_WORDS = 1 << 16
COLUMNS = ("high", "low", "probability", "backoff")


def table(n: int) -> str:
    """The table of the n-grams of order `n`."""
    return f"ngrams_{n}"


def words_path(store: Store) -> Path:
    """The file of words, one a line, in order of id."""
    return store.folder / "words"


def write_words(store: Store, words: Iterable[list[str]]) -> None:
    """Makes the file of words."""
    with words_path(store).open("w", encoding="utf-8", newline="\n") as file:
        for some in words:
            file.writelines(f"{word}\n" for word in some)


class Ngrams:
    """A back-off model in DuckDB tables that spill to disk: what estimate() makes, read_arpa() reads and writers write.

    Word id 0 is `<unk>`; the others, `<s>` and `</s>` among them, ascend with KenLM's hash of the word (MurmurHash64A,
    seed 0), which is their order in KenLM's tries. Every suffix of an n-gram and every context of one is in the model.
    Not for several threads at a time, but several iterations may be under way at once. Use it in a `with` block, or
    call close(): the temporary database goes away then.
    """

    def __init__(
        self, store: Store, order: int, word_bits: int, words: int, renumber: NDArray[np.uint32] | None = None
    ) -> None:
        """`words`: how many; `renumber`: the id of each word by its id in the tables, where these differ."""
        self.order = order
        self.counts = (words, *(store.rows(table(n)) for n in range(2, order + 1)))
        self._store, self._word_bits, self._renumber = store, word_bits, renumber

    order: int
    counts: tuple[int, ...]  # n-grams of each order; counts[0] includes <unk>, <s> and </s>
    frequent: Sequence[int] | NDArray[np.intp] = ()  # of an estimated model: ids by falling frequency, without markers
    told: tuple[str, ...] = ()  # what a person wants to know of how it came to be, line by line

    def words(self) -> Iterator[list[str]]:
        """The words in order of id, in lists of some thousands."""
        with words_path(self._store).open(encoding="utf-8", newline="\n") as lines:
            while words := [line[:-1] for line in islice(lines, PIECE_WORDS)]:
                yield words

    def rows(self, n: int, chunk_rows: int | None = None) -> Iterator[Rows]:
        """The n-grams of order `n`: ids uint32 [rows, n] oldest word first, log10 of probabilities, log10 of back-offs.

        At most `chunk_rows` at a time; by default as many as suit the memory allowed.
        In suffix order: sorted by the id of the newest word, then of the one before it, and so on. Back-offs of the
        highest order are 0; elsewhere 0 may stand both for a context of back-off 1 and for no context.
        """
        for high, low, probability, backoff in self._store.pieces(table(n), COLUMNS, chunk_rows):
            ids = unpack_ngrams(high, low, n, self._word_bits)
            yield ids if self._renumber is None else self._renumber[ids], probability, backoff

    def close(self) -> None:
        """Removes the temporary database."""
        self._store.close()

    def __enter__(self) -> "Ngrams":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
