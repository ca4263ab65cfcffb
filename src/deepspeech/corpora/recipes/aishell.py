"""AISHELL-1: Mandarin, 400 speakers, 16 kHz wav. Apache 2.0, OpenSLR 33.

In: data_aishell.tgz, which holds one tar.gz for each speaker. Out: three CSVs; the recordings stay as they are.
Transcripts are kept as written; only the training set has a longest clip, as in DeepSpeech's importer.
"""

from math import inf
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import unpack_all, unpack_once
from deepspeech.corpora.reading import table
from deepspeech.corpora.recipe import Options, Part, Sentences, converted, import_parts, verbatim
from deepspeech.corpora.report import ImportReport


def aishell(
    aishell_tgz_file: Annotated[Path, "data_aishell.tgz, from https://www.openslr.org/33/."],
    target_dir: Annotated[Path | None, "Folder to unpack in and for the CSVs; by default the archive's."] = None,
    options: Options = Options(),
) -> ImportReport:
    """Prepare AISHELL-1, Mandarin, from its archive."""
    target_dir = target_dir or aishell_tgz_file.parent
    corpus = unpack_once(aishell_tgz_file, target_dir, target_dir / "data_aishell")
    packed = sorted(corpus.glob("wav/*.tar.gz"))
    unpack_all(packed, [archive.parent for archive in packed])
    listed = table(corpus / "transcript" / "aishell_transcript_v0.8.txt")
    sentences = Sentences({row[0]: row[-1] for row in listed if len(row) == 2}, corpus / "wav")
    train, held_out = options.rules(verbatim), options.rules(verbatim, max_s=inf)
    parts = []
    for name in ("test", "dev", "train"):
        # Unpacked here the sets lie in wav/; the old importer put them beside it.
        folder = next((f for f in (corpus / "wav" / name, corpus / name) if f.is_dir()), corpus / "wav" / name)
        clips = [
            sentences.clip(wav, converted(wav, folder, target_dir / "converted" / name), speaker=wav.parent.name)
            for wav in sorted(folder.glob("S*/*.wav"))
        ]
        clips += sentences.missing() if name == "train" else []
        parts.append(Part(target_dir / f"aishell_{name}.csv", clips, train if name == "train" else held_out))
    return import_parts(options.report("aishell"), parts, options)
