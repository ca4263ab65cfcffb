"""Lingua Libre: single words, any language, Ogg or wav. CC BY-SA or freer, by speaker.

In: Q<number>-<code>-<Name>.zip of a language, a file for each word, named by it. Out: wav files next to them, three
CSVs, 8:1:1.
"""

import re
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import Archive, obtain
from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import lines
from deepspeech.corpora.recipe import Part, TargetDir, TextOptions, converted, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.corpora.splits import by_tens
from deepspeech.files import visible

HOME = "https://lingualibre.org/datasets/"


def lingua_libre(
    target_dir: TargetDir,
    qid: Annotated[int, "Select the language by its number at Lingua Libre: 21 is French.", "--qId", "--qid"],
    iso639_3: Annotated[str, "Select the language by its ISO 639-3 code: fra.", "--iso639-3"],
    english_name: Annotated[str, "Select the language by its English name: French.", "--english-name"],
    bogus_records: Annotated[
        Path | None, "Skip paths that match a regular expression of this file, one per line."
    ] = None,
    options: TextOptions = TextOptions(),
) -> ImportReport:
    """Fetch and prepare words of a language of Lingua Libre.

    Example: deepspeech import lingua-libre corpora/words --qid 21 --iso639-3 fra --english-name French --language fr
    """
    name = f"Q{qid}-{iso639_3}-{english_name}"
    corpus = obtain(Archive(f"{name}.zip", HOME, f"{HOME}{name}.zip"), target_dir, name, target_dir / "lingua_libre")
    bogus = [re.compile(line) for line in lines(bogus_records)] if bogus_records else []
    words = [path for path in visible(corpus) if path.suffix.lower() in (".ogg", ".wav", ".flac", ".mp3")]
    clips = [
        Clip(word, converted(word, corpus, target_dir / "converted" / name), word.stem, word.parent.name)
        for word in words
        if not any(pattern.match(word.relative_to(corpus).as_posix()) for pattern in bogus)
    ]
    sets, csv = by_tens(clips), f"lingua_libre_{name}_{{}}.csv"
    parts = [Part(target_dir / csv.format(one), sets[one], options.rules()) for one in ("test", "dev", "train")]
    return import_parts(options.report("lingua-libre", english_rule=iso639_3 != "eng"), parts, options)
