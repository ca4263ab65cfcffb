"""Content: random access to the bytes of an audio file. Spliced: pieces of it, in any order, as a file object."""

import bisect
import io
import os
from collections.abc import Sequence
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from types import TracebackType
from typing import Any, TypeAlias

from deepspeech.audio.source import AudioSlice, check_readable
from deepspeech.errors import AudioError
from deepspeech.file_positions import read_at
from deepspeech.untrusted import awaited

Piece: TypeAlias = bytes | tuple[int, int]  # bytes to put in, or (offset, size) of the content

_IN_MEMORY = 1 << 22  # a span up to this size is read at once
_HEAD_BYTES = 1024  # read once: what kind of file it is takes several looks
_LARGEST_PIPE = 1 << 30  # bytes: nine hours of 16-bit sound at 16 kHz; some devices never end


def _drained(path: Path, name: str) -> bytes:
    """All bytes of a pipe. Raises OSError, or AudioError if it does not end."""
    with awaited(name):
        opened = path.open("rb")
    with opened as file:
        content = file.read(_LARGEST_PIPE + 1)
    if len(content) > _LARGEST_PIPE:
        raise AudioError(f"{name}: a pipe with more than {_LARGEST_PIPE >> 20} MB; save it to a file first")
    return content


class Content:
    """Random access to bytes. `path` is the file if the content is all of it. Close it, or use `with`.

    Thread-safe. A pipe is read to its end, since decoders seek.
    """

    def __init__(self, source: str | Path | AudioSlice | bytes, name: str) -> None:
        """Raises AudioError: missing, a folder, unreadable, a span beyond the end of its file."""
        self.path: Path | None = None
        self.read_to = 0  # end of the latest read
        self._data, self._descriptor, self._base, self.size = b"", -1, 0, 0
        self._head = b""
        if isinstance(source, AudioSlice):
            source = source.checked() if source.size > _IN_MEMORY else source.read()
        if isinstance(source, bytes):
            self._data, self.size = source, len(source)
            return
        path = source.file if isinstance(source, AudioSlice) else Path(source) if isinstance(source, str) else source
        try:
            mode = path.stat().st_mode
            if S_ISDIR(mode):
                raise AudioError(f"{name}: is a folder; name a sound file")
            if not S_ISREG(mode):
                check_readable(path, mode)
                self._data = _drained(path, name)
                self.size = len(self._data)
                return
            self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            if isinstance(source, AudioSlice):
                self._base, self.size = source.offset, source.size
            else:
                self.path, self.size = path, os.fstat(self._descriptor).st_size
        except FileNotFoundError:
            raise AudioError(f"{name}: there is no such file; check the path") from None
        except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
            raise AudioError(f"{name}: cannot be read ({getattr(error, 'strerror', error)})") from None

    @property
    def in_memory(self) -> bytes | None:
        """All bytes, if they are already in memory."""
        return self._data if self._descriptor < 0 else None

    def at(self, offset: int, count: int) -> bytes:
        """`count` bytes from `offset` on, fewer at the end. Raises OSError."""
        count = max(0, min(count, self.size - offset))
        self.read_to = offset + count
        if self._descriptor < 0:
            return self._data[offset : offset + count]
        if offset + count > _HEAD_BYTES:
            return read_at(self._descriptor, count, self._base + offset)
        self._head = self._head or read_at(self._descriptor, min(_HEAD_BYTES, self.size), self._base)
        return self._head[offset : offset + count]

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> "Content":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class Spliced(io.RawIOBase):
    """Pieces of a Content, one after the other, as a seekable file to read from."""

    def __init__(self, content: Content, pieces: Sequence[Piece]) -> None:
        self._content, self._pieces, self._position = content, pieces, 0
        self._starts = [0]
        for piece in pieces:
            self._starts.append(self._starts[-1] + (len(piece) if isinstance(piece, bytes) else piece[1]))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._starts[-1]}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer`, across pieces: decoders treat a short read as the end of the file."""
        view = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(view) and self._position < self._starts[-1]:
            number = bisect.bisect_right(self._starts, self._position) - 1
            piece, offset = self._pieces[number], self._position - self._starts[number]
            count = min(len(view) - filled, self._starts[number + 1] - self._position)
            if isinstance(piece, bytes):
                found = piece[offset : offset + count]
            else:
                found = self._content.at(piece[0] + offset, count)
            if not found:
                break
            view[filled : filled + len(found)] = found
            filled += len(found)
            self._position += len(found)
        return filled
