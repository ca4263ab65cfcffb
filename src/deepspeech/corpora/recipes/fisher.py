"""Fisher English: telephone conversations, NIST sphere files of two channels. LDC2004S13/T19, LDC2005S13/T19.

In: the four packages unpacked in one folder, licensed by the Linguistic Data Consortium. Out: a wav file for each
turn, three CSVs: 64, 16 and 20 % of each year in order. Sphere files packed with shorten cannot be read:
convert them with `sph2pipe -f wav` and put the .wav files next to them.
"""

from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import Annotated

from deepspeech.corpora.clip import Clip
from deepspeech.corpora.reading import lines, seconds
from deepspeech.corpora.recipe import Options, Part, import_parts
from deepspeech.corpora.report import ImportReport
from deepspeech.corpora.splits import by_order
from deepspeech.errors import CorpusError
from deepspeech.files import visible
from deepspeech.text.labels import to_ascii, validate_english

YEARS = {"2004": ("LDC2004S13", "LDC2004T19"), "2005": ("LDC2005S13", "LDC2005T19")}
# Corrected transcripts; "": unusable.
CORRECTIONS = {
    "fe_03_00265-33.53-33.81": "correct",
    "fe_03_10282-344.42-344.84": "they don't want",
    "fe_03_11487-31.09-234.06": "",
}


def fisher(
    data_dir: Annotated[
        Path, "Read this folder, which contains LDC2004S13, LDC2004T19, LDC2005S13, LDC2005T19, unpacked."
    ],
    options: Options = Options(),
) -> ImportReport:
    """Prepare Fisher English, telephone conversations.

    Example: deepspeech import fisher corpora/fisher
    """
    sets: dict[str, list[Clip]] = {"test": [], "dev": [], "train": []}
    for year, (sound, text) in YEARS.items():
        for folder in (data_dir / sound, data_dir / text):
            if not folder.is_dir():
                raise CorpusError(
                    f"{folder}: there is no such folder; unpack {folder.name} of catalog.ldc.upenn.edu in it"
                )
        sounds = {path.stem: path for kind in ("sph", "wav") for path in visible(data_dir / sound, f"**/*.{kind}")}
        turns = [
            clip
            for path in visible(data_dir / text, "**/fe_*.txt")
            for clip in _turns(path, sounds, data_dir / f"fisher-{year}-split-wav")
        ]
        for name, clips in by_order(turns).items():
            sets[name] += clips
    rules = options.rules(lambda sentence: validate_english(to_ascii(sentence)), max_s=inf)
    parts = [Part(data_dir / f"fisher-{name}.csv", clips, rules) for name, clips in sets.items()]
    return import_parts(options.report("fisher"), parts, options)


def _turns(path: Path, sounds: dict[str, Path], wavs: Path) -> Iterator[Clip]:
    """Lines `start end A: words`; A speaks on the first channel, B on the second."""
    sound = sounds.get(path.stem, path.with_suffix(".sph"))
    for line in lines(path):
        if line.startswith("#"):
            continue
        start, end, side, words = [*line.split(None, 3), "", "", "", ""][:4]
        if (span := seconds(start, end)) is None or side not in ("A:", "B:"):
            yield Clip(sound, sound, line, fault="the row is incomplete")
            continue
        stem = f"{path.stem}-{span[0]}-{span[1]}"
        wav = wavs / f"{stem}-{side[0]}.wav"  # both may speak at once
        text, channel = CORRECTIONS.get(stem, words), "AB".index(side[0])
        yield Clip(sound, wav, text, path.stem + side[0], start_s=span[0], end_s=span[1], channel=channel)
