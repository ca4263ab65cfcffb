"""A downloaded Hugging Face data set: Parquet files, or recordings with metadata.csv or metadata.jsonl.

In: a downloaded repository. Out: wav files, a CSV for each split. Layouts: huggingface.co/docs, "Create an audio
dataset". Folders of `save_to_disk` (.arrow) are not read: export them with `to_parquet`.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from deepspeech.corpora.clip import Clip
from deepspeech.corpora.parquet import ParquetClips
from deepspeech.corpora.reading import csv_rows, json_object, lines, sentence_of, speaker_of
from deepspeech.corpora.recipe import Clips, Part, TextOptions, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.errors import CorpusError
from deepspeech.files import visible

TEXTS = ("sentence", "transcription", "transcript", "text", "normalized_text", "raw_transcription")
SPEAKERS = ("speaker_id", "client_id", "speaker")
SPLIT = re.compile(r"(train|dev|validation|valid|test)(?![a-z])")


def huggingface(
    path: Annotated[Path, "Read this folder of a data set, or one of its Parquet files."],
    target_dir: Annotated[Path | None, "Write CSVs and wav files to this folder; the data set's by default."] = None,
    text_column: Annotated[str, f"Read sentences from this column; by default the first of {', '.join(TEXTS)}."] = "",
    audio_column: Annotated[str, "Read recordings from this column of Parquet files."] = "audio",
    options: TextOptions = TextOptions(),
) -> ImportReport:
    """Prepare a data set in one of Hugging Face's layouts.

    Example: deepspeech import huggingface datasets/minds14 --target-dir corpora/minds14 --language fr
    """
    home = path if path.is_dir() else path.parent
    target_dir, rules, texts = target_dir or home, options.rules(max_s=30), (text_column,) if text_column else TEXTS
    found = [path] if path.is_file() else visible(path, "**/*.parquet") or visible(path, "**/metadata.*")
    sets: dict[str, list[Path]] = {}
    for file in found:
        sets.setdefault(split_of(file.relative_to(home)), []).append(file)
    parts = []
    for name, files in sets.items():
        wavs, clips = target_dir / f"{name}-wavs", list[Clip]()
        packed = [file for file in files if file.suffix == ".parquet"]
        for file in files if not packed else ():
            clips += _listed(file, wavs, texts)
        some: Clips = ParquetClips(packed, wavs, audio_column, texts, SPEAKERS) if packed else clips
        parts.append(Part(target_dir / f"{name}.csv", some, rules))
    return import_parts(options.report("huggingface"), parts, options)


def split_of(path: Path) -> str:
    """The set that a file belongs to, by its name or by a folder's: data/validation-00000-of-00001.parquet is dev."""
    for part in (path.name, *reversed(path.parts[:-1])):
        if match := SPLIT.match(part.lower()):
            return {"validation": "dev", "valid": "dev"}.get(match.group(1), match.group(1))
    return "train"  # the default of `datasets`


def _listed(metadata: Path, wavs: Path, texts: tuple[str, ...]) -> Iterator[Clip]:
    """Rows of metadata.csv or metadata.jsonl: file_name counts from its folder."""
    rows = _rows(metadata)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = next((name for name in texts if name in columns), None)
    if rows and ("file_name" not in columns or text is None):
        raise CorpusError(
            f"{metadata}: there is no file_name, or none of {', '.join(texts)}; it has {', '.join(columns)}: "
            "name the column of the sentences with --text-column"
        )
    for number, row in enumerate(rows, 1):
        name, speaker = row.get("file_name"), next((row[name] for name in SPEAKERS if row.get(name)), "")
        sentence, fault = sentence_of(row.get(text or ""))
        if not isinstance(name, str) or not name:
            name, fault = "?", "the row names no recording"
        sound = metadata.parent / name
        wav = wavs / f"{number:07}-{sound.stem}.wav"
        yield Clip(sound, wav, sentence, speaker_of(speaker), fault, numbered=True)


def _rows(metadata: Path) -> list[dict[str, Any]]:
    if metadata.suffix == ".csv":
        return list[dict[str, Any]](csv_rows(metadata, ("file_name",)))
    if metadata.suffix != ".jsonl":
        raise CorpusError(f"{metadata}: only metadata.csv, metadata.jsonl and Parquet files are read; convert it")
    return [json_object(line) or {} for line in lines(metadata)]
