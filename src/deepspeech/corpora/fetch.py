"""Downloads and archives of corpora: downloads go on where they stopped, archives stay in their folder.

A file has its final name only when it is whole and, where a checksum is known, right.
"""

import hashlib
import http.client
import lzma
import os
import shutil
import ssl
import stat
import tarfile
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from deepspeech.errors import CorpusError
from deepspeech.progress import Progress

_BLOCK_BYTES = 1 << 20
_MB = 1_000_000
_RANGE_NOT_SATISFIABLE = 416


def fetch(url: str, path: str | Path, sha256: str = "", timeout_s: float = 60.0) -> Path:
    """Download `url` to `path` unless it is there, and return `path`. `sha256`: checked when given.

    What an earlier, broken download left in `path`.part is continued if the server's file is still the same.
    Raises CorpusError: no connection, an answer other than the file, a short or wrong file, no space.
    """
    path = Path(path)
    if path.is_file() and path.stat().st_size:
        return path
    part, tag = path.with_name(path.name + ".part"), path.with_name(path.name + ".part.tag")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _download(url, part, tag, timeout_s)
        _check(url, part, sha256)
        part.replace(path)
        tag.unlink(missing_ok=True)
    except urllib.error.HTTPError as error:
        raise CorpusError(f"{url}: the server says {error.code} {error.reason}; is the corpus still there?") from None
    except (
        urllib.error.URLError,
        TimeoutError,
        ConnectionError,
        ssl.SSLError,
        http.client.HTTPException,
    ) as error:
        reason = getattr(error, "reason", None) or error
        raise CorpusError(f"{url}: cannot be downloaded ({reason}); when online, run this again to go on") from None
    except OSError as error:
        raise CorpusError(f"{path}: cannot be written ({error.strerror})") from None
    return path


def _download(url: str, part: Path, tag: Path, timeout_s: float) -> None:
    """Bring `part` to its full length."""
    have = part.stat().st_size if part.is_file() and tag.is_file() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "deepspeech"})
    if have:
        # If-Range: the server sends the rest only of the very file that was begun.
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", tag.read_text(encoding="utf-8"))
    try:
        answer = urllib.request.urlopen(request, timeout=timeout_s)
    except urllib.error.HTTPError as error:
        if error.code != _RANGE_NOT_SATISFIABLE:
            raise
        error.close()
        tag.unlink()
        return _download(url, part, tag, timeout_s)
    with answer:
        if have and answer.status != http.client.PARTIAL_CONTENT:
            have = 0
        if not have:
            part.unlink(missing_ok=True)  # before its tag changes: the two must always belong together
        _remember(answer.headers.get("ETag") or answer.headers.get("Last-Modified"), tag)
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length else None
        with part.open("ab" if have else "wb") as file:
            _copy(answer, file, total, have, f"downloading {url.rsplit('/', 1)[-1]}")
    if total is not None and part.stat().st_size != total:
        raise CorpusError(f"{url}: the connection ended early; run this again to go on with the rest")


def _remember(version: str | None, tag: Path) -> None:
    """Keep what tells this version of the server's file; a weak ETag does not promise equal bytes."""
    if version and not version.startswith("W/"):
        tag.write_text(version, encoding="utf-8")
    else:
        tag.unlink(missing_ok=True)


def _copy(source: IO[bytes], target: IO[bytes], total: int | None, have: int, label: str) -> None:
    total_mb = None if total is None else total // _MB
    with Progress(total_mb, label, "MB", done=have // _MB) as progress:
        while block := source.read(_BLOCK_BYTES):
            target.write(block)
            progress.advance((have + len(block)) // _MB - have // _MB)
            have += len(block)


def _check(url: str, part: Path, sha256: str) -> None:
    if not sha256:
        return
    with part.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    if digest.hexdigest() != sha256.lower():
        part.unlink()
        raise CorpusError(f"{url}: the file has not the known checksum {sha256}; it was removed, run this again")


def unpack(archive: str | Path, folder: str | Path) -> Path:
    """Unpack a tar (plain, gz, bz2, xz) or zip into `folder` and return it; files already whole are kept.

    Raises CorpusError when the archive is damaged, or holds a path that leaves `folder`, or anything that is
    neither file nor folder.
    """
    archive, folder = Path(archive), Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _members(archive) as members:
            for member in Progress(None, f"unpacking {archive.name}", "files").over(members):
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
        with tarfile.open(archive) as packed_tar:
            yield (
                _Member(m.name, m.size, m.isfile(), partial(packed_tar.extractfile, m))
                for m in packed_tar
                if not m.isdir()
            )


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
    temporary = target.with_name(f".{os.getpid()}.unpacking.part")
    try:
        source = member.open()
        assert source is not None, "tarfile opens every regular file"
        with source, temporary.open("wb") as file:
            shutil.copyfileobj(source, file, _BLOCK_BYTES)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
