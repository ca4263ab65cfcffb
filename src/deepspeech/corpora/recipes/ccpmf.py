"""CCPMF: conferences at the French ministry of finance, 2012 to 2020, MP3 with XML transcripts. Licence Ouverte.

In: the zip of data.economie.gouv.fr, or its 40 parts .zip.001 …, or what they hold. Out: a wav file for each stretch of
0.85 to 10 s, three CSVs, 8:1:1. Numbers are spelled out.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from deepspeech.corpora.archives import Archive, obtain, unpack_once
from deepspeech.corpora.clip import Clip
from deepspeech.corpora.french import spell_out
from deepspeech.corpora.reading import read_xml, seconds
from deepspeech.corpora.recipe import Options, Part, TargetDir, import_parts, joined
from deepspeech.corpora.report import ImportReport
from deepspeech.corpora.splits import by_tens
from deepspeech.errors import CorpusError
from deepspeech.files import atomic_open, visible
from deepspeech.progress import Progress
from deepspeech.text.labels import validate_english

NAME = "transcriptionsXML_audioMP3_MEFR_CCPMF_2012-2020"
ARCHIVE = Archive(
    f"{NAME.lower()}_2.zip", f"https://data.economie.gouv.fr/explore/dataset/{NAME.lower()}/ (all 40 parts)"
)
MAX_S, PAUSE_S = 10.0, 1.0
TAG = re.compile(r"\[end\]")


def ccpmf(target_dir: TargetDir, options: Options = Options()) -> ImportReport:
    """Prepare the conferences of the French ministry of finance.

    Example: deepspeech import ccpmf corpora/ccpmf
    """
    corpus, packed = target_dir / NAME, target_dir / ARCHIVE.name
    if packed.is_file() or not corpus.is_dir():
        _join(visible(target_dir, f"{ARCHIVE.name}.[0-9]*"), packed)
    if packed.is_file() or not corpus.is_dir():
        inner = obtain(ARCHIVE, target_dir, into=corpus) / f"{NAME}.zip"
        if inner.is_file():
            unpack_once(inner, target_dir, corpus)
    mp3s = visible(corpus, "**/*.mp3")
    decoded = Progress(len(mp3s), "decoding", "recordings").over(mp3s)
    clips = [clip for mp3 in decoded for clip in _stretches(mp3, corpus)]
    sets, rules = by_tens(clips), options.rules(clean, min_s=0.85, max_s=MAX_S)
    parts = [Part(corpus / f"ccpmf_{name}.csv", sets[name], rules) for name in ("test", "dev", "train")]
    return import_parts(options.report("ccpmf"), parts, options)


def clean(sentence: str) -> str | None:
    """The spoken form of the sentence, by the rule for English."""
    return validate_english(spell_out(TAG.sub("", sentence)))


def _stretches(mp3: Path, corpus: Path) -> Iterator[Clip]:
    """Rows of a transcript, merged up to 10 s, unless a second of pause separates them."""
    same_day = [path for path in visible(corpus, "**/*.xml") if path.stem.split("_")[0] == mp3.stem.split("_")[0]]
    if not same_day:
        yield Clip(mp3, mp3, "", fault="the corpus has no transcript for it")
        return
    described = max(same_day, key=lambda path: _alike(path.stem, mp3.stem))
    tree, rows = read_xml(described), []
    for row in tree.iter("row") if tree is not None else ():
        if span := seconds(row.get("timestamp", ""), row.get("timedur", "")):
            rows.append((*span, row.text or ""))
    if tree is None:
        yield Clip(mp3, mp3, "", fault="its transcript cannot be read")
    stretches: list[tuple[float, float, str]] = []
    for start_s, duration_s, text in rows:
        end_s = start_s + duration_s
        if stretches and start_s - stretches[-1][1] < PAUSE_S and end_s - stretches[-1][0] < MAX_S:
            begun_s, _, before = stretches.pop()
            stretches.append((begun_s, end_s, f"{before} {text}"))
        else:
            stretches.append((start_s, end_s, text))
    sound = joined([mp3], corpus / "converted" / f"{mp3.stem}.wav")
    for number, (start_s, end_s, text) in enumerate(stretches):
        wav = corpus / "converted" / described.stem / f"{mp3.stem}_{number:06}.wav"
        yield Clip(sound, wav, text, start_s=start_s, end_s=end_s)


def _alike(one: str, other: str) -> int:
    """Number of name parts that agree."""
    return sum(a == b for a, b in zip(one.split("_"), other.split("_"), strict=False))


def _join(pieces: list[Path], archive: Path) -> None:
    """The archive, made of its pieces unless it is younger than they are."""
    if not pieces or (archive.is_file() and archive.stat().st_mtime_ns >= max(p.stat().st_mtime_ns for p in pieces)):
        return
    with atomic_open(archive, CorpusError) as target:
        for piece in pieces:
            with piece.open("rb") as source:
                shutil.copyfileobj(source, target)
