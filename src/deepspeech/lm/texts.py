"""Read text files in blocks of whole lines: plain, gzipped, or standard input.

In: paths, "-" for standard input. Out: blocks of UTF-8 without a byte-order mark, or an LmError with file and remedy.
"""

import gzip
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

from deepspeech.errors import LmError

MEGABYTE = 1_000_000
STANDARD_INPUT = "-"
BLOCK_BYTES = 1 << 20
LONGEST_LINE_BYTES = 64 * MEGABYTE
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_LOOKED_AT = 4096  # bytes checked; with a quarter of them zero it is UTF-16 without a byte-order mark
_GZIP = b"\x1f\x8b"


def megabytes(texts: Sequence[str | Path]) -> int | None:
    if any(str(text) == STANDARD_INPUT for text in texts):
        return None
    return sum(Path(text).stat().st_size for text in texts if Path(text).is_file()) // MEGABYTE


def blocks(text: str | Path) -> Iterator[tuple[bytes, int]]:
    """Yield blocks of whole lines, and the number of bytes of the file read so far. Raises LmError."""
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
    """The first block of a text without its byte-order mark. Raises LmError for UTF-16."""
    head = data[:_LOOKED_AT]
    if head.startswith(_UTF16_MARKS) or 4 * head.count(0) > len(head):
        raise LmError(f"{text}: not UTF-8 text (UTF-16 or binary); save it as UTF-8")
    return data.removeprefix(BYTE_ORDER_MARK)


@contextmanager
def open_text(text: str | Path) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Open a text file or standard input, decompressed if its first bytes are gzip's; and the raw file.

    The raw file's position is for progress reports.
    """
    try:
        with nullcontext(sys.stdin.buffer) if str(text) == STANDARD_INPUT else open(text, "rb") as raw:
            if _is_zipped(raw):  # whatever its name: browsers unpack what they download and keep ".gz"
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
    """Read at most `count` bytes of a stream from open_text(). Raises LmError."""
    try:
        if str(text) == STANDARD_INPUT:  # return what is available: input may be interactive
            return stream.read1(count)  # type: ignore[attr-defined, no-any-return]
        return stream.read(count)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise LmError(f"{text}: the compressed file is damaged or truncated; download it again") from None
