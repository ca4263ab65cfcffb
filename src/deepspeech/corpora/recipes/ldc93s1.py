"""LDC93S1: one English sentence of 2.9 s, on which DeepSpeech's smoke test trains. Published by the LDC."""

from pathlib import Path
from typing import Annotated

from deepspeech.audio.formats import probe
from deepspeech.corpora.fetch import fetch
from deepspeech.corpora.reading import read_text
from deepspeech.corpora.report import ImportReport, SetReport
from deepspeech.datasets.formats.csv_files import write_csv
from deepspeech.datasets.sample import Sample
from deepspeech.errors import CorpusError

BASE_URL = "https://catalog.ldc.upenn.edu/desc/addenda/"
FILES = ("LDC93S1.wav", "LDC93S1.txt")


def ldc93s1(
    data_dir: Annotated[Path, "Download the sample to this folder; existing files are not fetched again."],
) -> ImportReport:
    """Fetch and prepare LDC93S1, one spoken sentence.

    Writes ldc93s1.csv: enough to try a whole training run.

    Example: deepspeech import ldc93s1 corpora/ldc93s1
    """
    data_dir = data_dir.absolute()
    try:
        wav, text = (fetch(BASE_URL + name, data_dir / name) for name in FILES)
    except CorpusError as error:
        raise CorpusError(f"{error}; or put {' and '.join(FILES)} into {data_dir} yourself") from None
    info = probe(wav)
    csv = data_dir / "ldc93s1.csv"
    sample = Sample(str(wav), wav, transcript(text), wav.stat().st_size, duration_s=info.duration_s)
    write_csv(csv, [sample])
    counts = SetReport("ldc93s1", csv, max_s=10, clips=1, imported_s=info.duration_s, total_s=info.duration_s)
    return ImportReport("ldc93s1", [counts])


def transcript(path: Path) -> str:
    """The sentence of LDC93S1.txt, `FIRST LAST Sentence.` (samples): lower-case, without the full stop."""
    words = read_text(path).strip().lower().replace(".", "").split(" ")[2:]
    if not words:
        raise CorpusError(f"{path}: not the transcript of LDC93S1; remove it and run this again")
    return " ".join(words)
