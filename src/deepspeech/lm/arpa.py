"""ARPA files: read and write the standard text format of back-off n-gram models.

In and out: Ngrams, and files that are plain or .gz. Format: a header with the n-gram counts, then one section per order
with one n-gram per line: log10 probability, words, log10 back-off where there is one.
"""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from deepspeech import _native
from deepspeech.errors import LmError
from deepspeech.files import atomic_open
from deepspeech.lm.counts import KEY
from deepspeech.lm.ngrams import COLUMNS, PIECE_WORDS, Ngrams, table, write_words
from deepspeech.lm.store import Store
from deepspeech.lm.texts import MEGABYTE, blocks, megabytes
from deepspeech.progress import Progress

COMPRESSION = 1  # gzip level: files are 50 % larger than at level 9 and written ten times as fast
NO_UNKNOWN_WORD = -100.0  # log10 probability of a missing <unk>, as in KenLM
TO_BE_FOUND = 1.0  # placeholder for a log10 probability, which is never above 0


def write_arpa(ngrams: Ngrams, path: str | Path) -> None:
    """Write an ARPA file atomically, gzipped if its name ends in .gz. Raises LmError."""
    lines = _native.ArpaLines()
    for words in ngrams.words():
        lines.add_words(words)
    with _atomic_arpa(Path(path)) as file, Progress(sum(ngrams.counts), "ARPA written", "n-grams") as progress:
        counts = "".join(f"ngram {n}={number}\n" for n, number in enumerate(ngrams.counts, 1))
        file.write(f"\\data\\\n{counts}".encode())
        for n in range(1, ngrams.order + 1):
            file.write(f"\n\\{n}-grams:\n".encode())
            for ids, probability, backoff in ngrams.rows(n):
                file.write(lines.of(ids, probability, backoff, n < ngrams.order))
                progress.advance(len(ids))
        file.write(b"\n\\end\\\n")


@contextmanager
def _atomic_arpa(path: Path) -> Iterator[IO[bytes]]:
    """A file that is renamed to its final name if the `with` block succeeds, else deleted."""
    with atomic_open(path, LmError) as raw:
        if path.suffix == ".gz":
            # No name and no time in the gzip header, so that output is reproducible.
            with gzip.GzipFile("", "wb", COMPRESSION, raw, mtime=0) as file:
                yield file  # type: ignore[misc]
        else:
            yield raw


def read_arpa(path: str | Path, memory_bytes: int = 2000 * MEGABYTE, temporary: Path | None = None) -> Ngrams:
    """Read an ARPA file, plain or .gz. Raises LmError with file and line if it is malformed.

    A missing `<unk>` gets log10 probability -100, as in KenLM. Suffixes that another toolkit pruned although longer
    n-grams need them are restored with their back-off probability. Close the result: it owns a temporary database.
    """
    store = Store(memory_bytes, temporary)
    try:
        return _read(path, store)
    except BaseException:
        store.close()
        raise


def _read(path: str | Path, store: Store) -> Ngrams:
    reader = _native.ArpaReader()
    words = _Words(reader)
    _read_sections(path, store, reader, words)
    order = len(reader.announced)
    for n in range(2, order + 1):
        if store.rows(f"read_{n}") == 0:
            raise LmError(f"{path}: has no {n}-grams, but its order is {order}")
        store.sort(f"read_{n}", into=table(n))
    words.write(store)
    for n in range(order, 1, -1):
        with _located(path):
            _restore_suffixes(store, n, words.bits)
    for n in range(2, order):
        _fill_restored(store, n, words.bits)
    return Ngrams(store, order, words.bits, words.count)


