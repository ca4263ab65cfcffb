"""Jobs of bulk transcription: what a person names → recordings and the names of their outputs.

In: files, folders, patterns, or a manifest. Out: Jobs in a fixed order, of which a shard takes every n-th, so that n
machines share a list without talking. An output is written whole or not at all, so what is there is done.
"""

import csv
import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deepspeech.audio.span import Place, name_by_user
from deepspeech.errors import AudioError, ConfigError, DataError
from deepspeech.files import whole_file

SOUND_SUFFIXES = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3")
CSV_COLUMN = "wav_filename"


@dataclass(frozen=True)
class Job:
    """A recording, and what its output is called below the output folder, without a suffix."""

    audio: Place
    name: Path


def find(named: Iterable[str]) -> list[Job]:
    """The jobs of files, of all sound files below folders, and of patterns such as 'clips/**/*.flac'.

    Outputs of a folder lie as its recordings do. Raises AudioError where a folder or pattern holds no recording.
    """
    jobs: list[Job] = []
    for name in named:
        path = Path(name)
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.suffix.lower() in SOUND_SUFFIXES and p.is_file())
            jobs += [Job(p, p.relative_to(path).with_suffix("")) for p in found]
        elif glob.has_magic(name) and not path.exists():
            found = sorted(p for p in map(Path, glob.glob(name, recursive=True)) if p.is_file())
            jobs += [Job(p, Path(p.stem)) for p in found]
        else:
            found = [path]
            name_by_user(path)
            jobs.append(Job(path, Path(path.stem)))
        if not found:
            raise AudioError(f"{name}: no recordings there ({', '.join(SOUND_SUFFIXES)}); check the name")
    return jobs


def read_manifest(path: Path) -> list[Job]:
    """The jobs of a list of paths, one a line, or of a DeepSpeech CSV; relative ones are looked up beside it.

    Outputs lie as the paths say. Raises DataError.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = list(_csv_paths(file, path)) if path.suffix == ".csv" else [line.strip() for line in file]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: the manifest cannot be read ({error}); give a path a line, or a CSV") from None
    jobs = []
    for line in lines:
        if line:
            parts = [part for part in Path(line).with_suffix("").parts if part not in ("..", Path(line).anchor)]
            jobs.append(Job(path.parent / line, Path(*parts)))
    return jobs


def _csv_paths(file: Iterable[str], path: Path) -> Iterator[str]:
    rows = csv.DictReader(file)
    if CSV_COLUMN not in (rows.fieldnames or ()):
        raise DataError(f"{path}: the CSV has no column {CSV_COLUMN}; name one that has, or a list with a path a line")
    for row in rows:
        yield row[CSV_COLUMN]


def take_shard(jobs: Sequence[Job], shard: str) -> list[Job]:
    """Of `jobs` those of a shard 'i/n': every n-th, from the i-th on. Raises ConfigError."""
    match = re.fullmatch(r"(\d+)/(\d+)", shard)
    number, count = map(int, match.groups()) if match else (0, 0)
    if not 1 <= number <= count:
        raise ConfigError(f"--shard is '{shard}'; give its number and how many there are, from 1/8 to 8/8 for eight")
    return list(jobs[number - 1 :: count])


def output(folder: Path, job: Job, form: str) -> Path:
    """Where a job's result in the format `form` lies."""
    return folder / job.name.with_name(f"{job.name.name}.{form}")


def check_outputs(jobs: Iterable[Job]) -> None:
    """Raises ConfigError where two recordings would write the same output."""
    seen: dict[Path, Place] = {}
    for job in jobs:
        other = seen.setdefault(job.name, job.audio)
        if other is not job.audio:
            raise ConfigError(f"{other} and {job.audio} would have the same output; give them folders of their own")


def to_do(jobs: Sequence[Job], folder: Path, form: str, overwrite: bool = False) -> list[Job]:
    """The jobs that have no whole output yet; with `overwrite` all. Raises ConfigError where two would share one."""
    check_outputs(jobs)
    return [job for job in jobs if overwrite or not is_whole(output(folder, job, form))]


def is_whole(path: Path) -> bool:
    """Whether an output is there to its last line."""
    try:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"
    except OSError:  # missing, or empty
        return False


def write(path: Path, text: str) -> None:
    """Write an output; it appears whole under its name, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")
