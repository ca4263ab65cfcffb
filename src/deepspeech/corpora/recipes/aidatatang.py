"""aidatatang_200zh: Mandarin, 600 speakers, 16 kHz wav. CC BY-NC-ND 4.0, OpenSLR 62.

In: aidatatang_200zh.tgz, which holds one tar.gz for each speaker. Out: three CSVs; the recordings stay as they are.
Transcripts are kept as written; only the training set has a longest clip, as in DeepSpeech's importer.
"""

from math import inf
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import unpack_all, unpack_once
from deepspeech.corpora.reading import table
from deepspeech.corpora.recipe import Options, Part, Sentences, converted, import_parts, verbatim
from deepspeech.corpora.report import ImportReport


def aidatatang(
    tgz_file: Annotated[Path, "aidatatang_200zh.tgz, from https://www.openslr.org/62/."],
    target_dir: Annotated[Path | None, "Folder to unpack in and for the CSVs; by default the archive's."] = None,
    options: Options = Options(),
) -> ImportReport:
    """Prepare aidatatang_200zh, Mandarin, from its archive."""
    target_dir = target_dir or tgz_file.parent
    corpus = unpack_once(tgz_file, target_dir, target_dir / "aidatatang_200zh")
    packed = sorted(corpus.glob("corpus/*/*.tar.gz"))
    unpack_all(packed, [archive.parent for archive in packed])
    listed = table(corpus / "transcript" / "aidatatang_200_zh_transcript.txt")
    sentences = Sentences({row[0]: row[-1] for row in listed if len(row) == 2}, corpus / "corpus")
    train, held_out = options.rules(verbatim), options.rules(verbatim, max_s=inf)
    parts = []
    for name in ("test", "dev", "train"):
        folder = corpus / "corpus" / name
        clips = [
            sentences.clip(wav, converted(wav, folder, target_dir / "converted" / name), speaker=wav.parent.name)
            for wav in sorted(folder.glob("*/*.wav"))
        ]
        clips += sentences.missing() if name == "train" else []
        parts.append(Part(target_dir / f"aidatatang_{name}.csv", clips, train if name == "train" else held_out))
    return import_parts(options.report("aidatatang"), parts, options)
