"""A table of recordings and their texts, as a spreadsheet saves it.

In: a CSV with a header; commas, semicolons or tabs; UTF-8, UTF-16 or, as Excel writes it, CP1252: both are found.
Paths of recordings are absolute or relative to the table's folder. Out: wav files, NAME-clips.csv; or with --split
train.csv, dev.csv and test.csv, 8:1:1, that share no sentence.
"""

from pathlib import Path
from typing import Annotated

from deepspeech.corpora.clip import Clip
from deepspeech.corpora.recipe import Part, TextOptions, import_parts, typed_english
from deepspeech.corpora.report import ImportReport
from deepspeech.corpora.splits import SentenceSplit, by_sentence
from deepspeech.errors import CorpusError
from deepspeech.text.reading import guessed
from deepspeech.text.tables import NO_VALUE, read_header, read_rows
from deepspeech.untrusted import read_named

AUDIO = ("wav_filename", "audio", "file", "file_name", "filename", "path", "audio_filepath", "recording")
TEXTS = ("transcript", "sentence", "text", "transcription", "sentences")
SPEAKERS = ("speaker", "speaker_id", "client_id")
SEPARATORS = {"tab": "\t", "\\t": "\t", "semicolon": ";", "comma": ","}


def csv(
    table: Annotated[Path, "Read this table, with a header."],
    target_dir: Annotated[Path | None, "Write CSVs and wav files to this folder; the table's by default."] = None,
    audio_column: Annotated[str, f"Read paths from this column; by default the first of {', '.join(AUDIO)}."] = "",
    text_column: Annotated[str, f"Read sentences from this column; by default the first of {', '.join(TEXTS)}."] = "",
    speaker_column: Annotated[str, f"Read speakers from this column; by default {', '.join(SPEAKERS)}, if any."] = "",
    delimiter: Annotated[str, "Separate columns here: , ; | or tab; found in the header by default."] = "",
    audio_dir: Annotated[Path | None, "Resolve relative paths from this folder; the table's by default."] = None,
    split: SentenceSplit = False,
    options: TextOptions = TextOptions(),
) -> ImportReport:
    """Prepare the recordings of a table, such as one of Excel.

    Example: deepspeech import csv recordings.csv --text-column phrase --language fr --split
    """
    text, encoding = _read(table)
    folder = target_dir or table.parent
    columns = _columns(text, table, delimiter, audio_column, text_column, speaker_column)
    clips = _clips(text, table, columns, audio_dir or table.parent, folder / f"{table.stem}-wavs")
    rules = options.rules(typed_english, max_s=30)
    sets = by_sentence(clips, rules.validate) if split else {f"{table.stem}-clips": clips}
    report = options.report("csv")
    if encoding != "UTF-8":
        report.notes.append(f"{table}: read as {encoding}.")
    return import_parts(
        report, [Part(folder / f"{name}.csv", some, rules) for name, some in sets.items() if some], options
    )


def _read(table: Path) -> tuple[str, str]:
    try:
        text, encoding = guessed(read_named(table))
    except OSError as error:
        raise CorpusError(f"{table}: cannot be read ({error.strerror}); name a CSV file") from None
    if "\0" in text:
        raise CorpusError(f"{table}: not a table of text; save it as CSV")
    return text, encoding


def _columns(text: str, table: Path, delimiter: str, audio: str, sentence: str, speaker: str) -> tuple[str, ...]:
    """(separators to try, names of the columns of audio, sentence and speaker, the last perhaps empty)."""
    separators = SEPARATORS.get(delimiter, delimiter) or ",;\t|"
    if delimiter and len(separators) != 1:
        raise CorpusError(f"--delimiter {delimiter}: write one character, or tab")
    header, separator, _ = read_header(text, [one for one in (audio, sentence, speaker) if one], separators)
    lower = {name.lower(): name for name in header}
    found = []
    for option, asked, usual in (
        ("--audio-column", audio, AUDIO), ("--text-column", sentence, TEXTS), ("--speaker-column", speaker, SPEAKERS),
    ):  # fmt: skip
        name = next((lower[one] for one in (usual if not asked else (asked.lower(),)) if one in lower), "")
        if not name and (asked or option != "--speaker-column"):
            raise CorpusError(f"{table}: name its column with {option}; its columns are {', '.join(header) or 'none'}")
        found.append(name)
    return (separator, *found)


def _clips(text: str, table: Path, columns: tuple[str, ...], folder: Path, wavs: Path) -> list[Clip]:
    separator, audio, sentence, speaker = columns
    header, rows = read_rows(text, table, CorpusError, (audio, sentence), separator)
    clips = []
    for line, row in rows:
        fields = dict(zip(header, [*row, *[""] * len(header)], strict=False))
        name = fields[audio].strip()
        said = "" if fields[sentence] in NO_VALUE else fields[sentence]
        if not name:
            place = Path(f"{table.name}:{line}")
            clips.append(Clip(place, place, said, fault="the row names no recording"))
            continue
        sound = folder / name
        if "\\" in name and not sound.exists():
            sound = folder / name.replace("\\", "/")  # as written on Windows
        wav = wavs / f"{line - 1:07}-{sound.stem}.wav"
        clips.append(Clip(sound, wav, said, fields[speaker] if speaker else "", numbered=True))
    return clips
