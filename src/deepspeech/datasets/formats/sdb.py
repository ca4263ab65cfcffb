"""DeepSpeech's sample databases (.sdb): many recordings and their transcripts in one file.

Layout: `util/sample_collections.py` of 0.9.3, in our words in docs/formats/sdb.md. Integers are big-endian.
"""

import io
import json
import os
import struct
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from deepspeech.audio import opus_packets
from deepspeech.audio.formats import read_audio, wav_bytes
from deepspeech.audio.pcm import Float32
from deepspeech.audio.source import PACKETS, AudioSlice
from deepspeech.datasets.sample import Sample
from deepspeech.errors import DataError
from deepspeech.file_positions import read_at
from deepspeech.files import atomic_open
from deepspeech.untrusted import LARGEST_PAGE, open_regular, parse_json

MAGIC = b"SAMPLEDB"
WAV, OPUS, TEXT = "audio/wav", "application/vnd.mozilla.opus", "text/plain"
# What Mozilla and Coqui wrote, and what an AudioSlice calls it.
KINDS = {WAV: "wav", OPUS: PACKETS, "audio/ogg;codecs=opus": "opus", "audio/vorbis": "ogg", "audio/flac": "flac"}
_LARGEST = 0xFFFFFFFF
_LENGTH, _COUNT = struct.Struct(">I"), struct.Struct(">Q")


class SampleDatabase:
    """An open .sdb: samples by number, in the order of the file. One belongs to one thread; opening is cheap."""

    def __init__(self, path: str | Path) -> None:
        """Read head and index. Raises DataError: missing, no database, cut off, without sound."""
        self.path = Path(path)
        try:
            self._file: BinaryIO = open_regular(self.path)
        except OSError as error:
            raise DataError(f"{path}: cannot read the sample database ({error.strerror})") from None
        self._size = os.fstat(self._file.fileno()).st_size
        try:
            if self._bytes(0, len(MAGIC)) != MAGIC:
                raise DataError(f"{path}: no sample database; such a file begins with {MAGIC.decode()}")
            schema_at = len(MAGIC) + _COUNT.size
            schema_size = self._number(len(MAGIC))
            if schema_size > LARGEST_PAGE:
                raise DataError(f"{path}: damaged (a schema of {schema_size} bytes); make the database again")
            self._schema = _schema(self._bytes(schema_at, schema_size), self.path)
            self._sound, self.sound_type = _column(self._schema, "speech", tuple(KINDS), self.path)
            self._text, _ = _column(self._schema, "transcript", (TEXT,), self.path, needed=False)
            samples_at = schema_at + schema_size + _COUNT.size
            index_at = samples_at + self._number(samples_at - _COUNT.size)
            count = self._number(index_at + _COUNT.size)
            offsets = self._bytes(index_at + 2 * _COUNT.size, count * _COUNT.size)
            self._offsets = struct.unpack(f">{count}Q", offsets)
        except DataError:
            self._file.close()
            raise

    def __len__(self) -> int:
        return len(self._offsets)

    @property
    def labeled(self) -> bool:
        """Whether transcripts are there."""
        return self._text is not None

    def transcript(self, number: int) -> str:
        """The transcript of a sample; "" in a database without transcripts."""
        if self._text is None:
            return ""
        at, size = self._field(number, self._text)
        try:
            return self._bytes(at, size).decode()
        except UnicodeDecodeError:
            raise DataError(f"{self.path}:{number}: the transcript is not UTF-8; make the database again") from None

    def size_bytes(self, number: int) -> int:
        """Bytes of a sample's encoded audio."""
        return self._field(number, self._sound)[1]

    def sound(self, number: int) -> tuple[Float32, int]:
        """Mono samples [N] and their rate. Raises AudioError."""
        return read_audio(self.span(number))

    def span(self, number: int) -> AudioSlice:
        """The slice of the file with a sample's encoded audio."""
        return AudioSlice(self.path, *self._field(number, self._sound), KINDS[self.sound_type], str(number))

    def samples(self) -> list[Sample]:
        """All of them, in order; they are called `FILE.sdb:NUMBER`, as in the old system."""
        samples = []
        for number in range(len(self)):
            span = self.span(number)
            samples.append(Sample(str(span), span, self.transcript(number), span.size))
        return samples

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> "SampleDatabase":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _field(self, number: int, column: int) -> tuple[int, int]:
        """Where a column of a sample begins, and its length."""
        at = self._offsets[number] + _LENGTH.size
        for _ in range(column):
            at += _LENGTH.size + self._length(at)
        return at + _LENGTH.size, self._length(at)

    def _length(self, at: int) -> int:
        return int(_LENGTH.unpack(self._bytes(at, _LENGTH.size))[0])

    def _number(self, at: int) -> int:
        return int(_COUNT.unpack(self._bytes(at, _COUNT.size))[0])

    def _bytes(self, at: int, size: int) -> bytes:
        if at + size > self._size:
            raise DataError(f"{self.path}: cut off or damaged (byte {at + size} is named, it has {self._size})")
        return read_at(self._file.fileno(), size, at)


