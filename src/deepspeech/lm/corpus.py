"""Corpus: the first stage of estimation, from text to numbers of words.

In: text files (plain, .gz, or "-" for standard input), UTF-8, one sentence a line, words separated by spaces or tabs.
Out: a file of uint32 word numbers, a 2 at each end of a sentence; the words with their ids and how often they occur.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepspeech import _native
from deepspeech.errors import LmError
from deepspeech.lm.normalise import LeftOut, Normalisation
from deepspeech.lm.store import Store
from deepspeech.lm.texts import MEGABYTE, blocks, megabytes
from deepspeech.progress import Progress

SENTENCE_BEGIN, SENTENCE_END = 1, 2  # numbers that the corpus reader gives these markers; 0 is <unk>


@dataclass(frozen=True)
class Corpus:
    """Text as numbers in the file `numbers`; what belongs to a word stands at its id in arrays of all words."""

    numbers: Path
    tokens: int  # words and ends of sentences
    sentences: int
    left_out: LeftOut  # by normalisation
    ids: NDArray[np.uint32]  # of each number
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
        """The word numbers, up to `tokens` at a time."""
        with self.numbers.open("rb") as file:
            while len(piece := np.fromfile(file, np.uint32, tokens)):
                yield piece


def read_corpus(
    texts: Sequence[str | Path], store: Store, normalisation: Normalisation, markers_are_space: bool
) -> Corpus:
    """Reads `texts` one after the other. Raises LmError with file, line and remedy."""
    native = _native.Corpus(markers_are_space)
    tokens, left_out = 0, LeftOut()
    path = store.folder / "numbers"
    with path.open("wb") as file, Progress(megabytes(texts), "text read", "MB") as progress:
        for text in texts:
            native.start_file()
            told_mb = 0
            for block, read_bytes in blocks(text):
                try:
                    numbers = native.read(_normalised(text, block, normalisation, left_out))
                except ValueError as error:
                    raise LmError(f"{text}: {error}") from None
                file.write(numbers.data)  # not tofile(): its error on a full disk does not say so
                tokens += len(numbers)
                progress.advance(read_bytes // MEGABYTE - told_mb, f"{tokens} words")
                told_mb = read_bytes // MEGABYTE
    occurrences = native.occurrences()
    sentences = int(occurrences[SENTENCE_END])
    if tokens == sentences:
        why = f"; {left_out}" if left_out.lines else ""
        raise LmError(f"{', '.join(map(str, texts))}: there are no words in this text{why}")
    hashes = native.hashes()
    by_id = np.concatenate([[0], 1 + np.argsort(hashes[1:])]).astype(np.uint32)
    ids = np.empty(len(hashes), np.uint32)
    ids[by_id] = np.arange(len(hashes), dtype=np.uint32)
    return Corpus(path, tokens, sentences, left_out, ids, occurrences[by_id], by_id, native)


def _normalised(text: str | Path, block: bytes, normalisation: Normalisation, left_out: LeftOut) -> bytes:
    if not normalisation:
        return block
    try:
        return normalisation.lines(block, left_out)
    except UnicodeDecodeError:
        raise LmError(f"{text}: is not UTF-8; convert the text first, with iconv for example") from None
