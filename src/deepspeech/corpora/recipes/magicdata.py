"""MAGICDATA: Mandarin, 1080 speakers, 16 kHz wav. CC BY-NC-ND 4.0, OpenSLR 68.

In: a folder with magicdata_{train,dev,test}_set.tar.gz (or the sets unpacked). Out: three CSVs. Cut-off recordings
are dropped; from the training set also clips over 10 s and those with [FIL] or [SPK], as in DeepSpeech's importer.
"""

import re
from math import inf
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import Archive, obtain
from deepspeech.corpora.reading import lines
from deepspeech.corpora.recipe import Options, Part, Sentences, converted, import_parts, verbatim
from deepspeech.corpora.report import ImportReport
from deepspeech.files import visible

NOISE = re.compile(r"\[(FIL|SPK)\]")


def magicdata(
    folder_with_archives: Annotated[Path, "Read this folder with magicdata_{train,dev,test}_set.tar.gz (OpenSLR 68)."],
    target_dir: Annotated[Path | None, "Unpack and write CSVs in this folder; magicdata in it by default."] = None,
    options: Options = Options(),
) -> ImportReport:
    """Prepare MAGICDATA, Mandarin, from its archives.

    Example: deepspeech import magicdata corpora/magicdata
    """
    target_dir = target_dir or folder_with_archives / "magicdata"
    parts = []
    for name in ("test", "dev", "train"):
        archive = Archive(f"magicdata_{name}_set.tar.gz", "https://www.openslr.org/68/")
        folder = obtain(archive, folder_with_archives, name, target_dir)
        rows = [line.split("\t") for line in lines(folder / "TRANS.txt")[1:]]  # file, speaker, sentence
        sentences = Sentences({row[0]: row[-1] for row in rows if len(row) == 3}, folder)
        clips = [
            sentences.clip(wav, converted(wav, folder, target_dir / "converted" / name), wav.name, wav.parent.name)
            for wav in visible(folder, "*/*.wav")
        ]
        clips += sentences.missing()
        rules = options.rules(quiet) if name == "train" else options.rules(verbatim, max_s=inf)
        parts.append(Part(target_dir / f"magicdata_{name}.csv", clips, rules))
    return import_parts(options.report("magicdata"), parts, options)


def quiet(sentence: str) -> str | None:
    """The sentence unchanged; None if it has a noise mark."""
    return None if NOISE.search(sentence) else verbatim(sentence)
