"""AudioSlice: a recording inside a larger file, such as a sample database or a tar archive.

`formats.read_audio` and `formats.probe` accept both.
"""

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from stat import S_ISREG
from typing import TypeAlias

from deepspeech.errors import AudioError
from deepspeech.file_positions import read_at
from deepspeech.untrusted import check_regular, regular_descriptor

PACKETS = "packets"  # bare Opus packets, see opus_packets.py


@dataclass(frozen=True)
class AudioSlice:
    """`size` bytes of `file` from `offset` on: the content of an audio file, or bare Opus packets."""

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
        """Returns itself. Raises AudioError as `read` does."""
        self._read(0)
        return self

    def _read(self, count: int) -> bytes:
        try:
            descriptor = regular_descriptor(self.file)
            try:
                if self.offset + self.size > os.fstat(descriptor).st_size:
                    raise AudioError(f"{self}: cut off: it lies beyond the end of the file; copy the file again")
                return read_at(descriptor, count, self.offset)
            finally:
                os.close(descriptor)
        except FileNotFoundError:
            raise AudioError(f"{self}: there is no file {self.file}; check the path") from None
        except OSError as error:
            raise AudioError(f"{self}: cannot be read ({error.strerror})") from None


class NamedPath(type(Path())):  # type: ignore[misc]  # before Python 3.12 only the system's own kind has subclasses
    """A path that the user named, not a data set's list: it may be a pipe, which is read to its end.

    Trust is a property of the path, not of the process: lists may not open the pipes that a user named.
    """


def check_readable(path: Path, mode: int) -> None:
    """Raise OSError if a file is a pipe or device and not a NamedPath: /dev/zero has no end."""
    if not isinstance(path, NamedPath):
        check_regular(mode)


AudioSource: TypeAlias = Path | AudioSlice  # location of a recording


def read_ahead(source: AudioSource) -> None:
    """Ask the system to prefetch a recording, without waiting; errors are raised when it is read."""
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
    """All bytes of a recording, still encoded. Raises AudioError."""
    if isinstance(source, AudioSlice):
        return source.read()
    try:
        check_readable(source, source.stat().st_mode)
        return source.read_bytes()
    except OSError as error:
        raise AudioError(f"{source}: cannot be read ({error.strerror})") from None
