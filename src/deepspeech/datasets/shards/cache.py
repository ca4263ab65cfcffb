"""LRU cache of shards that lie at addresses: each is downloaded whole when a clip in it is read.

In: addresses of shards. Out: open files, and Spans that read from them. Copies lie where all that is brought lies
(remote/files.py), so that a run that goes on, and the other processes of this machine, find them.
"""

import os
from dataclasses import dataclass, field
from typing import BinaryIO

from deepspeech.audio.source import AudioSlice
from deepspeech.errors import AudioError, ConfigError, DataError
from deepspeech.remote.files import alone, fetch, forget, landing

DEFAULT_MB = 100_000


class ShardCache:
    """LRU cache of remote shards, at most `limit_mb`; those that are `wanted` soon go last.

    Threads may share it.
    """

    def __init__(self, limit_mb: int = DEFAULT_MB) -> None:
        self.limit_bytes = limit_mb * 1_000_000
        self.wanted: frozenset[str] = frozenset()  # addresses of shards that will be read soon
        self._bytes: dict[str, int] = {}  # of all shards that may stand here, by address
        self._checked: set[str] = set()  # the store was asked whether the copy is still what it has

    def add(self, place: str, size_bytes: int) -> None:
        """A shard that may stand here. Raises ConfigError where there is not even room for it alone."""
        if size_bytes > self.limit_bytes:
            raise ConfigError(
                f"{place}: this shard has {size_bytes / 1e6:.0f} MB, and data.shard_cache_mb is "
                f"{self.limit_bytes // 1_000_000}; set it to several times as much"
            )
        self._bytes[place] = size_bytes

    def open(self, place: str) -> BinaryIO:
        """A shard that was added, open for reading; it stays readable when another process makes room meanwhile.

        Raises RemoteError, or DataError where the shard is not the one that the manifest speaks of.
        """
        copy = landing(place)
        try:
            file = copy.open("rb", buffering=0) if place in self._checked else None
        except FileNotFoundError:
            file = None
        if file is None:
            with alone("shards"):  # one at a time: what is on its way takes room, too
                if not copy.is_file():
                    self._make_room(self._bytes[place])
                file = fetch(place).open("rb", buffering=0)
            self._checked.add(place)
        found = os.fstat(file.fileno())
        if found.st_size != self._bytes[place]:
            file.close()
            raise DataError(
                f"{place}: has {found.st_size} bytes, its manifest says {self._bytes[place]}; was the set written anew "
                "meanwhile? Begin again"
            )
        os.utime(file.fileno())  # now is when it was used; the file's own time says nothing else
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
    """A recording in a shard at the address `place`; `file` is where the shard's copy lies while there is one."""

    place: str
    stamp: str  # changes when the set is written anew
    cache: ShardCache = field(compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.place}:{self.inside}"

    def read(self) -> bytes:
        """All its bytes; the shard is brought if it is not here. Raises RemoteError, DataError or AudioError."""
        with self.cache.open(self.place) as file:
            try:
                return os.pread(file.fileno(), self.size, self.offset)
            except OSError as error:
                raise AudioError(f"{self}: cannot be read ({error.strerror})") from None
