"""Ngrams: a back-off model on disk, between its producers (estimate, read_arpa) and the writers.

In: a Store with tables `ngrams_1`, `ngrams_2` … in suffix order, and a vocabulary file. Out: words in id order and
n-grams in suffix order, both in chunks.
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
    """Name of the table of the n-grams of order `n`."""
    return f"ngrams_{n}"


def words_path(store: Store) -> Path:
    """Path of the vocabulary file: one word per line, in id order."""
    return store.folder / "words"


def write_words(store: Store, words: Iterable[list[str]]) -> None:
    """Write the vocabulary file."""
    with words_path(store).open("w", encoding="utf-8", newline="\n") as file:
        for some in words:
            file.writelines(f"{word}\n" for word in some)


class Ngrams:
    """A back-off model in DuckDB tables that spill to disk.

    Word id 0 is `<unk>`; the others, `<s>` and `</s>` included, are sorted by KenLM's hash of the word (MurmurHash64A,
    seed 0), the order of KenLM's tries. The model contains every suffix and every context of its n-grams. Not
    thread-safe, but iterators may be interleaved. Use it in a `with` block, or call close() to delete the database.
    """

    def __init__(
        self, store: Store, order: int, word_bits: int, words: int, renumber: NDArray[np.uint32] | None = None
    ) -> None:
        """`words`: vocabulary size; `renumber`: maps word ids of the tables to final ids, where they differ."""
        self.order = order
        self.counts = (words, *(store.rows(table(n)) for n in range(2, order + 1)))
        self._store, self._word_bits, self._renumber = store, word_bits, renumber

    order: int
    counts: tuple[int, ...]  # number of n-grams of each order; counts[0] includes <unk>, <s> and </s>
    frequent: Sequence[int] | NDArray[np.intp] = ()  # ids by falling frequency, without markers; empty for read models
    text_words: int | None = None  # of the text that it was estimated from; None for read models
    report: tuple[str, ...] = ()  # a report on the estimation, line by line

    def words(self) -> Iterator[list[str]]:
        """The words in id order, in lists of some thousands."""
        with words_path(self._store).open(encoding="utf-8", newline="\n") as lines:
            while words := [line[:-1] for line in islice(lines, PIECE_WORDS)]:
                yield words

    def rows(self, n: int, chunk_rows: int | None = None) -> Iterator[Rows]:
        """The n-grams of order `n`: ids uint32 [rows, n] oldest word first, log10 probabilities, log10 back-offs.

        At most `chunk_rows` at a time; the default fits the memory limit.
        In suffix order: sorted by the id of the newest word, then of the one before it, and so on. Back-offs of the
        highest order are 0; elsewhere 0 may stand both for a context of back-off 1 and for no context.
        """
        for high, low, probability, backoff in self._store.pieces(table(n), COLUMNS, chunk_rows):
            ids = unpack_ngrams(high, low, n, self._word_bits)
            yield ids if self._renumber is None else self._renumber[ids], probability, backoff

    def close(self) -> None:
        """Delete the temporary database."""
        self._store.close()

    def __enter__(self) -> "Ngrams":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
