"""LRU cache of remote shards: each is downloaded when a clip in it is read.

In: addresses of shards. Out: open files, and CachedShardSlices that read from them. Copies are in the download cache
(remote/files.py), shared with resumed runs and other processes of this machine.
"""

import os
from dataclasses import dataclass, field
from typing import BinaryIO

from deepspeech.audio.source import AudioSlice
from deepspeech.errors import AudioError, ConfigError, DataError
from deepspeech.file_positions import read_at
from deepspeech.remote.files import alone, fetch, forget, landing

DEFAULT_MB = 100_000


class ShardCache:
    """LRU cache of remote shards, at most `limit_mb`; those in `wanted` are evicted last. Thread-safe."""

    def __init__(self, limit_mb: int = DEFAULT_MB) -> None:
        self.limit_bytes = limit_mb * 1_000_000
        self.wanted: frozenset[str] = frozenset()  # addresses of shards that are needed soon
        self._bytes: dict[str, int] = {}  # sizes of all added shards, by address
        self._checked: set[str] = set()  # shards whose copies are known to be current

    def add(self, place: str, size_bytes: int) -> None:
        """Register a shard. Raises ConfigError if it is larger than the cache."""
        if size_bytes > self.limit_bytes:
            raise ConfigError(
                f"{place}: this shard has {size_bytes / 1e6:.0f} MB, but data.shard_cache_mb is "
                f"{self.limit_bytes // 1_000_000}; set it to several times as much"
            )
        self._bytes[place] = size_bytes

    def open(self, place: str) -> BinaryIO:
        """Open a registered shard; it stays readable if another process evicts it.

        Raises RemoteError, or DataError if its size is not that of the manifest.
        """
        copy = landing(place)
        try:
            file = copy.open("rb", buffering=0) if place in self._checked else None
        except FileNotFoundError:
            file = None
        if file is None:
            with alone("shards"):  # one download at a time: partial files take space, too
                if not copy.is_file():
                    self._make_room(self._bytes[place])
                file = fetch(place).open("rb", buffering=0)
            self._checked.add(place)
        found = os.fstat(file.fileno())
        if found.st_size != self._bytes[place]:
            file.close()
            raise DataError(
                f"{place}: has {found.st_size} bytes, its manifest says {self._bytes[place]}; "
                "was the set rewritten? Run again"
            )
        os.utime(file.fileno())  # the modification time is the time of last use
        return file

    def _make_room(self, size_bytes: int) -> None:
        used_at = {}
        for place in self._bytes:
            copy = landing(place)
            if copy.is_file():
                used_at[place] = copy.stat().st_mtime_ns
        taken = sum(self._bytes[place] for place in used_at)
        for place in sorted(used_at, key=lambda place: (place in self.wanted, used_at[place])):
            if taken + size_bytes <= self.limit_bytes:
                return
            forget(place)
            taken -= self._bytes[place]


@dataclass(frozen=True)
class CachedShardSlice(AudioSlice):
    """A recording in a remote shard at address `place`; `file` is the path of its copy."""

    place: str
    stamp: str  # changes when the set is rewritten
    cache: ShardCache = field(compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.place}:{self.inside}"

    def read(self) -> bytes:
        """Read its bytes; downloads the shard if necessary. Raises RemoteError, DataError or AudioError."""
        with self.cache.open(self.place) as file:
            try:
                return read_at(file.fileno(), self.size, self.offset)
            except OSError as error:
                raise AudioError(f"{self}: cannot be read ({error.strerror})") from None
