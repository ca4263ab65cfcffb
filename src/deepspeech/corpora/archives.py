"""Archives of corpora: found or fetched, and unpacked so that nothing leaves their folder."""

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
# What no honest archive of sound and text does: silence in a wav file, gzipped, comes to a hundredth or so.
MOST_RATIO, SMALL_BYTES = 200, 1 << 28
MEMBER_BYTES = 512  # what an empty file still takes
DEEPEST = 64  # folders in a member's name
_NAME_SHOWN = 80


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
    """Unpack an archive in `folder`, unless that was done with this very file, and return `inside`.

    Raises CorpusError as `unpack` does, and where `inside` is not there then.
    """
    mark, version = packed.with_name(f".{packed.name}.unpacked"), _version(packed)
    if not (inside.is_dir() and _marked(mark, version, packed)):
        unpack(packed, folder, shown)
        if not inside.is_dir():
            raise CorpusError(f"{packed}: holds no {inside.relative_to(folder)}; is it the archive that was meant?")
        with suppress(OSError):  # an archive where nothing may be written is looked through again next time
            mark.write_text(version, encoding="utf-8")
    return inside


def _version(packed: Path) -> str:
    """The archive's bytes and times. Raises CorpusError where it is not there."""
    try:
        file = packed.stat()
    except OSError as error:
        raise CorpusError(f"{packed}: cannot be unpacked ({error.strerror})") from None
    return f"{file.st_size} {file.st_mtime_ns}"


def _marked(mark: Path, version: str, packed: Path) -> bool:
    """Was this very archive unpacked? Earlier versions left the mark empty; then it must be the younger one."""
    try:
        known = mark.read_text(encoding="utf-8")
        return known == version if known else mark.stat().st_mtime_ns >= packed.stat().st_mtime_ns
    except (OSError, UnicodeDecodeError):
        return False


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
    """Unpack a tar (plain, gz, bz2, xz), zip or deb into `folder` and return it; files already as packed are kept.

    Raises CorpusError when the archive is damaged, or holds a path that leaves `folder`, anything that is neither file
    nor folder, two different files of one name, or more than the disk or any honest archive of its size could hold.
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
            f"{archive}: the archive is damaged ({_reason(error)}); remove it and fetch it again"
        ) from None
    except OSError as error:
        raise CorpusError(f"{error.filename or archive}: cannot be unpacked ({error.strerror or error})") from None
    return folder


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


class _Unpacking:
    """The members of one archive on their way into a folder."""

    def __init__(self, archive: Path, folder: Path) -> None:
        self._archive, self._folder, self._inside = archive, folder, Path(os.path.realpath(folder))
        self._written: set[Path] = set()
        self._swept: set[Path] = set()
        self._bytes, self._limit = 0, max(MOST_RATIO * archive.stat().st_size, SMALL_BYTES)

    def add(self, member: Member) -> None:
        """Write the member's file, unless it lies there as it is packed."""
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
        """Where a member's file belongs. Raises CorpusError where it has no place here."""
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
                f"{free} are free; free space or choose another place"
            )
        return target

    def _read(self, source: IO[bytes]) -> bytes:
        try:
            return source.read(_BLOCK_BYTES)
        except OSError as error:  # not the fault of the file that is being written
            raise EOFError(error.strerror or str(error)) from None

    def _refusal(self, member: Member, why: str) -> CorpusError:
        return CorpusError(f"{self._archive}: {shown_name(member.name)} {why}; unpack this archive by hand")


def shown_name(name: str) -> str:
    """A member's name as an error shows it: control characters spelt out, not too long."""
    return repr(name if len(name) <= _NAME_SHOWN else f"{name[:_NAME_SHOWN]}…")


def _same(source: IO[bytes], target: Path) -> bool:
    """Whether file and member have equal content."""
    with target.open("rb") as file:
        while block := source.read(_BLOCK_BYTES):
            if file.read(len(block)) != block:
                return False
        return not file.read(1)
