"""Ngrams: a back-off model on disk, what estimation and ARPA files give and what writers take.

In: tables of a Store. Out: words in order of id, n-grams in suffix order, both in pieces.
"""

from collections.abc import Iterator
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from deepspeech.lm.store import Store

Rows = tuple[NDArray[np.uint32], NDArray[np.float32], NDArray[np.float32]]

CHUNK_ROWS = 1 << 20


class Ngrams:
    """A back-off model in DuckDB tables that spill to disk: what estimate() makes, read_arpa() reads and writers write.

    Word id 0 is `<unk>`; the others, `<s>` and `</s>` among them, ascend with KenLM's hash of the word (MurmurHash64A,
    seed 0), which is their order in KenLM's tries. Every suffix of an n-gram and every context of one is in the model.
    Not for several threads at a time, but several iterations may be under way at once. Use it in a `with` block, or
    call close(): the temporary database goes away then.
    """

    order: int
    counts: tuple[int, ...]  # n-grams of each order; counts[0] includes <unk>, <s> and </s>

    def words(self) -> Iterator[list[str]]:
        """The words in order of id, in lists of some thousands."""
        raise NotImplementedError

    def rows(self, n: int, chunk_rows: int = CHUNK_ROWS) -> Iterator[Rows]:
        """The n-grams of order `n`: ids uint32 [rows, n] oldest word first, log10 of probabilities, log10 of back-offs.

        In suffix order: sorted by the id of the newest word, then of the one before it, and so on. Back-offs of the
        highest order are 0; elsewhere 0 may stand both for a context of back-off 1 and for no context.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Removes the temporary database."""
        raise NotImplementedError

    def __enter__(self) -> "Ngrams":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
