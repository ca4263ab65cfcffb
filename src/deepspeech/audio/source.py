"""AudioSource: where a recording is stored: a path, or an AudioSlice, a byte range of a tar archive or .sdb file.

`formats.read_audio` and `formats.probe` accept both.
"""

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from stat import S_ISREG
from typing import TypeAlias

from deepspeech.errors import AudioError
from deepspeech.untrusted import check_regular, open_regular

PACKETS = "packets"  # bare Opus packets, see opus_packets.py


@dataclass(frozen=True)
class AudioSlice:
    """A byte range of `file`: `size` bytes at `offset` that hold an audio file, or bare Opus packets."""

    file: Path
    offset: int
    size: int
    kind: str  # wav, flac, opus, ogg, mp3 as a file's suffix would say, or PACKETS
    inside: str  # its name in the container: a sample's number, a tar member's name

    def __str__(self) -> str:
        return f"{self.file}:{self.inside}"

    @property
    def name(self) -> str:
        """The last part of `inside`, like `Path.name`."""
        return PurePosixPath(self.inside).name

    def read(self) -> bytes:
        """The bytes of the slice. Raises AudioError where the file is missing or shorter than the slice."""
        return self._read(self.size)

    def checked(self) -> "AudioSlice":
        """Return self, after the same checks as `read`, without reading. Raises AudioError."""
        self._read(0)
        return self

    def _read(self, count: int) -> bytes:
        try:
            with open_regular(self.file) as file:
                present = os.fstat(file.fileno()).st_size
                if self.offset + self.size > present:
                    raise AudioError(f"{self}: cut off: the file ends before this recording does; copy the file again")
                return os.pread(file.fileno(), count, self.offset)
        except FileNotFoundError:
            raise AudioError(f"{self}: there is no file {self.file}; check the path") from None
        except OSError as error:
            raise AudioError(f"{self}: cannot be read ({error.strerror})") from None


_NAMED: set[str] = set()  # pipes and devices that the user named; entries of a dataset manifest never open one


def name_by_user(path: str | Path) -> None:
    """Allow `path` to be a pipe or device, which is read to its end, because the user named it."""
    if not os.path.isfile(path):
        _NAMED.add(str(path))


def check_readable(path: Path, mode: int) -> None:
    """Raise OSError where `path` is a pipe or device and the user did not name it: /dev/zero has no end."""
    if str(path) not in _NAMED:
        check_regular(mode)


AudioSource: TypeAlias = Path | AudioSlice


def read_ahead(source: AudioSource) -> None:
    """Prefetch a recording into the page cache (posix_fadvise). Returns at once; errors show when it is read."""
    if not hasattr(os, "posix_fadvise"):  # macOS, Windows
        return
    file, offset, size = (source.file, source.offset, source.size) if isinstance(source, AudioSlice) else (source, 0, 0)
    try:
        if not S_ISREG(os.stat(file).st_mode):  # opening a pipe would look like a reader to its writer
            return
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, offset, size, os.POSIX_FADV_WILLNEED)
        finally:
            os.close(descriptor)
    except (OSError, ValueError, OverflowError):
        pass


def content_of(source: AudioSource) -> bytes:
    """The stored bytes of a recording, not decoded. Raises AudioError."""
    if isinstance(source, AudioSlice):
        return source.read()
    try:
        check_readable(source, source.stat().st_mode)
        return source.read_bytes()
    except OSError as error:
        raise AudioError(f"{source}: cannot be read ({error.strerror})") from None
