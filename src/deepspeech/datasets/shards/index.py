"""The index of a large manifest: what a start needs of each clip, in numbers of equal size, beside the manifest.

    manifest.jsonl.index    a line of JSON (shards, characters, whose index it is), then RECORDs, one a clip

It is made when a manifest is first read (INDEXED clips or more) and believed as long as the manifest is the same, byte
for byte. Records are mapped into memory, not read: ten million of them take no more than the system can spare.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from operator import eq
from pathlib import Path
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
    """What a manifest says, by numbers."""

    records: Records
    characters: str
    names: list[str] = field(default_factory=list)  # of the shards
    sizes: list[int] = field(default_factory=list)

    def suspects(
        self, alphabet: TokenSet | None, features: FrontEndConfig, outputs: Callable[[Any], Any]
    ) -> NDArray[np.int64]:
        """Places of the clips that training may refuse; all others can be trained on. None is read.

        `outputs` tells how many frames the network has for an array of frames of features.
        """
        foreign = 0
        for place, character in enumerate(self.characters if alphabet else ""):
            if alphabet and alphabet.missing(character):
                foreign |= 1 << min(place, 63)
        found = []
        for first in range(0, len(self.records), CHUNK):
            part = self.records[first : first + CHUNK]
            # One sample less: durations are rounded here.
            samples = np.floor(part["duration_s"].astype(np.float64) * features.sample_rate_hz) - 1
            frames = outputs(np.maximum(0, 1 + (samples - features.window_samples) // features.step_samples))
            # One more: among subwords the space before the first word may be a token.
            bad = (part["frames"] >= frames) | (part["frames"] == 0) if alphabet else frames <= 0
            found.append(first + np.flatnonzero(bad | ((part["characters"] & np.uint64(foreign)) != 0)))
        return np.concatenate(found) if found else np.zeros(0, np.int64)


class CharacterPlaces:
    """The characters of transcripts in the order in which they were first met."""

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
    """Frames that CTC needs for `text`, whatever the alphabet: as many as for its bytes, or fewer."""
    content = text.encode("utf-8", "surrogatepass")
    return len(content) + int(sum(map(eq, content, content[1:])))


def records_of(rows: Iterable[tuple[Any, ...]]) -> Iterable[Records]:
    """Records in chunks, of tuples in their order."""
    chunk: list[tuple[Any, ...]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield np.array(chunk, RECORD)
            chunk = []
    yield np.array(chunk, RECORD)


def read_index(manifest: Path) -> Contents | None:
    """The index beside a manifest; None where there is none, or one of another manifest."""
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
    """Whether every line lies in the manifest and every clip in a shard: an index may come from anywhere."""
    rows = contents.records
    shards, ends = rows["shard"], rows["line"] + rows["size"]
    return (
        len(contents.names) == len(contents.sizes)
        and all(type(size) is int and size >= 0 for size in contents.sizes)
        and all(int(rows[name].min(initial=0)) >= 0 for name in ("line", "size", "shard", "bytes"))
        and int(shards.max(initial=-1)) < len(contents.names)
        and int(ends.max(initial=0)) <= manifest_bytes
        and bool((rows["duration_s"] > 0).all() and np.isfinite(rows["duration_s"]).all())
    )


def write_index(manifest: Path, contents: Contents) -> None:
    """Write it, if there is place; without it every start takes longer, and nothing else changes."""
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
    for first in range(0, len(records), CHUNK):
        file.write(records[first : first + CHUNK].tobytes())
