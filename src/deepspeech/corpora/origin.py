"""Origin of an imported wav file, as a note in its header: the file is reused only while its source is unchanged.

In: recordings and the part of them in a wav file. Out: the note, two hashes: of names and part, and of the state of the
files, sizes and times (or the audio itself if packed). As the note is in the wav file, an interrupted import resumes
without other state.
"""

import os
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

_VERSION = 1  # increased when the conversion changes


def origin(sources: Sequence[Path], wav: Path, *part: object) -> str:
    """16 hex digits for the `part` (start, end, channel …) of `sources`, by paths relative to the wav file's folder."""
    home = str(wav.parent)
    names = (f"{_way(str(source.parent), home)}/{source.name}" for source in sources)
    return _digest([str(_VERSION), *names, repr(part)])


def packed_origin(name: str, *part: object) -> str:
    """The same of a recording inside a data set, which has a name and no file."""
    return _digest([str(_VERSION), name, repr(part)])


def state(sources: Sequence[Path]) -> str:
    """16 hex digits for the files as they are now. Raises OSError."""
    files = [os.stat(source) for source in sources]
    # ctime, too: a replaced file may keep its mtime (cp -p, mv, tar).
    return _digest([f"{file.st_size} {file.st_mtime_ns} {file.st_ctime_ns}" for file in files])


def packed_state(content: bytes) -> str:
    """The same of a recording inside a data set."""
    return blake2b(content, digest_size=8).hexdigest()


def note(origin: str, state: str) -> str:
    """The note."""
    return f"deepspeech {origin} {state}"


def comes_from(note: str, origin: str) -> bool:
    """Whether a wav file with this note was made from `origin`, in any state."""
    return note.startswith(f"deepspeech {origin} ")


@lru_cache(1024)
def _way(folder: str, home: str) -> str:
    """Relative path between folders, cached: recordings share few folders, and computing it is slow."""
    return os.path.relpath(folder, home)


def _digest(parts: Sequence[str]) -> str:
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
