"""Writes sharded sets (shard_set.py): shards in parallel and atomically, the manifest last.

An interrupted writer can be resumed: entries of finished shards are kept in `.parts` until the manifest is written.
"""

import io
import json
import re
import shutil
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import IO

import numpy as np

from deepspeech.audio.encode import CODED, encode
from deepspeech.audio.formats import probe, read_audio
from deepspeech.audio.names import MEMBER_KINDS
from deepspeech.audio.resample import resample
from deepspeech.audio.source import AudioSlice, content_of
from deepspeech.datasets.augment.spec import keyed_random
from deepspeech.datasets.formats.tar_files import read_tar
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.shards.index import INDEXED
from deepspeech.datasets.shards.shard_set import MANIFEST, Manifest, ManifestEntry, read_manifest
from deepspeech.errors import AudioError, ConfigError, DataError
from deepspeech.files import atomic_open
from deepspeech.pool import ordered_map
from deepspeech.progress import Progress

PARTS = ".parts"
COMPRESSION = {"wav": 1.0, "flac": 0.55, "opus": 0.1}  # approximate size relative to 16-bit samples, for speech
_BLOCK = 512


@dataclass(frozen=True)
class ShardOptions:
    """Size, order and audio format of shards."""

    shard_mb: int = 256
    kind: str = ""  # one of CODED: encode so, mono; empty: keep files unchanged
    rate_hz: int = 0  # with a kind: resample to this; 0: keep rates
    shuffle: bool = True  # shuffle clips across shards
    seed: int = 1

    def __post_init__(self) -> None:
        if self.kind and self.kind not in CODED:
            raise ConfigError(f"audio in shards is {' or '.join(CODED)}, or as it is; not as '{self.kind}'")
        if self.rate_hz and not self.kind:
            raise ConfigError(
                f"the sample rate cannot change without re-encoding; choose a format: {' or '.join(CODED)}"
            )
        if self.shard_mb < 1 or self.rate_hz < 0:
            raise ConfigError("a shard has at least 1 MB, and a rate is not negative")


@dataclass
class Written:
    """Summary of the written set."""

    shards: int = 0
    clips: int = 0
    seconds: float = 0.0
    left_out: list[str] = field(default_factory=list)  # skipped clips: path and reason


def write_shards(
    samples: Sequence[Sample], folder: Path, options: ShardOptions, workers: int = 1, name: str = "shard"
) -> Written:
    """Write `name-000000.tar` and so on, and the manifest, into `folder`. Unreadable clips are skipped.

    Raises DataError if there already is a manifest, nothing to write, or no space.
    """
    if (folder / MANIFEST).exists():
        raise DataError(f"{folder}: already holds a sharded set; choose another folder, or remove it")
    order = np.arange(len(samples))
    if options.shuffle:
        keyed_random(options.seed).shuffle(order)
    job = _Job(samples, folder, options, name, _identity(samples, options, name))
    try:
        job.parts.mkdir(parents=True, exist_ok=True)
        numbered = list(enumerate(_cut(samples, order.tolist(), options)))
        with Progress(len(samples), "writing shards", "clips") as progress:
            parts = list(ordered_map(lambda one: job.shard(*one, progress), numbered, workers))
        written = _manifest(folder, map(_rows, parts))
        shutil.rmtree(job.parts)
    except OSError as error:
        raise DataError(
            f"{folder}: cannot be written ({error.strerror}); free space and run the same command again to resume"
        ) from None
    return written


def index_shards(paths: Sequence[Path], workers: int = 1) -> Written:
    """Write the manifest of existing tar files (WebDataset's layout), next to the first of them."""
    folder = paths[0].parent

    def entries(path: Path) -> list[ManifestEntry]:
        if path.parent != folder:
            raise DataError(f"{path}: is not in {folder}; the shards of a manifest must be in one folder")
        rows: list[ManifestEntry] = [{"shard": path.name, "bytes": path.stat().st_size}]
        for sample in read_tar(path):
            assert isinstance(sample.audio, AudioSlice)
            rows.append(_row(sample, sample.audio.inside, sample.audio.offset, sample.audio.read()))
            progress.advance()
        return rows

    with Progress(None, "reading shards", "clips") as progress:
        written = _manifest(folder, ordered_map(entries, paths, workers, name=str))
    return written


