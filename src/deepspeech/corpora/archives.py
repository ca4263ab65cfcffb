"""Find, download and unpack archives of corpora; no member can be written outside the target folder."""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from deepspeech.corpora.fetch import fetch
from deepspeech.corpora.members import DAMAGE, Member, members
from deepspeech.errors import CorpusError
from deepspeech.files import atomic_open, sweep
from deepspeech.progress import Progress

_BLOCK_BYTES = 1 << 20
# Limit against archive bombs: gzipped silence in a wav file shrinks to a hundredth or so.
MOST_RATIO, SMALL_BYTES = 200, 1 << 28
MEMBER_BYTES = 512  # counted for each file, even an empty one
DEEPEST = 64  # nesting of a member's path
_NAME_SHOWN = 80


@dataclass(frozen=True)
class Archive:
    """An archive of a corpus: its name, home page and download address."""

    name: str
    home: str  # web page that offers it
    url: str = ""  # "": requires accepting a license or registration; no automatic download
    sha256: str = ""


def obtain(archive: Archive, folder: Path, inside: str = "", into: Path | None = None) -> Path:
    """The folder `inside` of `into` (by default of `folder`), unpacked from `folder`'s `archive`, downloaded if needed.

    Files that are already unpacked, also by hand, are used as they are. Raises CorpusError that says where to get the
    archive and where to put it.
    """
    into = folder if into is None else into
    packed = folder / archive.name
    if not packed.is_file():
        if (into / inside).is_dir():
            return into / inside
        _get(archive, packed)
    return unpack_once(packed, into, into / inside)


def unpack_once(packed: Path, folder: Path, inside: Path, shown: bool = True) -> Path:
    """Unpack an archive in `folder`, unless this version of it is already unpacked, and return `inside`.

    Raises CorpusError as `unpack` does, or if `inside` is not in the archive.
    """
    mark, version = packed.with_name(f".{packed.name}.unpacked"), _version(packed)
    if not (inside.is_dir() and _marked(mark, version, packed)):
        unpack(packed, folder, shown)
        if not inside.is_dir():
            raise CorpusError(f"{packed}: holds no {inside.relative_to(folder)}; is this the right archive?")
        with suppress(OSError):  # in a read-only folder the archive is checked again next time
            mark.write_text(version, encoding="utf-8")
    return inside


def _version(packed: Path) -> str:
    """Size and modification time of the archive. Raises CorpusError if it is missing."""
    try:
        file = packed.stat()
    except OSError as error:
        raise CorpusError(f"{packed}: cannot be unpacked ({error.strerror})") from None
    return f"{file.st_size} {file.st_mtime_ns}"


def _marked(mark: Path, version: str, packed: Path) -> bool:
    """Whether this version of the archive was unpacked. An empty mark, of earlier versions, must be newer."""
    try:
        known = mark.read_text(encoding="utf-8")
        return known == version if known else mark.stat().st_mtime_ns >= packed.stat().st_mtime_ns
    except (OSError, UnicodeDecodeError):
        return False


def unpack_all(archives: Sequence[Path], folders: Sequence[Path]) -> None:
    """Unpack each of many small archives in its folder, unless already done."""
    for packed, folder in Progress(len(archives), "unpacking", "archives").over(zip(archives, folders, strict=True)):
        folder.mkdir(parents=True, exist_ok=True)
        unpack_once(packed, folder, folder, shown=False)


def _get(archive: Archive, packed: Path) -> None:
    by_hand = f"get {archive.name} at {archive.home} and put it into {packed.parent}"
    if not archive.url:
        raise CorpusError(f"{packed}: there is no such file, and you must accept its license yourself; {by_hand}")
    try:
        fetch(archive.url, packed, archive.sha256)
    except CorpusError as error:
        raise CorpusError(f"{error}; or {by_hand}") from None


