"""AISHELL-1: Mandarin, 400 speakers, 16 kHz wav. Apache 2.0, OpenSLR 33.

In: data_aishell.tgz, which holds one tar.gz for each speaker. Out: three CSVs; see `nested.py`.
"""

from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import unpack_once
from deepspeech.corpora.nested import SETS, import_nested
from deepspeech.corpora.recipe import Options
from deepspeech.corpora.report import ImportReport
from deepspeech.files import visible


def aishell(
    aishell_tgz_file: Annotated[Path, "data_aishell.tgz, from https://www.openslr.org/33/."],
    target_dir: Annotated[Path | None, "Unpack and write CSVs in this folder; the archive's by default."] = None,
    options: Options = Options(),
) -> ImportReport:
    """Prepare AISHELL-1, Mandarin, from its archive.

    Example: deepspeech import aishell data_aishell.tgz --target-dir corpora/aishell
    """
    target_dir = target_dir or aishell_tgz_file.parent
    corpus = unpack_once(aishell_tgz_file, target_dir, target_dir / "data_aishell")
    packed = visible(corpus, "wav/*.tar.gz")
    listed = corpus / "transcript" / "aishell_transcript_v0.8.txt"
    # Unpacked here the sets are in wav/; the old importer put them next to it.
    sets = {name: [corpus / "wav" / name, corpus / name] for name in SETS}
    return import_nested("aishell", packed, listed, sets, target_dir, options)
