"""Index of a large manifest: fixed-size records of all clips, in a file next to it.

    manifest.jsonl.index    a line of JSON (shards, characters, whose index it is), then RECORDs, one per clip

It is written when a manifest of INDEXED clips or more is first read, and valid while the manifest does not change
(CRC-32). Records are memory-mapped, and each pass over all of them keeps one chunk in memory.
"""

import json
import mmap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from operator import eq
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from deepspeech.errors import DataError
from deepspeech.features.config import FrontEndConfig
from deepspeech.files import atomic_open, crc32_of
from deepspeech.text.tokens import TokenSet

FORMAT = 1
INDEXED = 100_000  # fewer clips are read from the manifest as quickly
SUFFIX = ".index"
CHUNK = 100_000
# Of each clip: where its line begins and how long it is; its shard; seconds; bytes of its sound; frames that its
# transcript needs at most, under any alphabet; which characters it has, by their place in the index's list, those from
# the 63rd on as one.
RECORD = np.dtype(
    [
        ("line", "<i8"), ("size", "<i4"), ("shard", "<i4"), ("duration_s", "<f4"), ("bytes", "<i4"),
        ("frames", "<i4"), ("characters", "<u8"),
    ]
)  # fmt: skip
Records = NDArray[np.void]


@dataclass
class Contents:
    """Content of a manifest as arrays."""

    records: Records
    characters: str
    names: list[str] = field(default_factory=list)  # of the shards
    sizes: list[int] = field(default_factory=list)

    def suspects(
        self, alphabet: TokenSet | None, features: FrontEndConfig, outputs: Callable[[Any], Any]
    ) -> NDArray[np.int64]:
        """Indices of clips that training may refuse; all others are usable. Reads no audio.

        `outputs` tells how many frames the network has for an array of frames of features.
        """
        foreign = 0
        for place, character in enumerate(self.characters if alphabet else ""):
            if alphabet and alphabet.missing(character):
                foreign |= 1 << min(place, 63)
        found = []
        for first, part in chunks(self.records):
            # One sample less: durations are rounded here.
            samples = np.floor(part["duration_s"].astype(np.float64) * features.sample_rate_hz) - 1
            frames = outputs(np.maximum(0, 1 + (samples - features.window_samples) // features.step_samples))
            # One more: among subwords the space before the first word may be a token.
            bad = (part["frames"] >= frames) | (part["frames"] == 0) if alphabet else frames <= 0
            found.append(first + np.flatnonzero(bad | ((part["characters"] & np.uint64(foreign)) != 0)))
        return np.concatenate(found) if found else np.zeros(0, np.int64)


class CharacterPlaces:
    """Numbers the characters of transcripts in order of first occurrence."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        self._bits: dict[str, int] = {}

    def mask(self, text: str) -> int:
        mask, bits = 0, self._bits
        for character in set(text):
            if character not in bits:
                place = self.places.setdefault(character, len(self.places))
                bits[character] = 1 << min(place, 63)
            mask |= bits[character]
        return mask


def frames_at_most(text: str) -> int:
    """Upper bound of the frames that CTC needs for `text` with any alphabet: those of its bytes."""
    content = text.encode("utf-8", "surrogatepass")
    return len(content) + int(sum(map(eq, content, content[1:])))


def chunks(column: NDArray[Any], rows: int = 0) -> Iterator[tuple[int, NDArray[Any]]]:
    """(place of the first, the rows) of CHUNK `rows`, or so many, at a time."""
    rows = rows or CHUNK
    for first in range(0, len(column), rows):
        yield first, column[first : first + rows]
        release(column)


def release(column: NDArray[Any]) -> None:
    """Drop what was read of a memory-mapped array from memory; it is read again when it is needed."""
    mapped = getattr(column, "_mmap", None)
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)


def gather(rows: Iterable[tuple[Any, ...]]) -> Records:
    """RECORDs of tuples in their order; more than a chunk of them in a temporary file. Raises DataError."""
    made = _records(rows)
    first = next(made)
    if len(first) < CHUNK:
        return first
    try:
        with TemporaryFile() as file:
            for chunk in chain([first], made):
                file.write(chunk.tobytes())
            file.flush()
            return np.memmap(file, RECORD, "r")
    except OSError as error:
        raise DataError(f"{gettempdir()}: no room for the index of a manifest ({error.strerror}); set TMPDIR") from None


def _records(rows: Iterable[tuple[Any, ...]]) -> Iterator[Records]:
    chunk: list[tuple[Any, ...]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield np.array(chunk, RECORD)
            chunk = []
    yield np.array(chunk, RECORD)


def read_index(manifest: Path) -> Contents | None:
    """Read the index of a manifest; None if it is missing, damaged or outdated."""
    path = manifest.with_name(manifest.name + SUFFIX)
    try:
        with path.open("rb") as file:
            head = json.loads(file.readline(1 << 30))
            begin = file.tell()
        if head["format"] != FORMAT or head["bytes"] != manifest.stat().st_size or head["crc32"] != crc32_of(manifest):
            return None
        if path.stat().st_size != begin + head["clips"] * RECORD.itemsize:
            return None
        records = np.memmap(path, RECORD, "r", begin, (head["clips"],))
        contents = Contents(records, str(head["characters"]), list(map(str, head["names"])), list(head["sizes"]))
        return contents if _sensible(contents, head["bytes"]) else None
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def _sensible(contents: Contents, manifest_bytes: int) -> bool:
    """Check that lines are within the manifest and clips within shards, in order: the index is untrusted input."""
    shards, before = len(contents.names), 0
    if shards != len(contents.sizes) or not all(type(size) is int and size >= 0 for size in contents.sizes):
        return False
    for _, rows in chunks(contents.records):
        numbers = rows["shard"]
        if not (
            all(int(rows[name].min()) >= 0 for name in ("line", "size", "bytes"))
            and before <= numbers[0]
            and bool((numbers[1:] >= numbers[:-1]).all())
            and int(numbers[-1]) < shards
            and int((rows["line"] + rows["size"]).max()) <= manifest_bytes
            and bool((rows["duration_s"] > 0).all() and np.isfinite(rows["duration_s"]).all())
        ):
            return False
        before = int(numbers[-1])
    return True


def write_index(manifest: Path, contents: Contents) -> None:
    """Write the index; errors are ignored, as it only speeds up starts."""
    path = manifest.with_name(manifest.name + SUFFIX)
    head = {
        "format": FORMAT, "bytes": manifest.stat().st_size, "crc32": crc32_of(manifest),
        "clips": len(contents.records), "characters": contents.characters,
        "names": contents.names, "sizes": contents.sizes,
    }  # fmt: skip
    try:
        with atomic_open(path, DataError) as file:
            _write(file, head, contents.records)
    except DataError:
        return


def _write(file: IO[bytes], head: dict[str, Any], records: Records) -> None:
    file.write(json.dumps(head).encode() + b"\n")
    for _, part in chunks(records):
        file.write(part.tobytes())