@dataclass(frozen=True)
class _Job:
    """State of writing one set."""

    samples: Sequence[Sample]
    folder: Path
    options: ShardOptions
    name: str
    identity: str

    @property
    def parts(self) -> Path:
        return self.folder / PARTS

    def shard(self, number: int, places: Sequence[int], progress: Progress) -> Path:
        """Write one shard and its manifest entries, unless done before; returns the path of the entries."""
        path = self.folder / f"{self.name}-{number:06d}.tar"
        part = self.parts / f"{self.identity}-{number:06d}.jsonl"
        if part.exists() and path.exists() and next(_rows(part))["bytes"] == path.stat().st_size:
            progress.advance(len(places))
            return part
        with atomic_open(path) as file:
            rows = self._fill(file, places, progress)
        rows = [{"shard": path.name, "bytes": path.stat().st_size}, *rows]
        with atomic_open(part) as file:
            file.write(b"".join(map(_line, rows)))
        return part

    def _fill(self, file: IO[bytes], places: Sequence[int], progress: Progress) -> list[ManifestEntry]:
        rows: list[ManifestEntry] = []
        with tarfile.open(fileobj=file, mode="w:", format=tarfile.GNU_FORMAT) as archive:
            for place in places:
                sample = self.samples[place]
                try:
                    sound, kind = self._sound(sample)
                    key = f"{place:08d}-{re.sub(r'[^A-Za-z0-9_-]+', '_', sample.audio.name.partition('.')[0])[:64]}"
                    row = _row(sample, f"{key}.{kind}", 0, sound)
                except AudioError as error:
                    rows.append({"left_out": str(error)})
                else:
                    _add(archive, row["member"], sound)
                    row["offset"] = archive.offset - -(-len(sound) // _BLOCK) * _BLOCK
                    facts: ManifestEntry = {key: row[key] for key in ("text", "duration", "speaker") if key in row}
                    _add(archive, f"{key}.json", _line(facts))
                    rows.append(row)
                progress.advance()
        return rows

    def _sound(self, sample: Sample) -> tuple[bytes, str]:
        """Encoded audio of a sample, and its format."""
        kind = self.options.kind
        own = sample.audio.kind if isinstance(sample.audio, AudioSlice) else sample.audio.suffix[1:].lower()
        if not kind and own in MEMBER_KINDS:
            return content_of(sample.audio), own
        samples, rate_hz = read_audio(sample.audio)
        wanted_hz = self.options.rate_hz or rate_hz
        kind = kind or "wav"
        return encode(resample(samples, rate_hz, wanted_hz), wanted_hz, kind), kind


def _row(sample: Sample, member: str, offset: int, sound: bytes) -> ManifestEntry:
    """The manifest entry of a clip. Raises AudioError."""
    duration_s = round(probe(sound, str(sample.audio)).duration_s, 6)
    row: ManifestEntry = {"member": member, "offset": offset, "size": len(sound), "duration": duration_s}
    row["text"] = sample.transcript
    return row | ({"speaker": sample.speaker} if sample.speaker else {})


def _manifest(folder: Path, parts: Iterable[Iterable[ManifestEntry]]) -> Written:
    written = Written()
    with atomic_open(folder / MANIFEST) as file:
        for part in parts:
            for row in part:
                if "left_out" in row:
                    written.left_out.append(row["left_out"])
                    continue
                file.write(_line(row))
                written.shards += "shard" in row
                written.clips += "member" in row
                written.seconds += row.get("duration", 0.0)
        if not written.clips:
            raise DataError(f"{folder}: no clip could be read; {next(iter(written.left_out), 'there were none')}")
    if written.clips >= INDEXED:
        with suppress(DataError):  # an index is a matter of speed alone
            read_manifest(Manifest(folder / MANIFEST))
    return written


def _cut(samples: Sequence[Sample], order: Sequence[int], options: ShardOptions) -> Iterator[list[int]]:
    """Split `order` into shards of about the configured size."""
    shard: list[int] = []
    size = 0
    for place in Progress(len(order), "measuring", "clips").over(order):
        shard.append(place)
        size += _expected(samples[place], options) + 3 * _BLOCK
        if size >= options.shard_mb * 1_000_000:
            yield shard
            shard, size = [], 0
    if shard:
        yield shard


def _expected(sample: Sample, options: ShardOptions) -> int:
    """Approximate size in bytes; 0 for a missing file, which is reported when its shard is written."""
    try:
        if not options.kind or options.kind == sample.audio.name.rpartition(".")[2]:
            return sample.audio.size if isinstance(sample.audio, AudioSlice) else sample.audio.stat().st_size
        info = probe(sample.audio)
    except (AudioError, OSError):
        return 0
    raw = 2 * round(info.duration_s * (options.rate_hz or info.rate_hz))
    return round(COMPRESSION[options.kind] * raw)


def _identity(samples: Sequence[Sample], options: ShardOptions, name: str) -> str:
    """Key of a job: equal only for the same samples and options."""
    digest = blake2b(repr((astuple(options), name)).encode(), digest_size=8)
    for sample in samples:
        digest.update(f"{sample.id}\n{sample.transcript}\n{sample.speaker}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)  # without a time or an owner: the same clips give the same shard
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _line(row: ManifestEntry) -> bytes:
    # Names of files may be no text; what they hold instead is written as JSON escapes it.
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _rows(part: Path) -> Iterator[ManifestEntry]:
    with part.open("rb") as file:
        yield from map(json.loads, file)
