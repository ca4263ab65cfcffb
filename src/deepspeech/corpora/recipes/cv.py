"""Common Voice, release 1: English, MP3. CC0. Later releases: `deepspeech import cv2`.

In: cv_corpus_v1.tar.gz with a table cv-valid-train.csv and its like for each set. Out: wav files next to the MP3 files,
a CSV of the table's name for each.
"""

from deepspeech.corpora.archives import Archive, obtain
from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import csv_rows
from deepspeech.corpora.recipe import Options, Part, TargetDir, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.files import visible

NAME = "cv_corpus_v1"
ARCHIVE = Archive(
    f"{NAME}.tar.gz",
    "https://mozilladatacollective.com (later releases; the first one is kept in archives)",
    f"https://s3.us-east-2.amazonaws.com/common-voice-data-download/{NAME}.tar.gz",
)


def cv(target_dir: TargetDir, options: Options = Options()) -> ImportReport:
    """Fetch and prepare the first Common Voice, English.

    Example: deepspeech import cv corpora/cv
    """
    corpus = obtain(ARCHIVE, target_dir, NAME)
    parts = []
    for table in visible(corpus, "*.csv"):
        rows = csv_rows(table, ("filename", "text"))
        mp3s = [(corpus / row["filename"], row["text"]) for row in rows]
        clips = [Clip(mp3, mp3.with_suffix(".wav"), text) for mp3, text in mp3s]
        parts.append(Part(target_dir / table.name, clips, options.rules()))
    return import_parts(options.report("cv"), parts, options)
