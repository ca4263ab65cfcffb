"""Your own recordings for Common Voice, as its site hands them out on request. MP3.

In: the table, and the zip with the clips. Out: wav files and data.csv in the folder of the zip's name, beside it.
"""

import csv
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import unpack_once
from deepspeech.corpora.engine import Clip
from deepspeech.corpora.recipe import Options, Part, import_parts, read_text
from deepspeech.corpora.report import ImportReport
from deepspeech.errors import CorpusError

COLUMNS = ("original_sentence_id", "sentence")


def cv_personal(
    tsv_file: Annotated[Path, "The table of the takeout."],
    zip_file: Annotated[Path, "The zip with its clips."],
    options: Options = Options(),
) -> ImportReport:
    """Prepare your own takeout from Common Voice."""
    clips = unpack_once(zip_file, zip_file.parent, zip_file.with_suffix(""))
    rows = list(csv.DictReader(read_text(tsv_file).splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    for column in COLUMNS:
        if rows and column not in rows[0]:
            raise CorpusError(f"{tsv_file}: there is no column {column}; its columns are {', '.join(rows[0])}")
    mp3s = [(clips / f"{row['original_sentence_id']}.mp3", row["sentence"] or "") for row in rows]
    found = [Clip(mp3, mp3.with_suffix(".wav"), sentence) for mp3, sentence in mp3s]
    return import_parts(
        options.report("cv-personal", english_rule=True), [Part(clips / "data.csv", found, options.rules())], options
    )
