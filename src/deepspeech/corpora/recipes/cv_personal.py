"""Your own recordings for Common Voice, as its site provides them on request. MP3.

In: the table, and the zip with the clips. Out: wav files and data.csv in a folder named after the zip, next to it.
"""

from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import unpack_once
from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import tsv_rows
from deepspeech.corpora.recipe import Part, TextOptions, import_parts
from deepspeech.corpora.report import ImportReport


def cv_personal(
    tsv_file: Annotated[Path, "Read this table of the takeout."],
    zip_file: Annotated[Path, "Read this zip with its clips."],
    options: TextOptions = TextOptions(),
) -> ImportReport:
    """Prepare your own takeout from Common Voice.

    Example: deepspeech import cv-personal takeout.tsv takeout.zip --language fr
    """
    clips = unpack_once(zip_file, zip_file.parent, zip_file.with_suffix(""))
    rows = tsv_rows(tsv_file, ("original_sentence_id", "sentence"))
    found = [
        Clip(clips / f"{name}.mp3", clips / f"{name}.wav", row["sentence"], fault=row.fault)
        for row in rows
        for name in [row["original_sentence_id"]]
    ]
    return import_parts(options.report("cv-personal"), [Part(clips / "data.csv", found, options.rules())], options)
