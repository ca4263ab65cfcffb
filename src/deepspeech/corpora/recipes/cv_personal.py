"""Your own recordings for Common Voice, as its site hands them out on request. MP3.

In: the table, and the zip with the clips. Out: wav files and data.csv in the folder of the zip's name, beside it.
"""

from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import unpack_once
from deepspeech.corpora.engine import Clip
from deepspeech.corpora.reading import rows_of
from deepspeech.corpora.recipe import Options, Part, import_parts
from deepspeech.corpora.report import ImportReport


def cv_personal(
    tsv_file: Annotated[Path, "The table of the takeout."],
    zip_file: Annotated[Path, "The zip with its clips."],
    options: Options = Options(),
) -> ImportReport:
    """Prepare your own takeout from Common Voice."""
    clips = unpack_once(zip_file, zip_file.parent, zip_file.with_suffix(""))
    rows = rows_of(tsv_file, ("original_sentence_id", "sentence"))
    mp3s = [(clips / f"{row['original_sentence_id']}.mp3", row["sentence"]) for row in rows]
    found = [Clip(mp3, mp3.with_suffix(".wav"), sentence) for mp3, sentence in mp3s]
    return import_parts(
        options.report("cv-personal", english_rule=True), [Part(clips / "data.csv", found, options.rules())], options
    )
