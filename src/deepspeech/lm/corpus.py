"""Corpus: the first stage of estimation, from text to numbers of words.

In: text files (plain, .gz, or "-" for standard input), UTF-8, one sentence a line, words separated by spaces or tabs.
Out: a file of uint32 word numbers, a 2 at each end of a sentence; the words with their ids and how often they occur.
"""

import gzip
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from deepspeech import _native
from deepspeech.errors import LmError
from deepspeech.lm.normalise import LeftOut, Normalisation
from deepspeech.lm.store import MEGABYTE, Store
from deepspeech.progress import Progress

STANDARD_INPUT = "-"
BLOCK_BYTES = 1 << 20
LONGEST_LINE_BYTES = 64 * MEGABYTE
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_LOOKED_AT = 4096  # bytes; where a quarter of them is zero this is UTF-16 without its mark
_GZIP = b"\x1f\x8b"
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


def megabytes(texts: Sequence[str | Path]) -> int | None:
    if any(str(text) == STANDARD_INPUT for text in texts):
        return None
    return sum(Path(text).stat().st_size for text in texts if Path(text).is_file()) // MEGABYTE


def blocks(text: str | Path) -> Iterator[tuple[bytes, int]]:
    """Whole lines, some at a time, and how much of the file is read by then. Raises LmError."""
    rest: list[bytes] = []
    with open_text(text) as (stream, raw):
        first, carriage_returns, at = True, False, 0
        while data := read_some(text, stream):
            if first:
                data, first = _begun(text, data), False
                carriage_returns = b"\r" in data and b"\n" not in data
            if carriage_returns:
                data = data.replace(b"\r", b"\n")
            cut = data.rfind(b"\n") + 1
            at = raw.tell() if raw.seekable() else 0
            if cut:
                yield b"".join([*rest, data[:cut]]), at
                rest = []
            rest.append(data[cut:])
            if sum(map(len, rest)) > LONGEST_LINE_BYTES:
                raise LmError(
                    f"{text}: a line is longer than {LONGEST_LINE_BYTES // MEGABYTE} MB; write one sentence a line"
                )
    if last := b"".join(rest):
        yield last, at


def _begun(text: str | Path, data: bytes) -> bytes:
    """The first bytes of a text without a byte-order mark."""
    head = data[:_LOOKED_AT]
    if head.startswith(_UTF16_MARKS) or 4 * head.count(0) > len(head):
        raise LmError(f"{text}: is not UTF-8 text, but UTF-16 or no text at all; save it as UTF-8 first")
    return data.removeprefix(BYTE_ORDER_MARK)


@contextmanager
def open_text(text: str | Path) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """The bytes of a text file or of standard input, unpacked where name or first bytes are gzip's; and the file.

    The position of the file itself tells the progress.
    """
    try:
        with nullcontext(sys.stdin.buffer) if str(text) == STANDARD_INPUT else open(text, "rb") as raw:
            if _is_zipped(raw) or str(text).endswith(".gz"):
                with gzip.GzipFile(fileobj=raw) as stream:
                    yield stream, raw  # type: ignore[misc]
            else:
                yield raw, raw
    except OSError as error:
        raise LmError(f"{text}: cannot be read ({error.strerror or error})") from None


def _is_zipped(raw: BinaryIO) -> bool:
    if not raw.seekable():
        return raw.peek(len(_GZIP))[: len(_GZIP)] == _GZIP  # type: ignore[attr-defined, no-any-return]
    at = raw.tell()
    begin = raw.read(len(_GZIP))
    raw.seek(at)
    return begin == _GZIP


def read_some(text: str | Path, stream: BinaryIO, count: int = BLOCK_BYTES) -> bytes:
    """The next bytes of what open_text() gave, at most `count`. Raises LmError."""
    try:
        if str(text) == STANDARD_INPUT:  # what is there: a person may be typing
            return stream.read1(count)  # type: ignore[attr-defined, no-any-return]
        return stream.read(count)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise LmError(f"{text}: the compressed file is damaged or cut short; get it again") from None
