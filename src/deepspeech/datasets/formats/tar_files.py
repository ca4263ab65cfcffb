"""Tar archives of recordings, read in place: one pass over the headers finds every recording.

Two layouts (docs/formats/tar.md). WebDataset: members of one key, `KEY.wav` and `KEY.txt` or `KEY.json`. The old
data_set_tool's: sounds and a `samples.csv` that lists them.
"""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from deepspeech.audio import names
from deepspeech.audio.names import MEMBER_KINDS
from deepspeech.audio.source import AudioSlice
from deepspeech.datasets.formats.csv_files import COLUMNS
from deepspeech.datasets.sample import Sample
from deepspeech.errors import DataError
from deepspeech.file_positions import read_at
from deepspeech.text.tables import read_rows
from deepspeech.untrusted import LARGEST_PAGE, is_number, open_regular, parse_json

_OTHER_SUFFIXES = {*names.SOUND_SUFFIXES, *names.FOREIGN_SUFFIXES} - {f".{kind}" for kind in MEMBER_KINDS}
TEXT_SUFFIXES = ("txt", "json")
LISTING = "samples.csv"
_LARGEST_TEXT = 1 << 20
_BLOCK = 512


@dataclass(frozen=True)
class Member:
    """A regular file of an archive: its name, and the bytes it holds."""

    name: str
    offset: int
    size: int

    @property
    def key(self) -> str:
        """The name up to the first dot of its last part, as WebDataset has it."""
        path = PurePosixPath(self.name)
        return str(path.with_name(path.name.partition(".")[0] or path.name))

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).name.partition(".")[2].lower()


@dataclass
class _Entry:
    """What the members of one key are."""

    sound: Member | None = None
    texts: dict[str, Member] = field(default_factory=dict)


def members(path: Path) -> Iterator[Member]:
    """The regular files of an archive, in its order, found by its headers. Raises DataError: no tar, or cut off."""
    try:
        with open_regular(path) as file, tarfile.open(fileobj=file, mode="r:") as archive:
            end = before = 0
            for member in archive:
                archive.members = []  # type: ignore[attr-defined] # tarfile would keep all of them
                end = member.offset_data + -(-member.size // _BLOCK) * _BLOCK
                if member.size < 0 or end <= before:
                    raise DataError(f"{path}: damaged near byte {member.offset}; make the archive again")
                before = end
                if member.isreg() and not member.issparse():
                    yield Member(member.name, member.offset_data, member.size)
            file.seek(end)
            # An archive ends with blocks of zeros; one that was cut between two members has none.
            if len(file.read(_BLOCK)) < _BLOCK:
                raise DataError(f"{path}: cut off at byte {end}; copy or make the archive again")
    except OSError as error:
        raise DataError(f"{path}: cannot read the archive ({error.strerror})") from None
    except (tarfile.TarError, ValueError, EOFError, RecursionError) as error:
        raise DataError(f"{path}: not a tar archive, or a damaged one ({error})") from None


def read_tar(path: str | Path, labeled: bool = True) -> list[Sample]:
    """Samples in the order of their first members; `labeled` demands a transcript for each. Raises DataError."""
    path = Path(path)
    found = list(members(path))
    try:
        with open_regular(path) as file:
            listing = next((member for member in found if member.name == LISTING), None)
            samples = _listed(file, path, found, listing, labeled) if listing else _keyed(file, path, found, labeled)
    except OSError as error:
        raise DataError(f"{path}: cannot read the archive ({error.strerror})") from None
    if not samples:
        raise DataError(f"{path}: no recordings in it, of {len(found)} files; see docs/formats/tar.md for the layouts")
    return samples


def _keyed(file: BinaryIO, path: Path, found: list[Member], labeled: bool) -> list[Sample]:
    entries: dict[str, _Entry] = {}
    others: dict[str, Member] = {}  # of other formats, or of none that is read: opening one tells what to do
    for member in found:
        if member.suffix in TEXT_SUFFIXES:
            entries.setdefault(member.key, _Entry()).texts[member.suffix] = member
        elif f".{member.suffix}" in _OTHER_SUFFIXES:
            others.setdefault(member.key, member)
        elif member.suffix in MEMBER_KINDS:
            entry = entries.setdefault(member.key, _Entry())
            if entry.sound is not None:
                raise DataError(f"{path}:{member.name}: a second sound for {member.key}; keep one, or rename")
            entry.sound = member
    for key, member in others.items():
        if key in entries or not labeled:  # a recording without a text is none of a labeled set
            entry = entries.setdefault(key, _Entry())
            entry.sound = entry.sound or member
    return [_sample(file, path, entry, entry.sound, labeled) for entry in entries.values() if entry.sound is not None]


def _sample(file: BinaryIO, path: Path, entry: _Entry, sound: Member, labeled: bool) -> Sample:
    span = span_of(path, sound)
    facts = _facts(file, path, entry.texts["json"]) if "json" in entry.texts else {}
    transcript = facts.get("transcript", facts.get("text"))
    if "txt" in entry.texts:
        transcript = _text(file, path, entry.texts["txt"]).rstrip("\r\n")
    if transcript is None and labeled:
        raise DataError(f"{span}: no transcript; add {sound.key}.txt, or {sound.key}.json with transcript")
    duration_s, speaker = facts.get("duration"), facts.get("speaker")
    return Sample(
        str(span),
        span,
        "" if transcript is None else str(transcript),
        sound.size,
        "" if speaker is None else str(speaker),
        float(duration_s) if is_number(duration_s) else None,
    )


def span_of(path: Path, sound: Member) -> AudioSlice:
    """The slice of the archive with the audio."""
    return AudioSlice(path, sound.offset, sound.size, sound.suffix.rpartition(".")[2], sound.name)


def _facts(file: BinaryIO, path: Path, member: Member) -> dict[str, object]:
    try:
        facts = parse_json(_text(file, path, member))
    except ValueError:
        raise DataError(f"{path}:{member.name}: not JSON; make the archive again") from None
    if not isinstance(facts, dict):
        raise DataError(f"{path}:{member.name}: not a JSON object; make the archive again")
    return facts


def _text(file: BinaryIO, path: Path, member: Member) -> str:
    if member.size > (LARGEST_PAGE if member.name == LISTING else _LARGEST_TEXT):
        raise DataError(f"{path}:{member.name}: {member.size} bytes are no transcript; make the archive again")
    try:
        return read_at(file.fileno(), member.size, member.offset).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path}:{member.name}: not UTF-8 text; make the archive again") from None


def _listed(file: BinaryIO, path: Path, found: list[Member], listing: Member, labeled: bool) -> list[Sample]:
    """Samples of the old tool's layout, in the order of its CSV."""
    sounds = {member.name: member for member in found}
    where, samples = f"{path}:{LISTING}", []
    header, rows = read_rows(_text(file, path, listing), where, DataError, COLUMNS[:1])
    for number, fields in rows:
        row = dict(zip(header, [*fields, *[""] * len(header)], strict=False))
        name, transcript = row.get(COLUMNS[0]), row.get(COLUMNS[2])
        if name not in sounds:
            raise DataError(f"{where}:{number}: {name or 'nothing'} is not in the archive; make the archive again")
        if transcript is None and labeled:
            raise DataError(f"{where}: there is no column {COLUMNS[2]}")
        span = span_of(path, sounds[name])
        samples.append(Sample(str(span), span, transcript or "", span.size))
    return samples
