"""Att-HACK: French acted with social attitudes, 20 speakers, wav. CC BY-NC-ND 4.0, OpenSLR 88.

In: txt.tgz and wav.tgz, a text file for each recording. Out: wav files, Att-HACK_{train,dev,test}.csv drawn at random.
"""

import random
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import Archive, obtain
from deepspeech.corpora.reading import text_of
from deepspeech.corpora.recipe import Part, Sentences, TargetDir, TextOptions, converted, import_parts
from deepspeech.corpora.report import ImportReport, save_too_long
from deepspeech.corpora.splits import sample_size
from deepspeech.files import visible

HOME, URL = "https://www.openslr.org/88/", "https://www.openslr.org/resources/88/"
ROOT = "Volumes/CLEM_HDD/IRCAM/Open_SLR"


def atthack(
    target_dir: TargetDir,
    save_excluded_max_sec_to_disk: Annotated[
        Path | None, "Write the sentences of clips that are too long to this file."
    ] = None,
    options: TextOptions = TextOptions(),
) -> ImportReport:
    """Fetch and prepare Att-HACK, acted French.

    Example: deepspeech import atthack corpora/atthack --language fr
    """
    texts, wavs = (
        obtain(Archive(f"{kind}.tgz", HOME, f"{URL}{kind}.tgz"), target_dir, f"{ROOT}/{kind}")
        for kind in ("txt", "wav")
    )
    sentences = Sentences({text.stem: text_of(text)[0] for text in visible(texts, "*.txt")}, wavs)
    clips = [
        sentences.clip(wav, converted(wav, wavs, target_dir / "converted"), speaker=wav.name.split("_")[0])
        for wav in visible(wavs, "*.wav")
    ]
    clips += sentences.missing()
    mixed, size = random.Random(1).sample(clips, len(clips)), sample_size(len(clips))
    sets = {"test": mixed[:size], "dev": mixed[size : 2 * size], "train": mixed[2 * size :]}
    rules = options.rules(min_s=0.85, ms_per_character=30)
    parts = [Part(target_dir / f"Att-HACK_{name}.csv", some, rules) for name, some in sets.items()]
    report = import_parts(options.report("atthack"), parts, options)
    save_too_long(report, save_excluded_max_sec_to_disk)
    return report
