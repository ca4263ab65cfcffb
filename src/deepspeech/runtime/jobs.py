"""Jobs of batch transcription: resolves arguments to recordings and output names.

In: files, folders, patterns, or a manifest. Out: Jobs in a fixed order; a shard is every n-th, so that n machines can
divide a list without communication. Outputs are written atomically, so an existing one is complete.
"""

import glob
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Literal

from deepspeech.audio.names import SOUND_SUFFIXES, recordings
from deepspeech.audio.source import AudioSlice, AudioSource, NamedPath
from deepspeech.errors import AudioError, ConfigError, DataError
from deepspeech.files import atomic_path, visible
from deepspeech.remote.files import address, listed
from deepspeech.runtime.recording import address_of
from deepspeech.text.reading import read_text
from deepspeech.text.tables import read_table
from deepspeech.untrusted import read_named

CSV_COLUMN = "wav_filename"
_UNNAMED = "unnamed"


@dataclass(frozen=True)
class Job:
    """A recording, and its output path below the output folder, without suffix."""

    audio: AudioSource
    name: Path
    channel: int | None = None  # channel to transcribe, from 0; None: all, averaged

    @property
    def label(self) -> str:
        """Name of the recording in outputs."""
        name = str(self.audio) if isinstance(self.audio, AudioSlice) else address_of(self.audio) or str(self.audio)
        return name if self.channel is None else f"{name} channel {self.channel}"


def find(named: Iterable[str]) -> list[Job]:
    """The jobs of files, addresses, all sound files below folders, and patterns such as 'clips/**/*.flac'.

    Output paths are relative to a folder, or to the part of a pattern without wildcards. Hidden files and folders are
    skipped; recordings of unsupported formats are included, so that they are reported. Raises AudioError if a folder or
    pattern has no recording.
    """
    jobs: list[Job] = []
    for name in named:
        path = Path(name)
        if address(name):
            found = [path]
            jobs.append(Job(NamedPath(path), Path(path.stem)))
        elif path.is_dir():
            found = recordings(p for p in visible(path) if not p.is_dir())
            jobs += [Job(p, p.relative_to(path).with_suffix("")) for p in found]
        elif glob.has_magic(name) and not path.exists():
            found = sorted(p for p in map(Path, glob.glob(name, recursive=True)) if not p.is_dir())
            fixed = Path(*takewhile(lambda part: not glob.has_magic(part), path.parts))
            jobs += [Job(p, p.relative_to(fixed).with_suffix("")) for p in found]
        else:
            found = [path]
            jobs.append(Job(NamedPath(path), Path(path.stem)))
        if not found:
            raise AudioError(f"{name}: no recordings there ({', '.join(SOUND_SUFFIXES)}); check the name")
    return jobs


def read_manifest(path: Path) -> list[Job]:
    """The jobs of a list of paths, one per line, or of a DeepSpeech CSV; paths are relative to its folder.

    Outputs have the same relative paths. Raises DataError.
    """
    try:
        lines = _csv_paths(path) if path.suffix == ".csv" else map(str.strip, read_text(path).split("\n"))
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise DataError(f"{path}: the manifest cannot be read ({reason}); use one path per line, or a CSV") from None
    jobs = []
    for line in lines:
        if "\0" in line:
            raise DataError(
                f"{path}: a zero byte in {line!r:.80}, which no path holds; use one path per line, or a CSV"
            )
        if line:
            place = listed(path.parent, line, str(path)) if address(line) else ""
            jobs.append(Job(NamedPath(place) if place else path.parent / line, below(Path(line))))
    return jobs


def below(path: Path) -> Path:
    """What the output of a listed recording is called: its path without its suffix, never above the output folder."""
    parts = path.with_suffix("").parts if path.name else ()  # "/" and "." are no recordings: reading them shows it
    return Path(*[part for part in parts if part not in ("..", path.anchor)] or [_UNNAMED])


def _csv_paths(path: Path) -> list[str]:
    """The recordings that a CSV names, by the same rules as for training. Raises OSError, DataError."""
    header, rows = read_table(read_named(path), path, DataError, [CSV_COLUMN])
    place, paths = header.index(CSV_COLUMN), []
    for line, row in rows:
        if len(row) <= place or not row[place].strip():
            raise DataError(f"{path}:{line}: the row has no {CSV_COLUMN}; name the recording, or delete the row")
        paths.append(row[place])
    return paths


