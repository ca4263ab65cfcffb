"""Common Voice, Spontaneous Speech: answers in the speaker's own words, any language, MP3. CC0.

In: sps-corpus-<release>-<language>.tar.gz of the Mozilla Data Collective, or its unpacked folder:
ss-corpus-<language>.tsv and audios/. Out: wav files, and train.csv, dev.csv, test.csv and unassigned.csv (transcribed,
not yet validated). Marks such as [disfluency] are taken out of the transcripts. Layout: releases 1 to 5,
github.com/common-voice/cv-dataset.
"""

import re
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import tsv_rows
from deepspeech.corpora.recipe import Part, TextOptions, import_parts, unpacked
from deepspeech.corpora.report import ImportReport
from deepspeech.errors import CorpusError
from deepspeech.files import visible

MARK = re.compile(r"\[[^\]]*\]")


def cv_spontaneous(
    corpus: Annotated[Path, "Read this folder of one language, with ss-corpus-….tsv and audios; or its .tar.gz."],
    options: TextOptions = TextOptions(),
) -> ImportReport:
    """Prepare a language of Common Voice's Spontaneous Speech.

    Example: deepspeech import cv-spontaneous sps-corpus-5.0-fr.tar.gz --language fr
    """
    corpus = unpacked(corpus, "ss-corpus-*.tsv")
    tables = visible(corpus, "ss-corpus-*.tsv")
    if not tables:
        raise CorpusError(f"{corpus}: no ss-corpus-….tsv in it; name the unpacked folder of one language")
    sets: dict[str, list[Clip]] = {"test": [], "dev": [], "train": [], "unassigned": []}
    for row in tsv_rows(tables[0], ("audio_file", "transcription")):
        mp3 = corpus / "audios" / row["audio_file"]
        fault = row.fault or ("" if row["transcription"].strip() else "nobody has transcribed it yet")
        sentence = MARK.sub(" ", row["transcription"])
        clip = Clip(mp3, corpus / "wavs" / f"{mp3.stem}.wav", sentence, row["client_id"], fault)
        sets.get(row["split"], sets["unassigned"]).append(clip)
    rules = options.rules(max_s=30)
    parts = [Part(corpus / f"{name}.csv", clips, rules) for name, clips in sets.items() if clips]
    return import_parts(options.report("cv-spontaneous"), parts, options)
