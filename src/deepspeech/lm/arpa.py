"""ARPA: the text format of back-off models, which every toolkit reads and writes.

In and out: Ngrams and files, plain or .gz. Format: a header with the number of n-grams of each order, then of each
order its n-grams, a line each: log10 of the probability, words, log10 of the back-off where there is one.
"""

import gzip
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from deepspeech import _native
from deepspeech.errors import LmError
from deepspeech.lm.corpus import blocks
from deepspeech.lm.counts import KEY
from deepspeech.lm.ngrams import COLUMNS, PIECE_WORDS, Ngrams, table, write_words
from deepspeech.lm.store import MEGABYTE, Store
from deepspeech.progress import Progress

COMPRESSION = 1  # gzip's fastest; the file is half as large again as at its slowest, which takes ten times as long


def write_arpa(ngrams: Ngrams, path: str | Path) -> None:
    """Writes an ARPA file, compressed where its name ends in .gz; it appears whole or not at all. Raises LmError."""
    lines = _native.ArpaLines()
    for words in ngrams.words():
        lines.add_words(words)
    try:
        with _appearing(Path(path)) as file, Progress(sum(ngrams.counts), "ARPA written", "n-grams") as progress:
            counts = "".join(f"ngram {n}={number}\n" for n, number in enumerate(ngrams.counts, 1))
            file.write(f"\\data\\\n{counts}".encode())
            for n in range(1, ngrams.order + 1):
                file.write(f"\n\\{n}-grams:\n".encode())
                for ids, probability, backoff in ngrams.rows(n):
                    file.write(lines.of(ids, probability, backoff, n < ngrams.order))
                    progress.advance(len(ids))
            file.write(b"\n\\end\\\n")
    except OSError as error:
        raise LmError(f"{path}: cannot be written ({error.strerror or error}); choose another place") from None


@contextmanager
def _appearing(path: Path) -> Iterator[BinaryIO]:
    """A file that gets its name when the `with` block ends well, and goes away otherwise."""
    temporary = path.with_name(f".{os.getpid()}-{threading.get_ident()}.{path.name}.part")
    try:
        with temporary.open("wb") as raw:
            if path.suffix == ".gz":
                # No name and no time in the header: the same model gives the same file.
                with gzip.GzipFile("", "wb", COMPRESSION, raw, mtime=0) as file:
                    yield file  # type: ignore[misc]
            else:
                yield raw
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_arpa(path: str | Path, memory_bytes: int = 2000 * MEGABYTE, temporary: Path | None = None) -> Ngrams:
    """The model of an ARPA file, plain or .gz. Raises LmError with file and line for what is not well-formed.

    A missing `<unk>` gets log10 probability -100, as KenLM gives it. Suffixes of n-grams that a foreign toolkit pruned
    are put back with the probability that backing off gives them. Close the result: it owns a temporary database.
    """
    store = Store(memory_bytes, temporary)
    try:
        return _read(path, store)
    except BaseException:
        store.close()
        raise
