"""Resumable downloads of large files: corpora and models.

In: an address and a path. Out: the file. A file gets its final name only when it is complete and its checksum, if
known, matches. Standard library only.
"""

import http.client
import ssl
import urllib.error
import urllib.request
from io import StringIO
from pathlib import Path
from typing import IO

from deepspeech.errors import RemoteError
from deepspeech.files import sha256_of
from deepspeech.progress import Progress

_BLOCK_BYTES = 1 << 20
_MB = 1_000_000
_RANGE_NOT_SATISFIABLE = 416


class RefusedError(RemoteError):
    """The server answered, but not with the file."""


class ChecksumError(RemoteError):
    """What was downloaded is not the file that is expected."""


def download(
    url: str,
    path: str | Path,
    sha256: str = "",
    timeout_s: float = 60.0,
    shown: bool = True,
    size: int | None = None,
) -> Path:
    """Download `url` to `path` unless it exists, and return `path`. `sha256`, `size` in bytes: checked if known;
    `shown`: with a progress line of its own.

    An interrupted download (`path`.part) is resumed if the server's file has not changed.
    Raises RemoteError: no connection, a refusal (RefusedError), a short or wrong file (ChecksumError), no space.
    """
    path = Path(path)
    if path.is_file() and path.stat().st_size:
        return path
    part, tag = path.with_name(path.name + ".part"), path.with_name(path.name + ".part.tag")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _download(url, part, tag, timeout_s, shown)
        if fault := _fault(url, part, sha256, size):
            part.unlink()
            tag.unlink(missing_ok=True)
            raise fault
        part.replace(path)
        tag.unlink(missing_ok=True)
    except urllib.error.HTTPError as error:
        raise RefusedError(f"{url}: the server says {error.code} {error.reason}; is the file still there?") from None
    except (
        urllib.error.URLError,
        TimeoutError,
        ConnectionError,
        ssl.SSLError,
        http.client.HTTPException,
    ) as error:
        reason = getattr(error, "reason", None) or error
        raise RemoteError(f"{url}: cannot be downloaded ({reason}); when online, run this again to resume") from None
    except OSError as error:
        raise RemoteError(f"{error.filename or path}: cannot be written ({error.strerror}); free space") from None
    return path


def _download(url: str, part: Path, tag: Path, timeout_s: float, shown: bool, again: int = 0) -> None:
    """Complete `part`; its last bytes are requested `again`."""
    have = max(0, part.stat().st_size - again) if part.is_file() and tag.is_file() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "deepspeech"})
    if have:
        # If-Range: the server resumes only if its file has not changed.
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", tag.read_text(encoding="utf-8"))
    try:
        answer = urllib.request.urlopen(request, timeout=timeout_s)
    except urllib.error.HTTPError as error:
        if error.code != _RANGE_NOT_SATISFIABLE:
            raise
        error.close()
        # Nothing follows: the part is complete, which its last byte confirms, or it belongs to another file.
        if again:
            tag.unlink()
        return _download(url, part, tag, timeout_s, shown, again + 1)
    with answer:
        if have and answer.status != http.client.PARTIAL_CONTENT:
            have = 0
        if not have:
            part.unlink(missing_ok=True)  # before its tag changes: both must describe the same file
        _remember(answer.headers.get("ETag") or answer.headers.get("Last-Modified"), tag)
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length else None
        with part.open("r+b" if have else "wb") as file:
            file.truncate(have)
            file.seek(have)
            label = f"downloading {url.rsplit('/', 1)[-1]}"
            with Progress(total and total // _MB, label, "MB", have // _MB, None if shown else StringIO()) as progress:
                _copy(answer, file, have, progress)
    if total is not None and part.stat().st_size != total:
        raise RemoteError(f"{url}: the connection ended early; run this again to resume")


def _remember(version: str | None, tag: Path) -> None:
    """Save the validator of this version of the file; weak ETags do not guarantee equal bytes."""
    if version and not version.startswith("W/"):
        tag.write_text(version, encoding="utf-8")
    else:
        tag.unlink(missing_ok=True)


def _copy(source: IO[bytes], target: IO[bytes], have: int, progress: Progress) -> None:
    while block := source.read(_BLOCK_BYTES):
        target.write(block)
        progress.advance((have + len(block)) // _MB - have // _MB)
        have += len(block)


def _fault(url: str, part: Path, sha256: str, size: int | None) -> RemoteError | None:
    """What is wrong with a whole download; None: nothing."""
    if size is not None and (found_size := part.stat().st_size) != size:
        return ChecksumError(f"{url}: {found_size} bytes, not {size}; the file was removed, see what the address gives")
    if not sha256:
        return None
    with part.open("rb") as file:
        found = sha256_of(file).hex()
    if found == sha256.lower():
        return None
    return ChecksumError(f"{url}: wrong checksum, expected {sha256}; the file was removed, run this again")
