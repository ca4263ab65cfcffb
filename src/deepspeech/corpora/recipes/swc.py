"""Spoken Wikipedia: articles read by volunteers; Dutch, English, German; Ogg. CC BY-SA.

In: SWC_<Language>.tar, a folder for each article. Out: a wav file for each stretch of a sentence, and three CSVs whose
speakers differ.
"""

import csv
import shutil
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import Archive, obtain
from deepspeech.corpora.reading import truth
from deepspeech.corpora.recipe import Part, TargetDir, TextOptions, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.corpora.splits import by_speaker
from deepspeech.corpora.swc_article import UNKNOWN, cleaner, read_article
from deepspeech.datasets.formats.csv_files import COLUMNS
from deepspeech.errors import CorpusError
from deepspeech.files import atomic_open, visible

URL = "https://www2.informatik.uni-hamburg.de/nats/pub/SWC/"
LANGUAGES = ("dutch", "english", "german")


def swc(
    base_dir: TargetDir,
    language: Annotated[str, "dutch, english, german or all."] = "all",
    exclude_numbers: Annotated[str, "true or false: leave out numbers that are not written as read."] = "true",
    max_duration: Annotated[int, "Cut sentences to this length in milliseconds; 0: do not cut."] = 10000,
    ignore_too_long: Annotated[str, "true or false: drop stretches that are longer still."] = "false",
    add_meta: Annotated[bool, "Write the columns article and speaker, too."] = False,
    exclude_unknown_speakers: Annotated[bool, "Skip articles whose reader is unknown."] = False,
    exclude_unknown_articles: Annotated[bool, "Skip articles without a name."] = False,
    dutch_alphabet: Annotated[Path | None, "Do the same as --filter-alphabet, for Dutch."] = None,
    english_alphabet: Annotated[Path | None, "Do the same as --filter-alphabet, for English."] = None,
    german_alphabet: Annotated[Path | None, "Do the same as --filter-alphabet, for German."] = None,
    keep_archive: Annotated[str, "true or false: keep the archive after unpacking."] = "true",
    keep_intermediate: Annotated[str, "true or false: keep what was unpacked."] = "false",
    options: TextOptions = TextOptions(),
) -> ImportReport:
    """Fetch and prepare the Spoken Wikipedia.

    Example: deepspeech import swc corpora/swc --language german --text-language de
    """
    if language not in (*LANGUAGES, "all"):
        raise CorpusError(f"'{language}' is not in the Spoken Wikipedia Corpora; choose {', '.join(LANGUAGES)} or all")
    if language == "all" and options.text_language:
        raise CorpusError("--text-language is for one language, but all three are imported; choose one with --language")
    alphabets = {"dutch": dutch_alphabet, "english": english_alphabet, "german": german_alphabet}
    limit_s = max_duration / 1000 if truth(ignore_too_long) and max_duration > 0 else float("inf")
    drop_numbers, keep, keep_unpacked = truth(exclude_numbers), truth(keep_archive), truth(keep_intermediate)
    report = options.report("swc", english_rule=language in ("all", "dutch"))
    for one in LANGUAGES if language == "all" else (language,):
        archive = Archive(f"SWC_{one.title()}.tar", URL, f"{URL}SWC_{one.title()}.tar")
        corpus = obtain(archive, base_dir, into=base_dir / one)
        articles = [read_article(path, max_duration, drop_numbers) for path in visible(corpus, "**/aligned.swc")]
        clips, article_of = [], {}
        for article in articles:
            unnamed = (exclude_unknown_speakers and article.speaker == UNKNOWN) or (
                exclude_unknown_articles and article.name == UNKNOWN
            )
            for clip in () if unnamed else article.clips(base_dir / f"{one}-clips"):
                clips.append(clip)
                article_of[clip.wav] = (article.name, article.speaker)
        keep_characters = "ÄÖÜäöüß" if one == "german" else ""
        rules = options.rules(
            cleaner(one), max_s=limit_s, ms_per_character=30, alphabet=alphabets[one], keep=keep_characters
        )
        sets = by_speaker(clips)
        parts = [Part(base_dir / f"{one}-{name}.csv", sets[name], rules) for name in ("test", "dev", "train")]
        import_parts(report, parts, options)
        for part in parts if add_meta else ():
            _add_columns(part.csv, article_of)
        mark = base_dir / f".{archive.name}.unpacked"
        if not keep_unpacked and mark.is_file():  # do not remove what the user unpacked
            shutil.rmtree(corpus)
            mark.unlink()
        if not keep:
            (base_dir / archive.name).unlink(missing_ok=True)
    return report


def _add_columns(table: Path, article_of: dict[Path, tuple[str, str]]) -> None:
    with table.open(encoding="utf-8", newline="") as file:
        header, *rows = (row[: len(COLUMNS)] for row in csv.reader(file))
    with atomic_open(table, CorpusError, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*header, "article", "speaker"])
        writer.writerows([*row, *article_of.get(table.parent / row[0], (UNKNOWN, UNKNOWN))] for row in rows)