def read_sdb(path: str | Path, labeled: bool = True) -> list[Sample]:
    """Samples of a database in its order; `labeled` demands transcripts. Raises DataError."""
    with SampleDatabase(path) as database:
        if labeled and not database.labeled:
            raise DataError(f"{path}: this database has no transcripts; they are needed here")
        return database.samples()


class SampleDatabaseWriter:
    """Writes a .sdb sample by sample; it appears under its name when the `with` block ends well, and not otherwise."""

    def __init__(self, path: str | Path, sound_type: str = OPUS, labeled: bool = True) -> None:
        self.path, self._type, self._labeled = Path(path), sound_type, labeled
        self._stack = ExitStack()
        self._offsets: list[int] = []

    def __enter__(self) -> "SampleDatabaseWriter":
        columns: list[dict[str, str]] = [{"content": "speech", "mime-type": self._type}]
        columns += [{"content": "transcript", "mime-type": TEXT}] if self._labeled else []
        schema = json.dumps({"schema": columns}).encode()
        self._file = self._stack.enter_context(atomic_open(self.path, DataError))
        self._stack.push(self._finish)
        self._file.write(MAGIC + _COUNT.pack(len(schema)) + schema)
        self._samples_at = self._file.tell() + _COUNT.size
        self._file.write(2 * _COUNT.pack(0))  # filled in at the end
        return self

    def write(self, samples: Float32, rate_hz: int, transcript: str = "") -> None:
        """Add a sample: mono sound [N] at `rate_hz`, and its transcript."""
        sound = opus_packets.encode(samples, rate_hz) if self._type == OPUS else wav_bytes(samples, rate_hz)
        self.write_coded(sound, transcript)

    def write_coded(self, sound: bytes, transcript: str = "") -> None:
        """Add a sample whose audio is already encoded in the format of this database."""
        fields = [sound, *([transcript.encode()] if self._labeled else [])]
        if sum(_LENGTH.size + len(field) for field in fields) > _LARGEST:
            raise DataError(f"{self.path}: sample {len(self._offsets)} is larger than the 4 GiB that one can have")
        entry = b"".join(_LENGTH.pack(len(field)) + field for field in fields)
        self._offsets.append(self._file.tell())
        self._file.write(_LENGTH.pack(len(entry)) + entry)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, at)

    def _finish(self, kind: object, *_: object) -> None:
        if kind is not None:
            return
        index_at, count = self._file.tell(), _COUNT.pack(len(self._offsets))
        index = count + struct.pack(f">{len(self._offsets)}Q", *self._offsets)
        self._file.write(_COUNT.pack(len(index)) + index)
        self._file.seek(self._samples_at - _COUNT.size, io.SEEK_SET)
        self._file.write(_COUNT.pack(index_at - self._samples_at) + count)


def _schema(text: bytes, path: Path) -> list[dict[str, Any]]:
    try:
        schema = parse_json(text)["schema"]
        return [{"content": str(column["content"]), "mime-type": str(column["mime-type"])} for column in schema]
    except (ValueError, KeyError, TypeError):
        raise DataError(f"{path}: the database's schema cannot be read; make the database again") from None


def _column(
    schema: list[dict[str, Any]], content: str, types: tuple[str, ...], path: Path, needed: bool = True
) -> tuple[Any, str]:
    for place, column in enumerate(schema):
        if column["content"] == content and column["mime-type"] in types:
            return place, column["mime-type"]
    if needed:
        raise DataError(f"{path}: no {content} in this database of a kind that is read here ({', '.join(types)})")
    return None, ""
