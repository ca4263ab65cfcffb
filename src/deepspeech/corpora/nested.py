"""Mandarin corpora of OpenSLR with an archive per speaker: AISHELL-1 and aidatatang_200zh.

In: paths of the inner archives, the sets and the table of sentences. Out: three CSVs; recordings are not changed.
Sentences are kept as written; the length limit applies to the training set only, as in DeepSpeech's importers.
"""

from collections.abc import Mapping
from math import inf
from pathlib import Path

from deepspeech.corpora.archives import unpack_all
from deepspeech.corpora.reading import table
from deepspeech.corpora.recipe import Options, Part, Sentences, converted, import_parts, verbatim
from deepspeech.corpora.report import ImportReport
from deepspeech.files import visible

SETS = ("test", "dev", "train")


def import_nested(
    name: str, packed: list[Path], listed: Path, sets: Mapping[str, list[Path]], target_dir: Path, options: Options
) -> ImportReport:
    """Unpack the archives `packed` in place and import SPEAKER/*.wav of each set.

    `listed`: the sentences, name and sentence per line; `sets`: candidate folders of each set, most likely first.
    """
    unpack_all(packed, [archive.parent for archive in packed])
    transcripts = {row[0]: row[-1] for row in table(listed) if len(row) == 2}
    sentences = Sentences(transcripts, sets["train"][0].parent)
    train, held_out = options.rules(verbatim), options.rules(verbatim, max_s=inf)
    parts = []
    for one in SETS:
        folder = next((place for place in sets[one] if place.is_dir()), sets[one][0])
        clips = [
            sentences.clip(wav, converted(wav, folder, target_dir / "converted" / one), speaker=wav.parent.name)
            for wav in visible(folder, "*/*.wav")
        ]
        clips += sentences.missing() if one == "train" else []
        parts.append(Part(target_dir / f"{name}_{one}.csv", clips, train if one == "train" else held_out))
    return import_parts(options.report(name), parts, options)
