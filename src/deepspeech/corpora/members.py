"""Archive members, by the archive's magic bytes: tar (plain, gz, bz2, xz), zip, or the tar of a Debian package.

In: an untrusted file. Out: its members in order, with their faults. Negative sizes, headers that claim gigabytes and
endlessly nested headers count as damage.
"""

import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, Protocol

from deepspeech.errors import CorpusError

# Exceptions of the standard library's readers for truncated, damaged or malicious archives.
DAMAGE = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, ValueError, OverflowError,
    RecursionError, MemoryError, LookupError, NotImplementedError, RuntimeError,
)  # fmt: skip
_DEB = b"!<arch>\n"  # ar(5): a header of 60 bytes before each member, members begin at even places
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_FOREIGN = {
    b"\x28\xb5\x2f\xfd": ("Zstandard", "unzstd"),
    b"7z\xbc\xaf\x27\x1c": ("7z", "7z x"),
    b"Rar!": ("RAR", "unrar x"),
}
_ENCRYPTED = 0x1
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
# Headers that describe the next member, such as a long name; tarfile reads each whole.
_DESCRIBING = {
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
}
_LONGEST_DESCRIPTION = 1 << 20


class Opener(Protocol):
    """Opens a member."""

    def __call__(self) -> IO[bytes]: ...


@dataclass(frozen=True)
class Member:
    """A file of an archive."""

    name: str
    size_bytes: int
    fault: str  # why it cannot be unpacked; "": it can
    open: Opener


@contextmanager
def members(archive: Path) -> Iterator[Iterator[Member]]:
    """The members of an archive in its order, without folders. Raises one of DAMAGE, OSError, or CorpusError."""
    with archive.open("rb") as file:
        head = file.read(8)
        if head.startswith(_ZIP):
            with zipfile.ZipFile(file) as packed:
                yield _of_zip(packed)
        elif head == _DEB:
            with tarfile.open(fileobj=_data_of_deb(file), tarinfo=_CheckedInfo) as tar:
                yield _of_tar(tar)
        else:
            for magic, (kind, program) in _FOREIGN.items():
                if head.startswith(magic):
                    raise CorpusError(f"{archive}: {kind} archives are not supported; unpack it: {program}")
            file.seek(0)
            with tarfile.open(fileobj=file, tarinfo=_CheckedInfo) as tar:
                yield _of_tar(tar)


def _of_zip(packed: zipfile.ZipFile) -> Iterator[Member]:
    for one in packed.infolist():
        if one.is_dir():
            continue
        fault = ""
        if stat.S_ISLNK(one.external_attr >> 16):
            fault = "is neither file nor folder"
        elif one.flag_bits & _ENCRYPTED:
            fault = "is encrypted"
        elif one.compress_type not in _METHODS:
            fault = f"is compressed with an unsupported method ({one.compress_type})"
        # Some programs for Windows write its separator.
        yield Member(one.filename.replace("\\", "/"), one.file_size, fault, partial(packed.open, one))


def _of_tar(tar: tarfile.TarFile) -> Iterator[Member]:
    while (one := tar.next()) is not None:
        tar.members = []  # type: ignore[attr-defined] # it would keep all members in memory
        if one.size < 0:
            raise tarfile.ReadError("a negative size")
        if one.isdir():
            continue
        fault = "" if one.isfile() else "is neither file nor folder"
        yield Member(one.name, one.size, "is a sparse file" if one.issparse() else fault, partial(_open, tar, one))


def _open(tar: tarfile.TarFile, one: tarfile.TarInfo) -> IO[bytes]:
    source = tar.extractfile(one)
    assert source is not None, "tarfile opens every regular file"
    return source


class _CheckedInfo(tarfile.TarInfo):
    """A tar header checked against negative sizes and gigabytes of metadata."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_CheckedInfo":
        info = super().frombuf(buf, encoding, errors)
        if info.size < 0:
            raise tarfile.ReadError("a negative size")
        if info.type in _DESCRIBING and info.size > _LONGEST_DESCRIPTION:
            raise tarfile.ReadError(f"a name or description of {info.size} bytes")
        return info


class _Window(io.RawIOBase):
    """A range of a file, as a file object."""

    def __init__(self, file: IO[bytes], start: int, length: int) -> None:
        self._file, self._start, self._length, self._at = file, start, length, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = max(0, offset + (0, self._at, self._length)[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        self._file.seek(self._start + self._at)
        block = self._file.read(max(0, min(len(buffer), self._length - self._at)))
        buffer[: len(block)] = block
        self._at += len(block)
        return len(block)


def _data_of_deb(file: IO[bytes]) -> IO[bytes]:
    """The tar file that a Debian package carries its files in. Raises ReadError."""
    end = file.seek(0, 2)
    file.seek(len(_DEB))
    while len(header := file.read(60)) == 60:
        name, size = header[:16].decode("ascii", "replace").strip().rstrip("/"), header[48:58].strip()
        if not size.isdigit() or file.tell() + int(size) > end:
            raise tarfile.ReadError("a Debian package with a member of no size, or cut off")
        if name.startswith("data.tar"):
            return io.BufferedReader(_Window(file, file.tell(), int(size)))
        file.seek(int(size) + int(size) % 2, 1)
    raise tarfile.ReadError("a Debian package without data.tar")
