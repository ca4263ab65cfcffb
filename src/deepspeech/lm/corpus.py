"""Corpus: the first stage of estimation: read text, build the vocabulary, write token ids.

In: text files (plain, .gz, or "-" for standard input), UTF-8, one sentence per line, words separated by white space.
Out: a file of uint32 word numbers with a 2 after each sentence; the vocabulary with ids and occurrence counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepspeech import _native
from deepspeech.errors import LmError
from deepspeech.lm.normalize import Normalization, SkippedLines
from deepspeech.lm.store import Store
from deepspeech.lm.texts import MEGABYTE, blocks, megabytes
from deepspeech.progress import Progress

SENTENCE_BEGIN, SENTENCE_END = 1, 2  # word numbers of <s> and </s>; 0 is <unk>


@dataclass(frozen=True)
class Corpus:
    """A tokenized text in the file `numbers`, and arrays over the vocabulary, indexed by word id."""

    numbers: Path
    tokens: int  # words and sentence ends
    sentences: int
    skipped: SkippedLines  # lines dropped by normalization
    ids: NDArray[np.uint32]  # word id by word number
    occurrences: NDArray[np.uint64]  # by id
    first_seen: NDArray[np.uint32]  # by id: words are numbered in order of appearance
    native: _native.Corpus

    @property
    def sentence_begin(self) -> int:
        return int(self.ids[SENTENCE_BEGIN])

    @property
    def sentence_end(self) -> int:
        return int(self.ids[SENTENCE_END])

    def pieces(self, tokens: int) -> Iterator[NDArray[np.uint32]]:
        """The word numbers, in chunks of up to `tokens`."""
        with self.numbers.open("rb") as file:
            while len(piece := np.fromfile(file, np.uint32, tokens)):
                yield piece


def read_corpus(
    texts: Sequence[str | Path], store: Store, normalization: Normalization, markers_are_space: bool
) -> Corpus:
    """Read and tokenize `texts`. Raises LmError with file, line and remedy."""
    native = _native.Corpus(markers_are_space)
    tokens, skipped = 0, SkippedLines()
    path = store.folder / "numbers"
    with path.open("wb") as file, Progress(megabytes(texts), "text read", "MB") as progress:
        for text in texts:
            native.start_file()
            told_mb = 0
            for block, read_bytes in blocks(text):
                try:
                    numbers = native.read(_normalized(text, block, normalization, skipped))
                except ValueError as error:
                    raise LmError(f"{text}: {error}") from None
                file.write(numbers.data)  # tofile() hides the reason when the disk is full
                tokens += len(numbers)
                progress.advance(read_bytes // MEGABYTE - told_mb, f"{tokens} words")
                told_mb = read_bytes // MEGABYTE
    occurrences = native.occurrences()
    sentences = int(occurrences[SENTENCE_END])
    if tokens == sentences:
        why = f"; {skipped}" if skipped.lines else ""
        raise LmError(f"{', '.join(map(str, texts))}: no words in this text{why}")
    hashes = native.hashes()
    by_id = np.concatenate([[0], 1 + np.argsort(hashes[1:])]).astype(np.uint32)
    ids = np.empty(len(hashes), np.uint32)
    ids[by_id] = np.arange(len(hashes), dtype=np.uint32)
    return Corpus(path, tokens, sentences, skipped, ids, occurrences[by_id], by_id, native)


def _normalized(text: str | Path, block: bytes, normalization: Normalization, skipped: SkippedLines) -> bytes:
    if not normalization:
        return block
    try:
        return normalization.lines(block, skipped)
    except UnicodeDecodeError:
        raise LmError(f"{text}: is not UTF-8; convert the text first, with iconv for example") from None
