"""TrainingSpeech: French audio books, wav. CC0.

In: its release of 2019-04-11 as a zip, with a table data.csv (path, duration, text). Out: wav files, three CSVs by
tens.
"""

import re
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import Archive, obtain
from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import csv_rows
from deepspeech.corpora.recipe import Options, Part, TargetDir, converted, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.corpora.splits import by_tens
from deepspeech.text.labels import to_ascii, validate_english

RELEASE = "2019-04-11_fr_FR"
ARCHIVE = Archive(
    f"ts_{RELEASE}.zip",
    "https://github.com/nicolaspanel/TrainingSpeech",
    f"https://s3.eu-west-3.amazonaws.com/audiocorp/releases/{RELEASE}.zip",
)
PUNCTUATION = re.compile(r"[°\-,;!?.()\[\]*…—\s]+")


def ts(
    target_dir: TargetDir,
    english_compatible: Annotated[bool, "Replace accented letters with ASCII letters."] = False,
    options: Options = Options(),
) -> ImportReport:
    """Fetch and prepare TrainingSpeech, French audio books.

    Example: deepspeech import ts corpora/ts
    """
    corpus = obtain(ARCHIVE, target_dir, into=target_dir / f"ts_{RELEASE}")
    rows = csv_rows(corpus / "data.csv", ("path", "text"))
    clips = [_clip(corpus / row["path"], row["text"], corpus) for row in rows]
    rules = options.rules(lambda text: clean(text, english_compatible), max_s=15)
    sets = by_tens(clips)
    parts = [Part(target_dir / f"ts_{RELEASE}_{name}.csv", sets[name], rules) for name in ("test", "dev", "train")]
    return import_parts(options.report("ts"), parts, options)


def _clip(source: Path, text: str, corpus: Path) -> Clip:
    return Clip(source, converted(source, corpus, corpus / "converted"), text)


def clean(text: str, plain: bool = False) -> str | None:
    """A sentence of the books without its punctuation, by the rule for English; `plain`: without accents."""
    text = PUNCTUATION.sub(" ", text.replace("’", "'"))
    return validate_english(to_ascii(text) if plain else text)
