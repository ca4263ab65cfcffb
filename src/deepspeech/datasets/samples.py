"""read_samples: reads data sets of any format."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from deepspeech.datasets.formats.csv_files import read_csv
from deepspeech.datasets.formats.jsonl_files import read_jsonl
from deepspeech.datasets.formats.sdb import read_sdb
from deepspeech.datasets.formats.tar_files import read_tar
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.shards.cache import ShardCache
from deepspeech.datasets.shards.shard_set import MANIFEST, ShardSet, is_manifest, read_shards
from deepspeech.errors import DataError
from deepspeech.remote.files import Name, address, fetch, is_folder

Reader = Callable[[Path, bool], list[Sample]]
READERS: dict[str, Reader] = {
    ".csv": read_csv,
    ".sdb": read_sdb,
    ".tar": read_tar,
    ".jsonl": read_jsonl,
    ".json": read_jsonl,  # as NeMo calls its manifests
}


def read_samples(name: Name, labeled: bool = True, cache: ShardCache | None = None) -> Sequence[Sample]:
    """Samples of a CSV, .sdb, .tar, .jsonl or sharded set in the order of the file; `labeled` demands transcripts.

    Remote files are downloaded first; remote shards when they are read, to the `cache`. Audio is not checked.

    Raises DataError with file and line or sample.
    """
    path = Path(name)
    reader = READERS.get(path.suffix.lower())
    if path.suffix in (".gz", ".tgz", ".bz2", ".xz", ".zst"):
        raise DataError(f"{path}: compressed archives have no random access; unpack it first")
    if (reader is None or address(name) is None) and is_folder(name):
        if is_manifest(name):
            return read_shards(name, cache)
        raise DataError(
            f"{path}: a folder without {MANIFEST}; name a file, or give tar files one: deepspeech data index"
        )
    if reader is None or reader is read_csv:
        return read_csv(name, labeled)  # its clips may be remote, too
    if is_manifest(name):
        return read_shards(name, cache)
    return reader(fetch(name), labeled)


def join(parts: Iterable[Sequence[Sample]]) -> Sequence[Sample]:
    """Concatenate data sets. Sharded sets only: a ShardSet, which keeps shuffle windows; otherwise a list."""
    sets = list(parts)
    shards = [part for part in sets if isinstance(part, ShardSet)]
    return ShardSet.joined(shards) if shards and len(shards) == len(sets) else [s for part in sets for s in part]


def is_data_set(path: str | Path) -> bool:
    """Whether a path has the suffix of a data set, not of audio."""
    return Path(path).suffix.lower() in READERS