def of_channels(
    jobs: Iterable[Job], channel: int | Literal["each"] | None, count: Callable[[AudioSource], int]
) -> list[Job]:
    """Jobs for one channel of each recording, or "each"; with None as they are. `count` returns the number of channels.

    Outputs of every channel are named call.channel0, call.channel1.
    """
    if channel is None:
        return list(jobs)
    if channel != "each":
        return [replace(job, channel=channel) for job in jobs]
    return [
        Job(job.audio, job.name.with_name(f"{job.name.name}.channel{number}"), number)
        for job in jobs
        for number in range(count(job.audio))
    ]


def take_shard(jobs: Sequence[Job], shard: str) -> list[Job]:
    """The jobs of shard 'i/n': every n-th, from the i-th on. Raises ConfigError."""
    match = re.fullmatch(r"(\d+)/(\d+)", shard)
    number, count = map(int, match.groups()) if match else (0, 0)
    if not 1 <= number <= count:
        raise ConfigError(f"--shard is '{shard}'; write number/count, from 1/8 to 8/8 for eight")
    return list(jobs[number - 1 :: count])


def output(folder: Path, job: Job, form: str) -> Path:
    """Output path of a job in format `form`."""
    return folder / job.name.with_name(f"{job.name.name}.{form}")


def apart(jobs: Iterable[Job]) -> list[Job]:
    """Make output names unique, by adding suffix or folder to those that recordings share.

    Call it before taking a shard, so that all shards use the same names. Raises ConfigError.
    """
    jobs, sharing = list(jobs), defaultdict[Path, set[Path]](set)
    for job in jobs:
        sharing[job.name].add(_path(job.audio))
    names = {name: _names(name, sorted(paths)) for name, paths in sharing.items()}
    renamed = [replace(job, name=names[job.name][_path(job.audio)]) for job in jobs]
    owner: dict[Path, Job] = {}
    for job in renamed:
        other = owner.setdefault(job.name, job)
        if _path(other.audio) != _path(job.audio):
            raise ConfigError(
                f"{other.audio} and {job.audio} would have the same output; move them to different folders"
            )
    return renamed


def _names(name: Path, paths: Sequence[Path]) -> dict[Path, Path]:
    """Unique names for recordings that share one: talk.mp3 and talk.wav, mon/audio and tue/audio, or both."""
    common = os.path.commonpath([path.parent for path in paths])
    inside = [path.relative_to(common) if path.name else Path(_UNNAMED) for path in paths]
    with_suffix = [name.with_name(name.name + path.suffix) for path in paths]
    choices = ([name], with_suffix, [path.with_suffix("") for path in inside], inside)
    return dict(zip(paths, next(names for names in choices if len(set(names)) == len(paths)), strict=True))


def _path(audio: AudioSource) -> Path:
    return Path(os.path.abspath(audio.file / audio.inside if isinstance(audio, AudioSlice) else audio))


def to_do(jobs: Sequence[Job], folder: Path, forms: str | Sequence[str], overwrite: bool = False) -> list[Job]:
    """The jobs without complete output in each of `forms`, or with `overwrite` all; one per output."""
    forms = [forms] if isinstance(forms, str) else forms
    once = {job.name: job for job in reversed(jobs)}

    def is_done(job: Job) -> bool:
        return all(is_whole(output(folder, job, form)) for form in forms)

    return [job for job in jobs if job is once[job.name] and (overwrite or not is_done(job))]


def is_whole(path: Path) -> bool:
    """Whether an output exists and ends with a line break."""
    try:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"
    except OSError:  # missing, or empty
        return False


def write(path: Path, text: str) -> None:
    """Write an output atomically. Raises DataError.

    It has at least one line, also for silence, which marks it as complete. Bytes of a recording's name that are not
    UTF-8 are escaped as in JSON and Python (\\udcff).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{path.parent}: the folder cannot be created ({error.strerror}); choose another") from None
    with atomic_path(path, DataError) as partial:
        partial.write_text(text or "\n", encoding="utf-8", errors="backslashreplace")
