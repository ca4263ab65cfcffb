"""TED-LIUM 2: English talks, NIST sphere files with STM transcripts. CC BY-NC-ND 3.0, OpenSLR 19.

In: TEDLIUM_release2.tar.gz. Out: a wav file for each segment and a CSV for each set. As in DeepSpeech's importer the
length of segments is not limited, transcripts are made ASCII, and segments marked not to be scored are skipped.
"""

from math import inf
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.archives import Archive, obtain
from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import lines, seconds
from deepspeech.corpora.recipe import Options, Part, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.files import visible
from deepspeech.text.labels import to_ascii

NAME = "TEDLIUM_release2"
ARCHIVE = Archive(
    f"{NAME}.tar.gz", "https://www.openslr.org/19/", f"https://www.openslr.org/resources/19/{NAME}.tar.gz"
)


def ted(
    data_dir: Annotated[Path, "Use this folder; TEDLIUM_release2.tar.gz is fetched if missing."],
    options: Options = Options(),
) -> ImportReport:
    """Fetch and prepare TED-LIUM 2, English talks.

    Example: deepspeech import ted corpora/tedlium
    """
    corpus = obtain(ARCHIVE, data_dir, NAME)
    rules = options.rules(lambda sentence: to_ascii(sentence).strip() or None, max_s=inf)
    parts = []
    for name in ("test", "dev", "train"):
        talks = visible(corpus / name / "stm", "*.stm")
        clips = [clip for talk in talks for line in lines(talk) if (clip := _clip(line, talk)) is not None]
        parts.append(Part(data_dir / f"ted-{name}.csv", clips, rules))
    return import_parts(options.report("ted"), parts, options)


def _clip(line: str, talk: Path) -> Clip | None:
    """A line of an STM file: file, channel, speaker, start, stop, labels, words."""
    row = line.split(None, 6)
    if line.startswith(";;") or row[-1] == "ignore_time_segment_in_scoring":
        return None
    source = talk.parents[1] / "sph" / f"{talk.stem}.sph"
    if len(row) < 7 or (span := seconds(row[3], row[4])) is None:
        return Clip(source, source, line, fault="the row is incomplete")
    start_s, end_s = span
    wav = talk.parents[1] / "wav" / f"{talk.stem}-{start_s}-{end_s}.wav"
    return Clip(source, wav, row[6], row[2], start_s=start_s, end_s=end_s)
