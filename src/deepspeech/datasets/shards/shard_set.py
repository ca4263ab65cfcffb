"""Sharded sets: recordings in tar files of some hundred megabytes (shards), and a manifest with their positions.

Format: docs/formats/shards.md. A manifest of ten million lines is not kept in memory: arrays hold what the
sampler needs, and a line is read again when its sample is requested. For a large manifest the arrays are memory-mapped
from an index file next to it (index.py).
"""

import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, overload
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from deepspeech.audio.source import AudioSlice
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.shards.cache import CachedShardSlice, ShardCache
from deepspeech.datasets.shards.index import (
    INDEXED,
    CharacterPlaces,
    Contents,
    chunks,
    frames_at_most,
    gather,
    read_index,
    write_index,
)
from deepspeech.errors import DataError
from deepspeech.file_positions import read_at
from deepspeech.progress import Progress
from deepspeech.remote.files import Name, address, beside, exists, fetch, is_folder, landing, listed, parent, sizes
from deepspeech.untrusted import is_count, is_number, open_regular, parse_json

MANIFEST = "manifest.jsonl"
ManifestEntry = dict[str, Any]


class Manifest:
    """An open manifest: its shards by name, and a reader of its lines. Threads may share it."""

    def __init__(self, name: Name, cache: ShardCache | None = None) -> None:
        """Shards are next to the manifest; a remote manifest is downloaded, its shards later, to the `cache`."""
        self.name, self.folder = address(name) or str(name), parent(name)
        self.cache = (cache or ShardCache()) if address(name) else None
        self.names: list[str] = []
        self.sizes: list[int] = []
        self._files: dict[int, tuple[str, Path]] = {}  # address and local path of opened shards
        try:
            self.path = fetch(name)
            self._file: BinaryIO = open_regular(self.path)
        except OSError as error:
            raise DataError(f"{name}: cannot read the manifest ({error.strerror})") from None
        self._stamp = str(os.fstat(self._file.fileno()).st_mtime_ns)  # of a copy: the time of download
        finalize(self, self._file.close)

    def rows(self) -> Iterator[tuple[str, int, int, ManifestEntry]]:
        """(what errors call it, where its line begins, the line's size, the row) of each clip.

        Fills `names` and `sizes` on the way.
        """
        at = 0
        for number, line in enumerate(self._file, 1):
            where = f"{self.name}:{number}"
            row = self._row(line, where)
            if "shard" in row:
                self.names.append(str(row["shard"]))
                self.sizes.append(_whole(row, "bytes", where))
            elif not self.names:
                raise DataError(f"{where}: a clip before the first shard; make the manifest again")
            else:
                yield where, at, len(line), row
            at += len(line)

    def sample(self, at: int, size: int, shard: int) -> Sample:
        """The sample of the line at offset `at`."""
        row = self._row(read_at(self._file.fileno(), size, at), self.name)
        try:
            member, text, duration_s = str(row["member"]), str(row["text"]), float(row["duration"])
            span = self._span(shard, int(row["offset"]), int(row["size"]), member)
        except (KeyError, TypeError, ValueError, OverflowError):
            raise DataError(f"{self.name}: changed while it was read; run again") from None
        return Sample(str(span), span, text, span.size, str(row.get("speaker", "")), duration_s)

    def place(self, shard: str) -> str:
        """The path or address of a shard."""
        return listed(self.folder, shard, self.name)

    def _span(self, shard: int, offset: int, size: int, member: str) -> AudioSlice:
        kind = member.rpartition(".")[2].lower()
        if shard not in self._files:
            place = self.place(self.names[shard])
            self._files[shard] = place, landing(place)
        place, file = self._files[shard]
        if self.cache:
            return CachedShardSlice(file, offset, size, kind, member, place, self._stamp, self.cache)
        return AudioSlice(file, offset, size, kind, member)

    def _row(self, line: bytes, where: str) -> ManifestEntry:
        try:
            row = parse_json(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise DataError(f"{where}: not a line of a manifest (cut off, or changed?); make the manifest again")
        return row


class ShardSet(Sequence[Sample]):
    """Samples of sharded sets, in the order of their manifests."""

    def __init__(
        self,
        manifests: Sequence[Manifest],
        owner: NDArray[np.int32],  # of each shard: the place of its manifest
        first: NDArray[np.int32],  # of each manifest: its first shard
        lines: NDArray[np.int64],  # of each clip: where its line begins
        sizes: NDArray[np.int32],
        shards: NDArray[np.int32],
        durations_s: NDArray[np.float32],
        contents: Contents | None = None,
    ) -> None:
        self._manifests, self._owner, self._first = manifests, owner, first
        self._lines, self._sizes = lines, sizes
        self.shards = shards  # of each clip: the number of its shard, ascending
        self.durations_s = durations_s
        self.contents = contents  # of a whole manifest as it was read

    def __len__(self) -> int:
        return len(self.shards)

    @overload
    def __getitem__(self, place: int) -> Sample: ...
    @overload
    def __getitem__(self, place: slice) -> "ShardSet": ...
    def __getitem__(self, place: int | slice) -> "Sample | ShardSet":
        if isinstance(place, slice):
            return self.take(np.arange(len(self))[place])
        shard = int(self.shards[place])
        manifest = int(self._owner[shard])
        inside = shard - int(self._first[manifest])
        return self._manifests[manifest].sample(int(self._lines[place]), int(self._sizes[place]), inside)

    def identity(self) -> int:
        """A fingerprint of the positions and lengths of all clips in the manifests."""
        value = 0
        for column in (self._lines, self._sizes, self.shards, self.durations_s):
            for _, part in chunks(column):
                value = zlib.crc32(part.tobytes(), value)
        return value

    def take(self, places: NDArray[np.int64]) -> "ShardSet":
        """The set of these clips alone; `places` ascend."""
        clips = (self._lines[places], self._sizes[places], self.shards[places], self.durations_s[places])
        return ShardSet(self._manifests, self._owner, self._first, *clips)

    @property
    def cache(self) -> ShardCache | None:
        """Cache of remote shards; None if all are local."""
        return next((manifest.cache for manifest in self._manifests if manifest.cache), None)

    def address_of(self, shard: int) -> tuple[str, int]:
        """The address of a shard, by its number in the whole set, and its bytes; ("", 0) for a local one."""
        owner = int(self._owner[shard])
        manifest, inside = self._manifests[owner], shard - int(self._first[owner])
        return (manifest.place(manifest.names[inside]), manifest.sizes[inside]) if manifest.cache else ("", 0)

    @classmethod
    def joined(cls, sets: "Sequence[ShardSet]") -> "ShardSet":
        """Several sets as one."""
        if len(sets) == 1:
            return sets[0]
        manifests = [manifest for one in sets for manifest in one._manifests]
        shards_before = np.cumsum([0, *(len(one._owner) for one in sets)])
        manifests_before = np.cumsum([0, *(len(one._manifests) for one in sets)])
        return cls(
            manifests,
            np.concatenate([one._owner + n for one, n in zip(sets, manifests_before, strict=False)]).astype(np.int32),
            np.concatenate([one._first + n for one, n in zip(sets, shards_before, strict=False)]).astype(np.int32),
            np.concatenate([one._lines for one in sets]),
            np.concatenate([one._sizes for one in sets]),
            np.concatenate([one.shards + n for one, n in zip(sets, shards_before, strict=False)]).astype(np.int32),
            np.concatenate([one.durations_s for one in sets]),
        )


def is_manifest(name: Name) -> bool:
    """Is this the manifest of a sharded set, or the folder of one? Other JSON lines name a sound each."""
    if is_folder(name):
        return exists(beside(name, MANIFEST))
    if Path(name).suffix != ".jsonl":
        return False
    try:
        with open_regular(fetch(name)) as file:
            return file.read(16).startswith(b'{"shard":')
    except OSError:
        return False


def read_shards(name: Name, cache: ShardCache | None = None) -> ShardSet:
    """The set of a manifest, or of the folder that holds it.

    Raises DataError with file and line: damaged, a shard missing or of another size than when it was written.
    """
    manifest = Manifest(beside(name, MANIFEST) if is_folder(name) else name, cache)
    found = read_manifest(manifest)
    present = sizes(manifest.folder, manifest.names)
    for name_of_shard, size, found_size in zip(manifest.names, manifest.sizes, present, strict=True):
        shard = manifest.place(name_of_shard)
        if found_size is None:
            raise DataError(f"{shard}: cannot be read (there is no such file), but {manifest.name} names it")
        if found_size != size:
            raise DataError(f"{shard}: has {found_size} bytes, {manifest.name} says {size}; copy it again")
        if manifest.cache:
            manifest.cache.add(shard, size)
    return found


def read_manifest(manifest: Manifest) -> ShardSet:
    """The ShardSet of a manifest; does not check that shards exist."""
    contents = read_index(manifest.path)
    if contents:
        manifest.names, manifest.sizes = contents.names, contents.sizes
    else:
        characters = CharacterPlaces()
        records = gather(_facts(manifest, characters))
        contents = Contents(records, "".join(characters.places), manifest.names, manifest.sizes)
        if len(records) >= INDEXED:
            write_index(manifest.path, contents)
            contents = read_index(manifest.path) or contents  # memory-mapped from now on
    rows = contents.records
    return ShardSet(
        [manifest],
        np.zeros(len(manifest.names), np.int32),
        np.zeros(1, np.int32),
        rows["line"], rows["size"], rows["shard"], rows["duration_s"],
        contents,
    )  # fmt: skip


def _facts(manifest: Manifest, characters: CharacterPlaces) -> Iterator[tuple[Any, ...]]:
    """A RECORD's values of each clip. Raises DataError."""
    with Progress(None, f"reading {manifest.name}", "clips") as progress:
        clips = 0
        for clips, (where, at, size, row) in enumerate(manifest.rows(), 1):
            if clips % 1000 == 0:
                progress.advance(1000)
            bytes_ = _whole(row, "size", where)
            if _whole(row, "offset", where) + bytes_ > manifest.sizes[-1]:
                raise DataError(f"{where}: the clip is beyond the end of its shard; make the manifest again")
            text = row.get("text")
            if not isinstance(text, str) or not isinstance(row.get("member"), str):
                raise DataError(f"{where}: a clip has a member and a text; make the manifest again")
            duration_s = row.get("duration")
            if not is_number(duration_s) or not duration_s:
                raise DataError(f"{where}: duration is no number of seconds; make the manifest again")
            shard, kept = len(manifest.names) - 1, min(bytes_, 2**31 - 1)
            yield at, size, shard, duration_s, kept, frames_at_most(text), characters.mask(text)
        progress.advance(clips % 1000)


def _whole(row: ManifestEntry, key: str, where: str) -> int:
    value = row.get(key)
    if not is_count(value):
        raise DataError(f"{where}: {key} is no whole number from 0 on; make the manifest again")
    return value
