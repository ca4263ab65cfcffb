"""Switchboard-1: telephone conversations, American English, NIST sphere files of two channels. LDC97S62.

In: swb1_LDC97S62.tgz, licensed by the Linguistic Data Consortium, and the transcripts of OpenSLR 5, which are fetched.
Out: a wav file for each turn, three CSVs: 64, 16 and 20 % in order.
"""

from math import inf
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import Archive, obtain
from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import lines, seconds
from deepspeech.corpora.recipe import Options, Part, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.corpora.splits import by_order
from deepspeech.files import visible
from deepspeech.text.labels import to_ascii, validate_english

SOUND = Archive("swb1_LDC97S62.tgz", "https://catalog.ldc.upenn.edu/LDC97S62")
WORDS = "switchboard_word_alignments.tar.gz"
TEXT = Archive(WORDS, "https://www.openslr.org/5/", f"https://www.openslr.org/resources/5/{WORDS}")


def swb(
    data_dir: Annotated[Path, "Read this folder with swb1_LDC97S62.tgz, or with its content, LDC97S62."],
    options: Options = Options(),
) -> ImportReport:
    """Prepare Switchboard-1, telephone conversations.

    Example: deepspeech import swb corpora/switchboard
    """
    corpus = obtain(SOUND, data_dir, into=data_dir / "LDC97S62")
    texts = obtain(TEXT, corpus, "swb_ms98_transcriptions")
    sounds = {path.stem: path for kind in ("sph", "wav") for path in visible(corpus, f"swb1_d*/**/*.{kind}")}
    turns = [_turn(line, path, sounds, corpus) for path in visible(texts, "**/*-trans.text") for line in lines(path)]
    rules = options.rules(lambda sentence: validate_english(to_ascii(sentence)), max_s=inf)
    sets = by_order(turns)
    parts = [Part(corpus / f"swb-{name}.csv", sets[name], rules) for name in ("test", "dev", "train")]
    return import_parts(options.report("swb"), parts, options)


def _turn(line: str, path: Path, sounds: dict[str, Path], corpus: Path) -> Clip:
    """`sw2001A-ms98-a-0004 9.8 12.4 words` is on the first channel of sw02001.sph, side B on the second."""
    name = f"sw0{path.stem[2:6]}"
    sound = sounds.get(name, corpus / "swb1_d1" / f"{name}.sph")
    row = line.split(None, 3)
    if len(row) < 4 or (span := seconds(row[1], row[2])) is None or path.stem[6:7] not in ("A", "B"):
        return Clip(sound, sound, line, fault="the row is incomplete")
    (start_s, end_s), side = span, path.stem[6]
    wav = corpus / "split-wav" / f"{path.stem}-{start_s}-{end_s}.wav"
    return Clip(sound, wav, row[3], name + side, start_s=start_s, end_s=end_s, channel="AB".index(side))
