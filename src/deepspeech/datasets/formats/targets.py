"""Targets: write samples one by one to a data set file, atomically.

In: samples with encoded audio. Out: a CSV or JSON lines with a folder of audio files, a .sdb, or a tar archive.
"""

import csv
import io
import json
import tarfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Protocol

from deepspeech.datasets.formats.csv_files import COLUMNS, CsvWriter
from deepspeech.datasets.formats.jsonl_files import JsonlWriter
from deepspeech.datasets.formats.sdb import KINDS, SampleDatabaseWriter
from deepspeech.datasets.formats.tar_files import LISTING
from deepspeech.datasets.sample import Sample
from deepspeech.errors import ConfigError, DataError
from deepspeech.files import atomic_open, partial_folder

LISTS, ARCHIVES = (".csv", ".jsonl", ".json"), (".tar", ".tar.gz", ".tgz")
SUFFIXES = (*LISTS, ".sdb", *ARCHIVES)


class Target(Protocol):
    """What `convert` writes to."""

    def write(self, sample: Sample, sound: bytes | None, kind: str) -> None:
        """Add a sample with audio `sound` in format `kind`, such as wav; None: the audio stays in its file."""


class ListTarget:
    """A CSV or JSON lines file, and a folder of the same name for audio passed as bytes."""

    def __init__(self, path: Path, labeled: bool = True, absolute: bool = False, speakers: bool = False) -> None:
        self._list: CsvWriter | JsonlWriter = (
            CsvWriter(path, absolute, speakers) if path.suffix.lower() == ".csv" else JsonlWriter(path, labeled)
        )
        self._folder = path.with_suffix("")
        self._stack, self._count = ExitStack(), 0

    def __enter__(self) -> "ListTarget":
        self._list.__enter__()
        try:
            self._partial = self._stack.enter_context(partial_folder(self._folder))
        except OSError as error:
            self._list.__exit__(type(error), error, None)
            raise DataError(f"{self._folder}: cannot be written ({error.strerror})") from None
        return self

    def write(self, sample: Sample, sound: bytes | None, kind: str) -> None:
        if sound is not None:
            name = f"sample{self._count:08d}.{kind}"
            if self._folder.exists():
                raise DataError(
                    f"{self._folder}: already exists, and audio would be written there; remove or rename it"
                )
            try:
                (self._partial / name).write_bytes(sound)
            except OSError as error:
                raise DataError(f"{self._folder / name}: cannot be written ({error.strerror}); free space") from None
            sample = replace(sample, audio=self._folder / name, size_bytes=len(sound))
        self._list.write(sample)
        self._count += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None and any(self._partial.iterdir()):
                self._partial.rename(self._folder)
            self._list.__exit__(kind, error, at)
        except OSError as failure:
            self._list.__exit__(type(failure), failure, None)
            raise DataError(f"{self._folder}: cannot be written ({failure.strerror})") from None
        finally:
            self._stack.close()


class SdbTarget:
    """A sample database; all audio has one format."""

    def __init__(self, path: Path, kind: str, labeled: bool = True) -> None:
        mime = next(mime for mime, known in KINDS.items() if known == kind)
        self._database = SampleDatabaseWriter(path, mime, labeled)

    def __enter__(self) -> "SdbTarget":
        self._database.__enter__()
        return self

    def write(self, sample: Sample, sound: bytes | None, kind: str) -> None:
        assert sound is not None, "a database holds its sounds"
        self._database.write_coded(sound, sample.transcript)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._database.__exit__(kind, error, at)


class TarTarget:
    """A tar archive, compressed where its name ends in gz.

    Members are `sample00000000.wav` and `sample00000000.txt`, and a .json where the speaker is known: WebDataset's way.
    With `listing` they are the old data_set_tool's: `samples/sample00000000.wav` and last `samples.csv`.
    """

    def __init__(self, path: Path, labeled: bool = True, listing: bool = False, include: Sequence[Path] = ()) -> None:
        """`include`: files to put into the archive first, under their own names."""
        self.path, self._labeled, self._listing, self._include = path, labeled, listing, include
        self._stack = ExitStack()
        self._rows: list[tuple[str, ...]] = [COLUMNS if labeled else COLUMNS[:2]]
        self._count = 0

    def __enter__(self) -> "TarTarget":
        file = self._stack.enter_context(atomic_open(self.path, DataError))
        self._stack.push(self._finish)
        zipped = self.path.suffix.lower() in (".gz", ".tgz")
        self._archive = tarfile.open(fileobj=file, mode="w:gz" if zipped else "w")
        for extra in self._include:
            try:
                self._add(extra.name, extra.read_bytes())
            except OSError as error:
                raise DataError(f"{extra}: cannot be read ({error.strerror})") from None
        return self

    def write(self, sample: Sample, sound: bytes | None, kind: str) -> None:
        assert sound is not None, "an archive holds its sounds"
        name = f"sample{self._count:08d}"
        self._count += 1
        if self._listing:
            self._add(f"samples/{name}.{kind}", sound)
            row = (f"samples/{name}.{kind}", str(len(sound)), sample.transcript)
            self._rows.append(row if self._labeled else row[:2])
            return
        self._add(f"{name}.{kind}", sound)
        if self._labeled:
            self._add(f"{name}.txt", sample.transcript.encode())
        if sample.speaker:
            facts = {"transcript": sample.transcript} if self._labeled else {}
            facts["speaker"] = sample.speaker
            self._add(f"{name}.json", json.dumps(facts, ensure_ascii=False).encode())

    def _add(self, name: str, content: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        self._archive.addfile(member, io.BytesIO(content))
        self._archive.members = []  # type: ignore[attr-defined] # it would keep all of them

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, at)

    def _finish(self, kind: object, *_: object) -> None:
        if kind is not None:
            return
        if self._listing:
            text = io.StringIO(newline="")
            csv.writer(text, lineterminator="\n").writerows(self._rows)
            self._add(LISTING, text.getvalue().encode())
        self._archive.close()


def suffix_of(path: Path) -> str:
    """The suffix of a target, one of SUFFIXES. Raises ConfigError."""
    name = path.name.lower()
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            return suffix
    raise ConfigError(f"{path}: a data set's name must end in {', '.join(SUFFIXES)}")
