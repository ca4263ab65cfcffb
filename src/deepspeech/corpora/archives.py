"""Archives of corpora: found or fetched, and unpacked so that nothing leaves their folder."""

import io
import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from deepspeech.corpora.fetch import fetch
from deepspeech.errors import CorpusError
from deepspeech.files import whole
from deepspeech.progress import Progress

_BLOCK_BYTES = 1 << 20
_DEB = b"!<arch>\n"  # ar(5): a header of 60 bytes before each member, members begin at even places


@dataclass(frozen=True)
class Archive:
    """A file that a corpus comes in: its name, where to get it, and whether that may be done unasked."""

    name: str
    home: str  # the page that offers it
    url: str = ""  # "": behind a licence or a registration, which is for people to settle
    sha256: str = ""


def obtain(archive: Archive, folder: Path, inside: str = "", into: Path | None = None) -> Path:
    """The folder `inside` of `into` (by default of `folder`), unpacked from `folder`'s `archive`, fetched if need be.

    What was unpacked before, by this program or by hand, is used as it lies. Raises CorpusError that says where
    to get the archive and where to put it.
    """
    into = folder if into is None else into
    packed = folder / archive.name
    if not packed.is_file():
        if (into / inside).is_dir():
            return into / inside
        _get(archive, packed)
    return unpack_once(packed, into, into / inside)


def unpack_once(packed: Path, folder: Path, inside: Path, shown: bool = True) -> Path:
    """Unpack an archive in `folder`, unless that was done, and return `inside`, which must be there then."""
    mark = packed.with_name(f".{packed.name}.unpacked")
    if not (mark.is_file() and inside.is_dir()):
        unpack(packed, folder, shown)
        if not inside.is_dir():
            raise CorpusError(f"{packed}: holds no {inside.relative_to(folder)}; is it the archive that was meant?")
        with suppress(OSError):  # an archive where nothing may be written is looked through again next time
            mark.touch()
    return inside


def unpack_all(archives: Sequence[Path], folders: Sequence[Path]) -> None:
    """Unpack each of many small archives in its folder, unless that was done."""
    for packed, folder in Progress(len(archives), "unpacking", "archives").over(zip(archives, folders, strict=True)):
        folder.mkdir(parents=True, exist_ok=True)
        unpack_once(packed, folder, folder, shown=False)


def _get(archive: Archive, packed: Path) -> None:
    by_hand = f"get {archive.name} at {archive.home} and put it into {packed.parent}"
    if not archive.url:
        raise CorpusError(f"{packed}: there is no such file, and its licence is not ours to accept; {by_hand}")
    try:
        fetch(archive.url, packed, archive.sha256)
    except CorpusError as error:
        raise CorpusError(f"{error}; or {by_hand}") from None


def unpack(archive: str | Path, folder: str | Path, shown: bool = True) -> Path:
    """Unpack a tar (plain, gz, bz2, xz), zip or deb into `folder` and return it; files already whole are kept.

    Raises CorpusError when the archive is damaged, or holds a path that leaves `folder`, or anything that is
    neither file nor folder.
    """
    archive, folder = Path(archive), Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _members(archive) as members:
            for member in Progress(None, f"unpacking {archive.name}", "files").over(members) if shown else members:
                _extract(member, folder, archive)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError) as error:
        raise CorpusError(f"{archive}: the archive is damaged ({error}); remove it and fetch it again") from None
    except OSError as error:
        raise CorpusError(f"{error.filename or archive}: cannot be unpacked ({error.strerror or error})") from None
    return folder


@dataclass(frozen=True)
class _Member:
    """A file of an archive."""

    name: str
    size_bytes: int
    plain: bool  # a file; not a link or a device
    open: Callable[[], IO[bytes] | None]


@contextmanager
def _members(archive: Path) -> Iterator[Iterator[_Member]]:
    """The members of an archive in its order, folders left out."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            yield (
                _Member(m.filename, m.file_size, not stat.S_ISLNK(m.external_attr >> 16), partial(packed.open, m))
                for m in packed.infolist()
                if not m.is_dir()
            )
    else:
        with _open_tar(archive) as packed_tar:
            yield (
                _Member(m.name, m.size, m.isfile(), partial(packed_tar.extractfile, m))
                for m in packed_tar
                if not m.isdir()
            )


def _open_tar(archive: Path) -> tarfile.TarFile:
    """A tar file, or the one that a Debian package carries its files in."""
    with archive.open("rb") as file:
        if file.read(len(_DEB)) != _DEB:
            return tarfile.open(archive)
        while len(header := file.read(60)) == 60:
            name, size_bytes = header[:16].decode("ascii", "replace").strip().rstrip("/"), int(header[48:58])
            if name.startswith("data.tar"):
                return tarfile.open(fileobj=io.BytesIO(file.read(size_bytes)))
            file.seek(size_bytes + size_bytes % 2, os.SEEK_CUR)
    raise tarfile.ReadError("a Debian package without data.tar")


def _extract(member: _Member, folder: Path, archive: Path) -> None:
    inside = Path(os.path.realpath(folder))
    target = Path(os.path.realpath(folder / member.name))
    if not target.is_relative_to(inside) or target == inside:
        raise CorpusError(f"{archive}: '{member.name}' would be written outside {folder}; do not trust this archive")
    if not member.plain:
        raise CorpusError(f"{archive}: '{member.name}' is neither file nor folder; unpack this archive by hand")
    if target.is_file() and target.stat().st_size == member.size_bytes:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    source = member.open()
    assert source is not None, "tarfile opens every regular file"
    with source, whole(target) as file:
        shutil.copyfileobj(source, file, _BLOCK_BYTES)
