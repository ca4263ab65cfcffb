"""JSON lines data sets in NVIDIA NeMo's format: one object per line with audio_filepath, text, duration.

Format: docs/formats/jsonl.md. Audio paths are relative to the file's folder, or absolute.
"""

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any

from deepspeech.audio.source import AudioSlice
from deepspeech.datasets.formats.csv_files import written
from deepspeech.datasets.sample import Sample
from deepspeech.errors import DataError
from deepspeech.files import atomic_open
from deepspeech.remote.files import address
from deepspeech.untrusted import is_number, open_regular, parse_json


def read_jsonl(path: str | Path, labeled: bool = True) -> list[Sample]:
    """Samples in the order of the lines; `labeled` demands a text in each. Raises DataError with file and line."""
    path = Path(path)
    try:
        with open_regular(path) as file:
            lines = file.read().decode("utf-8-sig").split("\n")
    except OSError as error:
        raise DataError(f"{path}: cannot read the data set ({error.strerror}); name a file of JSON lines") from None
    except UnicodeDecodeError:
        raise DataError(f"{path}: not UTF-8 text; save it as UTF-8") from None
    return [_sample(line, path, number, labeled) for number, line in enumerate(lines, 1) if line.strip()]


def _sample(line: str, path: Path, number: int, labeled: bool) -> Sample:
    where = f"{path}:{number}"
    try:
        row = parse_json(line)
    except ValueError as error:
        raise DataError(f"{where}: not JSON ({error}); each line must be one complete object") from None
    if not isinstance(row, dict):
        raise DataError(f'{where}: not an object; write {{"audio_filepath": …, "text": …}}')
    name, text = row.get("audio_filepath"), row.get("text", "")
    if not isinstance(name, str) or not name or "\0" in name:
        raise DataError(f"{where}: audio_filepath is missing or no path; name a sound file or remove the line")
    if not isinstance(text, str) or (labeled and "text" not in row):
        raise DataError(f"{where}: text is missing or not a string; add the transcript")
    if row.get("offset") is not None:
        raise DataError(f"{where}: names a part of a recording (offset); cut them first: deepspeech import nemo")
    if address(name):
        raise DataError(f"{where}: {name} is an address; JSON lines refer to local files")
    audio = path.parent / name
    size_bytes, duration_s = _number(row, "audio_filesize", where), _number(row, "duration", where)
    speaker = row.get("speaker")
    return Sample(str(audio), audio, text, int(size_bytes or 0), "" if speaker is None else str(speaker), duration_s)


def _number(row: dict[str, Any], key: str, where: str) -> float | None:
    value = row.get(key)
    if value is None:
        return None
    if not is_number(value):
        raise DataError(f"{where}: {key} is no number from 0 on; correct it or leave it out")
    return float(value)


class JsonlWriter:
    """Writes JSON lines atomically: the file appears when the `with` block ends without an error.

    Audio below the file's folder is written relative to it, other audio with its absolute path.
    """

    def __init__(self, path: str | Path, labeled: bool = True) -> None:
        self.path, self._labeled = Path(path), labeled
        self._folder = Path(os.path.abspath(self.path.parent))
        self._whole = atomic_open(self.path, DataError, "w", encoding="utf-8", newline="\n")

    def __enter__(self) -> "JsonlWriter":
        self._file = self._whole.__enter__()
        return self

    def write(self, sample: Sample) -> None:
        """Add one line."""
        if isinstance(sample.audio, AudioSlice):
            raise DataError(f"{sample.audio}: JSON lines refer to whole files; use deepspeech data convert")
        place = Path(os.path.abspath(sample.audio))
        inside = place.is_relative_to(self._folder)
        row: dict[str, object] = {
            "audio_filepath": place.relative_to(self._folder).as_posix() if inside else str(place),
            "audio_filesize": sample.size_bytes,
        }
        row |= {"text": sample.transcript} if self._labeled else {}
        row |= {"duration": sample.duration_s} if sample.duration_s is not None else {}
        row |= {"speaker": sample.speaker} if sample.speaker else {}
        self._file.write(written(json.dumps(row, ensure_ascii=False) + "\n", self.path))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._whole.__exit__(kind, error, at)
