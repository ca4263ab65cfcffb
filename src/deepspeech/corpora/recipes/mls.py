"""Multilingual LibriSpeech: audio books in eight languages, Opus or FLAC. CC BY 4.0, OpenSLR 94.

In: mls_<language>_opus.tar.gz, or the folder mls_<language> of the FLAC release. Out: wav files and
MLS_{train,dev,test}.csv. (The old importer kept the Opus files, which only its own fork could read.)
"""

from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import Archive, obtain
from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import table
from deepspeech.corpora.recipe import Part, TargetDir, TextOptions, import_parts
from deepspeech.corpora.report import ImportReport, save_too_long
from deepspeech.errors import CorpusError

LANGUAGES = ("english", "german", "french", "dutch", "spanish", "italian", "portuguese", "polish")


def mls(
    target_dir: TargetDir,
    language: Annotated[str, f"Select a language: {', '.join(LANGUAGES)}.", "--language", "-l"],
    save_excluded_max_sec_to_disk: Annotated[
        Path | None, "Write the sentences of clips that are too long to this file."
    ] = None,
    options: TextOptions = TextOptions(),
) -> ImportReport:
    """Fetch and prepare a language of Multilingual LibriSpeech.

    Example: deepspeech import mls corpora/mls --language french --text-language fr
    """
    if language not in LANGUAGES:
        raise CorpusError(f"'{language}' is not in Multilingual LibriSpeech; it has {', '.join(LANGUAGES)}")
    name, corpus = f"mls_{language}_opus", target_dir / f"mls_{language}"
    if not corpus.is_dir():
        url = f"https://dl.fbaipublicfiles.com/mls/{name}.tar.gz"
        corpus = obtain(Archive(f"{name}.tar.gz", "https://www.openslr.org/94/", url), target_dir, name)
    rules = options.rules(min_s=0.85, max_s=15, ms_per_character=30)
    parts = []
    for one in ("test", "dev", "train"):
        rows = table(corpus / one / "transcripts.txt", "\t")
        clips = [_clip(row, corpus / one / "audio", target_dir / "converted" / one) for row in rows]
        parts.append(Part(target_dir / f"MLS_{one}.csv", clips, rules))
    report = import_parts(options.report("mls", english_rule=language != "english"), parts, options)
    save_too_long(report, save_excluded_max_sec_to_disk)
    return report


def _clip(row: list[str], audio: Path, wavs: Path) -> Clip:
    """4800_10003_000000 is in 4800/10003/: speaker and book."""
    stem = audio.joinpath(*row[0].split("_")[:2], row[0])
    source = next(
        (path for kind in ("opus", "flac") if (path := Path(f"{stem}.{kind}")).is_file()), Path(f"{stem}.opus")
    )
    fault = "" if len(row) == 2 else "the row is incomplete"
    return Clip(source, wavs / f"{row[0]}.wav", row[-1], row[0].split("_")[0], fault)