def _read_sections(path: str | Path, store: Store, reader: _native.ArpaReader, words: "_Words") -> None:
    """Read all sections; orders 2 and up go unsorted to tables `read_2` …."""
    with Progress(megabytes([path]), "ARPA read", "MB") as progress:
        reported_mb = 0
        for block, read_bytes in blocks(path):
            with _located(path):
                reader.read(block)
            words.take()
            for n in range(2, len(reader.announced) + 1):
                numbers, probability, backoff = reader.take(n)
                if len(numbers):
                    if not store.is_open:
                        store.open(sum(reader.announced), reader.announced[0])
                    keys = _native.pack_ngrams(words.ids[numbers], words.bits)
                    store.append(f"read_{n}", COLUMNS, (*keys, probability, backoff))
            progress.advance(read_bytes // MEGABYTE - reported_mb)
            reported_mb = read_bytes // MEGABYTE
    with _located(path):
        reader.finish()
        words.check()


@contextmanager
def _located(path: str | Path) -> Iterator[None]:
    """Turn the native reader's ValueError into an LmError with the file name."""
    try:
        yield
    except ValueError as error:
        raise LmError(f"{path}: {error}") from None


class _Words:
    """The unigrams of a file being read, and their word ids once all are known."""

    def __init__(self, reader: _native.ArpaReader) -> None:
        self._reader = reader
        self._probabilities: list[NDArray[np.float32]] = []
        self._backoffs: list[NDArray[np.float32]] = []

    def take(self) -> None:
        if self._reader.announced:
            _, probabilities, backoffs = self._reader.take(1)
            self._probabilities.append(probabilities)
            self._backoffs.append(backoffs)

    def check(self) -> None:
        """Raise ValueError where `<s>` or `</s>` is missing."""
        missing = set(_native.word_hashes(["<s>", "</s>"]).tolist()) - set(self._reader.hashes().tolist())
        if missing:
            raise ValueError("has no '<s>' or no '</s>' among its 1-grams; both are required")

    @cached_property
    def _by_id(self) -> NDArray[np.int64]:
        """Positions in the file of all words except `<unk>`, in id order."""
        hashes = self._reader.hashes()
        known = np.flatnonzero(hashes != _native.word_hashes(["<unk>"])[0])
        return known[np.argsort(hashes[known])]

    @cached_property
    def ids(self) -> NDArray[np.uint32]:
        """Word id by position in the file."""
        ids = np.zeros(len(self._reader.hashes()), np.uint32)
        ids[self._by_id] = np.arange(1, len(self._by_id) + 1)
        return ids

    @property
    def count(self) -> int:
        return len(self._by_id) + 1

    @property
    def bits(self) -> int:
        return (self.count - 1).bit_length()

    def write(self, store: Store) -> None:
        """Write the vocabulary file and the unigram table."""
        probability = np.full(self.count, NO_UNKNOWN_WORD, np.float32)
        backoff = np.zeros(self.count, np.float32)
        probability[self.ids] = np.concatenate(self._probabilities)
        backoff[self.ids] = np.concatenate(self._backoffs)
        keys = _native.pack_ngrams(np.arange(self.count, dtype=np.uint32)[:, None], self.bits)
        store.append(table(1), COLUMNS, (*keys, probability, backoff))
        numbers = self._by_id.astype(np.uint32)
        pieces = (numbers[first : first + PIECE_WORDS] for first in range(0, len(numbers), PIECE_WORDS))
        write_words(store, chain([["<unk>"]], map(self._reader.words, pieces)))


def _restore_suffixes(store: Store, n: int, word_bits: int) -> None:
    """Add missing suffixes of the n-grams of order `n` to order n - 1, with a placeholder probability."""
    gaps = _native.SuffixGaps(n, word_bits, store.pieces(table(n - 1), KEY))
    found = 0
    for keys in store.pieces(table(n), KEY):
        high, low = gaps.read(*keys)
        found += len(high)
        if len(high):
            unknown = np.full(len(high), TO_BE_FOUND, np.float32)
            store.append("gaps", COLUMNS, (high, low, unknown, np.zeros(len(high), np.float32)))
    if found:
        store.add("gaps", table(n - 1))
        store.sort(table(n - 1), into=table(n - 1))


def _fill_restored(store: Store, n: int, word_bits: int) -> None:
    """Set the probability of restored n-grams by backing off: p(suffix) times the context's back-off weight."""
    for high, low in store.pieces(table(n), KEY, where=f"probability = {TO_BE_FOUND}"):
        ids = _native.unpack_ngrams(high, low, n, word_bits)
        probability = store.look_up(table(n - 1), *_native.pack_ngrams(ids[:, 1:], word_bits), "probability")
        backoff = store.look_up(table(n - 1), *_native.pack_ngrams(ids[:, :-1], word_bits), "backoff")
        store.put(table(n), high, low, "probability", probability + backoff)
