"""Sharded sets: recordings in tar files of some hundred megabytes (shards), and a manifest that says where each lies.

The layout in words: docs/formats/shards.md. A manifest of ten million lines is not kept in memory: what the order of
an epoch needs lies in arrays, 20 bytes a clip, and a line is read again when its sample is asked for.
"""

import json
import math
import os
from array import array
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, overload
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from deepspeech.audio.span import Span
from deepspeech.datasets.sample import Sample
from deepspeech.errors import DataError

MANIFEST = "manifest.jsonl"
Row = dict[str, Any]


class Manifest:
    """An open manifest: its shards by name, and a reader of its lines. Threads may share it."""

    def __init__(self, path: Path, place: Callable[[Path, int, int, str], Span] | None = None) -> None:
        """`place` makes a Span of (shard, offset, size, member); by default shards lie beside the manifest."""
        self.path = path
        self._place = place or _span
        self.names: list[str] = []
        self.sizes: list[int] = []
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise DataError(f"{path}: cannot read the manifest ({error.strerror})") from None
        finalize(self, self._file.close)

    def rows(self) -> Iterator[tuple[str, int, int, Row]]:
        """(what errors call it, where its line begins, the line's size, the row) of each clip.

        Fills `names` and `sizes` on the way.
        """
        at = 0
        for number, line in enumerate(self._file, 1):
            where = f"{self.path}:{number}"
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
        """The sample whose line lies there."""
        row = self._row(os.pread(self._file.fileno(), size, at), str(self.path))
        member = str(row["member"])
        span = self._place(self.path.parent / self.names[shard], row["offset"], row["size"], member)
        return Sample(str(span), span, row["text"], span.size, row.get("speaker", ""), float(row["duration"]))

    def _row(self, line: bytes, where: str) -> Row:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
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
    ) -> None:
        self._manifests, self._owner, self._first = manifests, owner, first
        self._lines, self._sizes = lines, sizes
        self.shards = shards  # of each clip: the number of its shard
        self.durations_s = durations_s

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

    def take(self, places: NDArray[np.int64]) -> "ShardSet":
        """The set of these clips alone."""
        clips = (self._lines[places], self._sizes[places], self.shards[places], self.durations_s[places])
        return ShardSet(self._manifests, self._owner, self._first, *clips)

    @classmethod
    def joined(cls, sets: "Sequence[ShardSet]") -> "ShardSet":
        """Several sets as one."""
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


def is_manifest(path: Path) -> bool:
    """Is this the manifest of a sharded set, or the folder of one? Other JSON lines name a sound each."""
    if path.is_dir():
        return (path / MANIFEST).is_file()
    try:
        with path.open("rb") as file:
            return path.suffix == ".jsonl" and file.read(16).startswith(b'{"shard":')
    except OSError:
        return False


def read_shards(path: Path) -> ShardSet:
    """The set of a manifest, or of the folder that holds it.

    Raises DataError with file and line: damaged, a shard missing or of another size than when it was written.
    """
    manifest = Manifest(path / MANIFEST if path.is_dir() else path)
    found = read_manifest(manifest)
    for name, size in zip(manifest.names, manifest.sizes, strict=True):
        shard = manifest.path.parent / name
        try:
            present = shard.stat().st_size
        except OSError as error:
            raise DataError(f"{shard}: cannot be read ({error.strerror}), but {manifest.path} names it") from None
        if present != size:
            raise DataError(f"{shard}: has {present} bytes, {manifest.path} says {size}; copy it again")
    return found


def read_manifest(manifest: Manifest) -> ShardSet:
    """Its set, wherever the shards may be."""
    lines, sizes, shards, durations_s = array("q"), array("i"), array("i"), array("f")
    for where, at, size, row in manifest.rows():
        end = _whole(row, "offset", where) + _whole(row, "size", where)
        if end > manifest.sizes[-1]:
            raise DataError(f"{where}: the clip lies beyond the end of its shard; make the manifest again")
        if not isinstance(row.get("text"), str) or not isinstance(row.get("member"), str):
            raise DataError(f"{where}: a clip has a member and a text; make the manifest again")
        duration_s = row.get("duration")
        if isinstance(duration_s, bool) or not isinstance(duration_s, int | float) or not 0 < duration_s < math.inf:
            raise DataError(f"{where}: duration is no number of seconds; make the manifest again")
        lines.append(at)
        sizes.append(size)
        shards.append(len(manifest.names) - 1)
        durations_s.append(duration_s)
    return ShardSet(
        [manifest],
        np.zeros(len(manifest.names), np.int32),
        np.zeros(1, np.int32),
        np.array(lines, np.int64),
        np.array(sizes, np.int32),
        np.array(shards, np.int32),
        np.array(durations_s, np.float32),
    )


def _span(shard: Path, offset: int, size: int, member: str) -> Span:
    return Span(shard, offset, size, member.rpartition(".")[2].lower(), member)


def _whole(row: Row, key: str, where: str) -> int:
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise DataError(f"{where}: {key} is no whole number from 0 on; make the manifest again")
    return value
