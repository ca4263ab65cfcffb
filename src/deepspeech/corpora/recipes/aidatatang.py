"""aidatatang_200zh: Mandarin, 600 speakers, 16 kHz wav. CC BY-NC-ND 4.0, OpenSLR 62.

In: aidatatang_200zh.tgz, which holds one tar.gz for each speaker. Out: three CSVs; see `nested.py`.
"""

from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import unpack_once
from deepspeech.corpora.nested import SETS, import_nested
from deepspeech.corpora.recipe import Options
from deepspeech.corpora.report import ImportReport
from deepspeech.files import visible


def aidatatang(
    tgz_file: Annotated[Path, "aidatatang_200zh.tgz, from https://www.openslr.org/62/."],
    target_dir: Annotated[Path | None, "Unpack and write CSVs in this folder; the archive's by default."] = None,
    options: Options = Options(),
) -> ImportReport:
    """Prepare aidatatang_200zh, Mandarin, from its archive.

    Example: deepspeech import aidatatang aidatatang_200zh.tgz --target-dir corpora/aidatatang
    """
    target_dir = target_dir or tgz_file.parent
    corpus = unpack_once(tgz_file, target_dir, target_dir / "aidatatang_200zh")
    packed = visible(corpus, "corpus/*/*.tar.gz")
    listed = corpus / "transcript" / "aidatatang_200_zh_transcript.txt"
    sets = {name: [corpus / "corpus" / name] for name in SETS}
    return import_nested("aidatatang", packed, listed, sets, target_dir, options)