def unpack(archive: str | Path, folder: str | Path, shown: bool = True) -> Path:
    """Unpack a tar (plain, gz, bz2, xz), zip or deb into `folder` and return it; unchanged files are kept.

    Raises CorpusError if the archive is damaged or contains a path outside `folder`, anything that is neither file
    nor folder, two different files of one name, or more than the disk can hold or its size makes plausible (a bomb).
    """
    archive, folder = Path(archive), Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with members(archive) as packed:
            into = _Unpacking(archive, folder)
            for member in Progress(None, f"unpacking {archive.name}", "files").over(packed) if shown else packed:
                into.add(member)
    except DAMAGE as error:
        raise CorpusError(
            f"{archive}: the archive is damaged ({_reason(error)}); remove it and download it again"
        ) from None
    except OSError as error:
        raise CorpusError(f"{error.filename or archive}: cannot be unpacked ({error.strerror or error})") from None
    return folder


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


class _Unpacking:
    """Writes the members of one archive into a folder."""

    def __init__(self, archive: Path, folder: Path) -> None:
        self._archive, self._folder, self._inside = archive, folder, Path(os.path.realpath(folder))
        self._written: set[Path] = set()
        self._swept: set[Path] = set()
        self._bytes, self._limit = 0, max(MOST_RATIO * archive.stat().st_size, SMALL_BYTES)

    def add(self, member: Member) -> None:
        """Write the member's file, unless an identical one exists."""
        target = self._checked(member)
        if target.parent not in self._swept:
            self._swept.add(target.parent)
            target.parent.mkdir(parents=True, exist_ok=True)
            sweep(target.parent)
        again = target in self._written
        if target.is_file() and target.stat().st_size == member.size_bytes:
            with member.open() as source:
                same = _same(source, target)
            if same:
                self._written.add(target)
                return
        if again:
            raise self._refusal(member, "is in it twice, with different content")
        with member.open() as source, atomic_open(target, CorpusError) as file:
            while block := self._read(source):
                file.write(block)
        self._written.add(target)

    def _checked(self, member: Member) -> Path:
        """Target path of a member. Raises CorpusError if it is outside the folder."""
        if "\0" in member.name or len(Path(member.name).parts) > DEEPEST:
            raise self._refusal(member, "is no name for a file")
        target = Path(os.path.realpath(self._folder / member.name))
        if not target.is_relative_to(self._inside) or target == self._inside:
            raise CorpusError(
                f"{self._archive}: {shown_name(member.name)} would be written outside {self._folder}; "
                "do not trust this archive"
            )
        if member.fault:
            raise self._refusal(member, member.fault)
        self._bytes += member.size_bytes + MEMBER_BYTES
        if self._bytes > self._limit:
            raise CorpusError(
                f"{self._archive}: would unpack to more than {MOST_RATIO} times its size; if you trust it, unpack it "
                "by hand"
            )
        free = shutil.disk_usage(self._folder).free
        if member.size_bytes > free:
            raise CorpusError(
                f"{self._folder}: {shown_name(member.name)} of {self._archive} needs {member.size_bytes} bytes, "
                f"{free} are free; free space or choose another folder"
            )
        return target

    def _read(self, source: IO[bytes]) -> bytes:
        try:
            return source.read(_BLOCK_BYTES)
        except OSError as error:  # a read error of the archive, not a write error
            raise EOFError(error.strerror or str(error)) from None

    def _refusal(self, member: Member, why: str) -> CorpusError:
        return CorpusError(f"{self._archive}: {shown_name(member.name)} {why}; unpack this archive by hand")


def shown_name(name: str) -> str:
    """A member's name as an error shows it: control characters escaped, shortened."""
    return repr(name if len(name) <= _NAME_SHOWN else f"{name[:_NAME_SHOWN]}…")


def _same(source: IO[bytes], target: Path) -> bool:
    """Whether file and member have equal content."""
    with target.open("rb") as file:
        while block := source.read(_BLOCK_BYTES):
            if file.read(len(block)) != block:
                return False
        return not file.read(1)
