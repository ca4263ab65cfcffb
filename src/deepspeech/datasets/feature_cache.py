"""FeatureCache: features of unaugmented clips on disk, shared by epochs and runs.

One SQLite file per feature settings, `PREFIX-SETTINGS.sqlite`, with one row per clip: the key is a hash of path, size
and modification time of the audio, the value the features as float32, before normalization, with a checksum. Rows are
written atomically; damaged ones are computed again.
"""

import json
import os
import sqlite3
import threading
import zlib
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepspeech.audio.source import AudioSlice
from deepspeech.datasets.augment.spec import Augmentation
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.shards.cache import CachedShardSlice
from deepspeech.errors import DataError
from deepspeech.features.config import FrontEndConfig

Float32 = NDArray[np.float32]
FORMAT = 1  # raise it when the same settings give other features: it invalidates all caches
BUSY_S = 60.0  # another process may be writing
TABLE = "CREATE TABLE IF NOT EXISTS features (key BLOB PRIMARY KEY, crc32 INTEGER, frames BLOB)"


def open_feature_cache(
    prefix: str, config: FrontEndConfig, augmentations: Sequence[Augmentation], say: Callable[[str], None]
) -> "FeatureCache | None":
    """The cache at `prefix`, None where that is empty; says so where augmentations leave it little to do."""
    if not prefix:
        return None
    always = [entry.name for entry in augmentations if entry.domain != "features" and entry.probability == 1]
    if always:
        say(f"data.feature_cache serves validation only: {', '.join(always)} changes the sound of every training clip")
    return FeatureCache(prefix, config, say)


class FeatureCache:
    """Features by clip. Threads and processes of one machine may share it; on a network disk give each its own."""

    def __init__(self, prefix: str | Path, config: FrontEndConfig, say: Callable[[str], None]) -> None:
        """`prefix`: the beginning of the file's name, or a folder. `say` gets a line when something went wrong.

        Raises DataError where no file can be made there.
        """
        settings = json.dumps({"format": FORMAT, **config.to_dict()}, sort_keys=True)
        name = blake2b(settings.encode(), digest_size=6).hexdigest() + ".sqlite"
        folder = os.path.isdir(prefix) or str(prefix).endswith("/")
        self.path = Path(prefix) / f"features-{name}" if folder else Path(f"{prefix}-{name}")
        self._dimensions, self._say = config.dimensions, say
        self._local, self._lock = threading.local(), threading.Lock()
        self._generation = 0  # number of times the file was recreated
        self._writing = True
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._execute("SELECT 1")
        except (OSError, sqlite3.OperationalError) as error:
            raise DataError(
                f"{self.path}: the feature cache cannot be opened ({error}); choose another path: data.feature_cache"
            ) from None

    def features(self, sample: Sample, make: Callable[[], Float32]) -> Float32:
        """Cached features [T, dimensions] of a clip, read-only, or those of `make()`, which are then cached."""
        key = _key(sample)
        if key is None:
            return make()
        kept = self._read(key)
        if kept is None:
            kept = make()
            self._write(key, kept)
        return kept

    def _read(self, key: bytes) -> Float32 | None:
        try:
            row = self._execute("SELECT crc32, frames FROM features WHERE key = ?", key)
        except sqlite3.OperationalError:  # disk error or lock timeout: compute the features instead
            return None
        if row is None or zlib.crc32(row[1]) != row[0]:
            return None
        return np.frombuffer(row[1], np.float32).reshape(-1, self._dimensions)

    def _write(self, key: bytes, features: Float32) -> None:
        if not self._writing:
            return
        frames = np.ascontiguousarray(features, np.float32).tobytes()
        try:
            self._execute("INSERT OR REPLACE INTO features VALUES (?, ?, ?)", key, zlib.crc32(frames), frames)
        except sqlite3.OperationalError as error:
            with self._lock:
                if self._writing:
                    self._say(
                        f"{self.path}: no more features are cached ({error}); training continues without the cache"
                    )
                self._writing = False

    def _execute(self, statement: str, *values: bytes | int) -> Any:
        """The first row of the result, if any; a damaged database is recreated."""
        generation = self._generation
        try:
            return self._connection().execute(statement, values).fetchone()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            with self._lock:
                if generation == self._generation:
                    self._say(f"{self.path}: the feature cache is damaged ({error}); it is recreated")
                    for end in ("", "-wal", "-shm"):
                        Path(f"{self.path}{end}").unlink(missing_ok=True)
                    self._generation += 1
        return self._connection().execute(statement, values).fetchone()

    def _connection(self) -> sqlite3.Connection:
        """The connection of this thread."""
        if getattr(self._local, "generation", -1) != self._generation:
            generation = self._generation
            connection = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)
            # With a write-ahead log others can read during a write, and commits rarely wait for the disk.
            for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", TABLE):
                connection.execute(statement)
            self._local.connection, self._local.generation = connection, generation
        found: sqlite3.Connection = self._local.connection
        return found


def _key(sample: Sample) -> bytes | None:
    """Cache key of a clip; None if its file is missing."""
    audio = sample.audio
    if isinstance(audio, CachedShardSlice):  # its file may be evicted from the cache
        return _digest(f"{audio}\n{audio.stamp}\n{audio.offset} {audio.size}")
    if isinstance(audio, AudioSlice):
        file, inside = audio.file, f"{audio.offset} {audio.size} {audio.kind}"
    else:
        file, inside = audio, ""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return _digest(f"{os.path.abspath(file)}\n{found.st_size}\n{found.st_mtime_ns}\n{inside}")


def _digest(name: str) -> bytes:
    return blake2b(name.encode("utf-8", "surrogateescape"), digest_size=16).digest()
