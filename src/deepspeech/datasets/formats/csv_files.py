"""DeepSpeech's CSV data sets: columns wav_filename, wav_filesize and transcript, found by name.

Format: the importers and `util/sample_collections.py` of DeepSpeech 0.9.3. Audio paths are relative to the
CSV's folder, or absolute, or URLs (`s3://…`). A CSV may itself be stored at a URL; the audio is downloaded by
`examine_all`.
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

from deepspeech.audio.source import AudioSlice
from deepspeech.datasets.sample import Sample
from deepspeech.errors import DataError
from deepspeech.files import atomic_open
from deepspeech.remote.files import address, beside, fetch, landing, listed, parent
from deepspeech.text.reading import decode, guessed
from deepspeech.text.tables import NO_VALUE, read_rows, read_table
from deepspeech.untrusted import read_named

_NEEDS_QUOTES = re.compile('[,"\r\n]')
COLUMNS = ("wav_filename", "wav_filesize", "transcript")
SPEAKER_COLUMNS = ("speaker", "speaker_id", "client_id")  # the first one found; 0.9.3 had none


def read_csv(path: str | Path, labeled: bool = True) -> list[Sample]:
    """Samples of a CSV in the order of its rows; `labeled` demands a transcript column.

    Raises DataError that names file, line and column. Audio is not checked.
    """
    place = address(path) or Path(path)
    try:
        content = read_named(fetch(place))
    except OSError as error:
        raise DataError(f"{place}: cannot read the data set ({error.strerror}); name a CSV file") from None
    return list(_samples(content, place, labeled))


def listed_names(path: Path) -> set[int]:
    """Hashes of the file names in a CSV as they are written there; none if there is no such list."""
    try:
        text = decode(read_named(path), path, DataError)
        header, rows = read_rows(text, path, DataError, COLUMNS[:1])
        column = header.index(COLUMNS[0])
        return {hash(row[column]) for _, row in rows if len(row) > column}
    except (OSError, DataError):
        return set()


def write_csv(path: str | Path, rows: Iterable[Sample]) -> int:
    """Write samples as a CSV and return how many. See CsvWriter."""
    with CsvWriter(path) as writer:
        for row in rows:
            writer.write(row)
    return writer.rows


class CsvWriter:
    """Writes a CSV row by row, atomically: the file appears when the `with` block ends without an error.

    Audio below the CSV's folder is written relative to it, so that both can move together; other audio is
    written with its absolute path, with `absolute` all of it. `speakers` adds a column of that kind; `more` adds
    columns that readers ignore.
    """

    def __init__(
        self, path: str | Path, absolute: bool = False, speakers: bool = False, more: tuple[str, ...] = ()
    ) -> None:
        self.path = Path(path)
        self.rows = 0
        self._speakers, self._more = speakers, more
        self._folder = None if absolute else os.path.join(os.path.abspath(self.path.parent), "")
        self._whole = atomic_open(self.path, DataError, "w", encoding="utf-8", newline="")

    def __enter__(self) -> "CsvWriter":
        self._file = self._whole.__enter__()
        self._file.write(",".join([*COLUMNS, *SPEAKER_COLUMNS[: self._speakers], *self._more]) + "\n")
        return self

    def write(self, sample: Sample, *more: str) -> str:
        """Add one row, with the values of the columns `more`; returns how it names its file."""
        if isinstance(sample.audio, AudioSlice):
            raise DataError(f"{sample.audio}: a CSV refers to whole files; use deepspeech data convert")
        name = self._name(sample.audio)
        others = "".join(f",{_field(value)}" for value in ((sample.speaker,) if self._speakers else ()) + more)
        row = f"{_field(name)},{sample.size_bytes},{_field(sample.transcript)}{others}\n"
        self._file.write(written(row, self.path))
        self.rows += 1
        return name

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._whole.__exit__(kind, error, at)

    def _name(self, audio: Path) -> str:
        place = os.path.abspath(audio)
        if self._folder is not None and place.startswith(self._folder):
            return place[len(self._folder) :].replace(os.sep, "/")
        return place


def written(text: str, where: Path) -> str:
    """Check that `text` is valid UTF-8; file names may not be. Raises DataError."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise DataError(f"{where}: cannot hold {text!r:.200}, which is not UTF-8; rename that file") from None
    return text


def _field(text: str) -> str:
    """`text` as a field. Python's own writer leaves a lone carriage return bare, and readers end a row there."""
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text


def _samples(content: bytes, path: str | Path, labeled: bool) -> Iterator[Sample]:
    if not guessed(content[:8])[0]:
        raise DataError(f"{path}: the file is empty; a data set begins with the line {','.join(COLUMNS)}")
    needed = (COLUMNS[0], COLUMNS[2]) if labeled else COLUMNS[:1]
    header, rows = read_table(content, path, DataError, needed)
    audio, size, transcript = (header.index(name) if name in header else -1 for name in COLUMNS)
    speaker = next((header.index(name) for name in SPEAKER_COLUMNS if name in header), -1)
    folder = parent(path)
    for line, row in rows:
        where = f"{path}:{line}"
        if len(row) <= max(audio, size, transcript):
            raise DataError(f"{where}: {len(row)} columns, but the header names {len(header)}; complete the row")
        name = _audio_name(row[audio], folder, where)
        size_bytes = _size_bytes(row[size], where) if size >= 0 else 0
        speaks = row[speaker] if -1 < speaker < len(row) else ""
        yield Sample(name, landing(name), row[transcript] if transcript >= 0 else "", size_bytes, speaks)


def _audio_name(name: str, folder: str, where: str) -> str:
    if not name or "\0" in name:
        raise DataError(f"{where}: wav_filename is empty or no path; name a sound file or remove the row")
    place = listed(folder, name, where)
    if "\\" in name and os.sep != "\\" and not address(place) and not os.path.exists(place):
        return beside(folder, name.replace("\\", "/"))  # as written on Windows
    return place


def _size_bytes(text: str, where: str) -> int:
    try:
        return int(float(text)) if text and text not in NO_VALUE else 0  # tables edited with pandas may say 1234.0
    except (ValueError, OverflowError):
        raise DataError(f"{where}: wav_filesize is '{text}'; it must be a number of bytes, or empty") from None
