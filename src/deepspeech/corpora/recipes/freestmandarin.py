"""Free ST Chinese Mandarin Corpus: 855 speakers, 102 600 sentences, 16 kHz wav. CC BY-NC-ND 4.0, OpenSLR 38.

In: ST-CMDS-20170001_1-OS.tar.gz, a .txt next to each .wav. Out: three CSVs; recordings and transcripts stay as they
are. 5000 clips each are drawn for dev and test, the same as by DeepSpeech's importer.
"""

from math import inf
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import unpack_once
from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import text_of
from deepspeech.corpora.recipe import Options, Part, converted, import_parts, verbatim
from deepspeech.corpora.report import ImportReport
from deepspeech.corpora.splits import at_random
from deepspeech.files import visible


def freestmandarin(
    tgz_file: Annotated[Path, "Read ST-CMDS-20170001_1-OS.tar.gz, from https://www.openslr.org/38/."],
    target_dir: Annotated[Path | None, "Unpack and write CSVs in this folder; the archive's by default."] = None,
    options: Options = Options(),
) -> ImportReport:
    """Prepare the Free ST Chinese Mandarin Corpus.

    Example: deepspeech import freestmandarin ST-CMDS-20170001_1-OS.tar.gz --target-dir corpora/freestmandarin
    """
    target_dir = target_dir or tgz_file.parent
    corpus = unpack_once(tgz_file, target_dir, target_dir / "ST-CMDS-20170001_1-OS")
    names = sorted({path.with_suffix("") for path in visible(corpus, "*") if path.suffix in (".wav", ".txt")})
    clips = [_clip(name, converted(name.with_suffix(".wav"), corpus, target_dir / "converted")) for name in names]
    train, held_out = options.rules(verbatim), options.rules(verbatim, max_s=inf)
    sets = at_random(clips, 5000, seed=12345)
    csv = "freestmandarin_{}.csv"
    parts = [Part(target_dir / csv.format(name), sets[name], held_out) for name in ("test", "dev")]
    parts.append(Part(target_dir / csv.format("train"), sets["train"], train))
    return import_parts(options.report("freestmandarin"), parts, options)


def _clip(name: Path, wav: Path) -> Clip:
    speaker = name.name[:14]  # 20170001P00001A0001: session P00001, channel A
    text, fault = text_of(name.with_suffix(".txt"))
    return Clip(name.with_suffix(".wav"), wav, text, speaker, fault)
