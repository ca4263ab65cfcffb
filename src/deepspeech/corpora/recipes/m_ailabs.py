"""M-AILABS: audio books in nine languages, 16 kHz wav. Free for all uses if its notice is kept.

In: de_DE.tgz, fr_FR.tgz …, in each book a list metadata.csv (name|text|spelled out) and wavs/. Out: three CSVs, 8:1:1.
"""

from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import Archive, obtain
from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import lines
from deepspeech.corpora.recipe import Part, TargetDir, TextOptions, converted, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.corpora.splits import by_tens
from deepspeech.files import visible

HOME = "https://github.com/imdatceleste/m-ailabs-dataset"
URL = "http://www.caito.de/data/Training/stt_tts/"


def m_ailabs(
    target_dir: TargetDir,
    language: Annotated[
        str, "Which archive: de_DE, en_UK, en_US, es_ES, fr_FR, it_IT, pl_PL, ru_RU, uk_UK.", "--language"
    ],
    skiplist: Annotated[str, "Skip books or readers: parts of their paths, separated by commas."] = "",
    options: TextOptions = TextOptions(),
) -> ImportReport:
    """Fetch and prepare a language of the M-AILABS audio books.

    Example: deepspeech import m-ailabs corpora/m-ailabs --language fr_FR --text-language fr
    """
    name = f"{language}.tgz"
    corpus = obtain(Archive(name, HOME, URL + name), target_dir, into=target_dir / language)
    left_out = [part for part in skiplist.split(",") if part]
    clips = []
    for metadata in visible(corpus, "**/metadata.csv"):
        if not any(part in str(metadata.relative_to(corpus)) for part in left_out):
            clips += [_clip(line, metadata.parent, corpus) for line in lines(metadata)]
    sets, rules = by_tens(clips), options.rules(max_s=15, ms_per_character=30)
    parts = [Part(corpus / f"{language}_{name}.csv", sets[name], rules) for name in ("test", "dev", "train")]
    return import_parts(options.report("m-ailabs", english_rule=language[:2] != "en"), parts, options)


def _clip(line: str, book: Path, corpus: Path) -> Clip:
    name, *texts = line.split("|")
    wav = book / "wavs" / f"{name}.wav"
    fault = "" if texts else "the row is incomplete"
    return Clip(
        wav, converted(wav, corpus, corpus / "converted"), texts[-1] if texts else line, book.parent.name, fault
    )
