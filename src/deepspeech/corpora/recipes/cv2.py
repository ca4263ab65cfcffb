"""Common Voice, any language, releases 2 to today's. CC0.

In: the unpacked folder of a language: tables train.tsv, dev.tsv, test.tsv, validated.tsv, other.tsv and the
MP3 files in clips/. Out: wav files and CSVs in clips/. Tables differ from release to release (27 is of 2026); three
columns are used, by name. The rules are those of DeepSpeech's `bin/import_cv2.py`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.clip import Clip, WavNames
from deepspeech.corpora.engine import Rules, import_set
from deepspeech.corpora.reading import tsv_rows
from deepspeech.corpora.recipe import TextOptions, unpacked
from deepspeech.corpora.report import ImportReport, SetReport
from deepspeech.datasets.formats.csv_files import CsvWriter
from deepspeech.datasets.sample import Sample
from deepspeech.errors import CorpusError
from deepspeech.files import visible

# test and dev first: train-all.csv, derived from validated, excludes their clips.
SETS = ("test", "dev", "train", "validated", "other")
HELD_OUT = ("test", "dev")


def cv2(
    tsv_dir: Annotated[Path, "Read this folder of one language, with train.tsv and clips/, or its .tar.gz."],
    audio_dir: Annotated[Path | None, "Read clips from this folder; clips/ next to the tables by default."] = None,
    options: TextOptions = TextOptions(),
) -> ImportReport:
    """Prepare a language of Common Voice.

    Converts its clips to 16 kHz wav files and writes a CSV for each set. Drops, counts and lists clips that cannot be
    read, whose sentence cannot be used, that have less than 20 milliseconds per character, or that are longer than
    10 seconds. Run an interrupted command again to resume it.

    Example: deepspeech import cv2 cv-corpus/fr --language fr
    """
    tsv_dir = unpacked(tsv_dir, "*.tsv")
    tables = _tables(tsv_dir)
    audio_dir = audio_dir or tsv_dir / "clips"
    if not audio_dir.is_dir():
        raise CorpusError(f"{audio_dir}: there is no such folder; name the folder of the clips with --audio-dir")
    rules, workers = options.rules(), options.workers
    report, held_out, names = options.report("cv2"), HeldOut(), WavNames()
    for name, table in tables.items():
        report.sets.append(SetReport(name, audio_dir / f"{name}.csv", rules.max_s))
        if name == "validated":
            report.derived.append(_import_validated(table, rules, report.sets[-1], workers, held_out, names))
        else:
            each = held_out.add if name in HELD_OUT else _ignore
            import_set(read_table(table, audio_dir), _rows(table), rules, report.sets[-1], workers, each, names)
    absent = [f"{tsv_dir / name}.tsv does not exist: this set was skipped." for name in SETS if name not in tables]
    report.notes = absent + report.notes
    return report


def read_table(table: Path, audio_dir: Path) -> Iterator[Clip]:
    """The clips of a table, in its order. Columns are found by name; a sentence may hold quote characters."""
    for row in tsv_rows(table, ("path", "sentence")):
        if row.fault or not row["path"]:
            sentence = "\t".join(row.fields.values()).strip()
            yield Clip(row.place, row.place, sentence, fault=row.fault or "the row is incomplete")
            continue
        mp3 = audio_dir / (row["path"] if row["path"].lower().endswith(".mp3") else f"{row['path']}.mp3")
        yield Clip(mp3, mp3.with_suffix(".wav"), row["sentence"], row["client_id"])


class HeldOut:
    """Speakers and transcripts of the development and test sets, which must not be trained on."""

    def __init__(self) -> None:
        self._speakers: set[str] = set()
        self._transcripts: set[str] = set()

    def add(self, sample: Sample) -> None:
        self._transcripts.add(sample.transcript)
        if sample.speaker:
            self._speakers.add(sample.speaker)

    def __contains__(self, sample: Sample) -> bool:
        return sample.speaker in self._speakers or sample.transcript in self._transcripts


def _import_validated(
    table: Path, rules: Rules, counts: SetReport, workers: int, held_out: HeldOut, names: WavNames
) -> tuple[Path, int]:
    """Import validated.tsv, and the part of it that may be trained on as train-all.csv; returns its path and rows."""
    audio_dir = counts.csv.parent
    with CsvWriter(audio_dir / "train-all.csv", speakers=True) as train_all:

        def each(sample: Sample) -> None:
            if sample not in held_out:
                train_all.write(sample)

        import_set(read_table(table, audio_dir), _rows(table), rules, counts, workers, each, names)
    return train_all.path, train_all.rows


def _ignore(sample: Sample) -> None:
    pass


def _rows(table: Path) -> int:
    """About how many rows a table has, for the progress line."""
    with table.open("rb") as file:
        return max(sum(1 for _ in file) - 1, 0)


def _tables(tsv_dir: Path) -> dict[str, Path]:
    """The existing tables, by set. Raises CorpusError that names the folder probably meant."""
    tables = {name: tsv_dir / f"{name}.tsv" for name in SETS if (tsv_dir / f"{name}.tsv").is_file()}
    if tables:
        return tables
    if not tsv_dir.is_dir():
        raise CorpusError(f"{tsv_dir}: there is no such folder; name the unpacked folder of one language")
    near = [tsv_dir.absolute().parent, *visible(tsv_dir, "*/"), *visible(tsv_dir, "*/*/")]
    meant = [str(folder) for folder in near if any((folder / f"{name}.tsv").is_file() for name in SETS)]
    hint = f"did you mean {' or '.join(meant[:3])}?" if meant else "name the unpacked folder of one language"
    raise CorpusError(f"{tsv_dir}: no {', '.join(f'{name}.tsv' for name in SETS)} in it; {hint}")
