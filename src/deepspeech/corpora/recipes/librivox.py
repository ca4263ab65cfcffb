"""LibriSpeech: English audio books, 2484 speakers, 16 kHz FLAC. CC BY 4.0, OpenSLR 12.

In: up to seven archives; speaker/chapter/…flac and one list *.trans.txt per chapter. Out: wav files and a CSV for each
archive. Transcripts are only lower-cased and made ASCII, and length is not limited, as in DeepSpeech's importer.
"""

from math import inf
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import Archive, obtain
from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import table
from deepspeech.corpora.recipe import Options, Part, Sentences, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.files import visible
from deepspeech.text.labels import to_ascii

HOME = "https://www.openslr.org/12/"
URL = "https://www.openslr.org/resources/12/"
SETS = "train-clean-100,train-clean-360,train-other-500,dev-clean,dev-other,test-clean,test-other"


def librivox(
    data_dir: Annotated[Path, "Use this folder; missing archives are fetched (55 GB)."],
    sets: Annotated[str, "Select archives, separated by commas."] = SETS,
    options: Options = Options(),
) -> ImportReport:
    """Fetch and prepare LibriSpeech, English audio books.

    Example: deepspeech import librivox corpora/librispeech --sets train-clean-100,dev-clean,test-clean
    """
    rules = options.rules(lambda sentence: to_ascii(sentence).lower().strip() or None, max_s=inf)
    parts = []
    for name in sets.split(","):
        archive = Archive(f"{name}.tar.gz", HOME, f"{URL}{name}.tar.gz")
        folder = obtain(archive, data_dir, f"LibriSpeech/{name}")
        wavs = folder.with_name(f"{name}-wav")
        clips = [clip for chapter in visible(folder, "*/*") if chapter.is_dir() for clip in _chapter(chapter, wavs)]
        parts.append(Part(data_dir / f"librivox-{name}.csv", clips, rules))
    return import_parts(options.report("librivox"), parts, options)


def _chapter(chapter: Path, wavs: Path) -> list[Clip]:
    rows = [row for trans in visible(chapter, "*.trans.txt") for row in table(trans, " ")]
    sentences = Sentences({row[0]: row[-1] for row in rows if len(row) == 2}, chapter)
    clips = [
        sentences.clip(flac, wavs / f"{flac.stem}.wav", speaker=chapter.parent.name)
        for flac in visible(chapter, "*.flac")
    ]
    return clips + sentences.missing()
