"""A train and a dev set of tones, among good clips one of every fault and doubt."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from deepspeech.datasets.formats.csv_files import CsvWriter
from deepspeech.datasets.sample import Sample

GOOD = 30
# File name → kind of finding, as survey.py calls them.
REFUSED = {
    "gone.wav": "unreadable", "page.wav": "unreadable", "unsaid.wav": "empty", "accent.wav": "letters",
    "typed.wav": "letters", "crowded.wav": "frames",
}  # fmt: skip
DOUBTFUL = {
    "tiny.wav": "short", "long.wav": "long", "slow.wav": "rate", "spaced.wav": "spaces", "phone.wav": "narrow",
    "still.wav": "silent", "loud.wav": "clipped", "other.wav": "contradiction", "again.wav": "repeated",
    "leak.wav": "shared",
}  # fmt: skip


def faulty_set(folder: Path) -> tuple[Path, Path]:
    """Write it; gives train.csv and dev.csv. Their speakers are ann, bob, cy and cy, dora."""
    clips = folder / "clips"
    clips.mkdir(parents=True)
    train, dev = list(_train(clips)), list(_dev(clips))
    for name, samples in (("train", train), ("dev", dev)):
        with CsvWriter(folder / f"{name}.csv", speakers=True) as writer:
            for sample in samples:
                writer.write(sample)
    return folder / "train.csv", folder / "dev.csv"


def _train(clips: Path) -> Iterator[Sample]:
    for number in range(GOOD):
        said = f"sentence {'abcdefghij'[number % 10]} {'klmnopqrst'[number // 10]}"
        yield _clip(clips / f"good{number}.wav", said, 1.5 + number / 40, speaker=("ann", "bob", "cy")[number % 3])
    yield Sample("", clips / "gone.wav", "gone", 1, "ann")
    (clips / "page.wav").write_text("<html>")
    yield Sample("", clips / "page.wav", "page", 1, "ann")
    yield _clip(clips / "unsaid.wav", "")
    yield _clip(clips / "accent.wav", unicodedata.normalize("NFD", "a café at noon"))
    yield _clip(clips / "typed.wav", "don’t say 42\r\n")
    yield _clip(clips / "crowded.wav", "far too many letters for so short a clip", 0.5)
    yield _clip(clips / "tiny.wav", "a", 0.2)
    yield _clip(clips / "long.wav", "a sentence that is rather long and is spoken very slowly indeed by them", 21)
    yield _clip(clips / "slow.wav", "no", 15)
    yield _clip(clips / "spaced.wav", "two  spaces here")
    yield _clip(clips / "phone.wav", "from a telephone", rate_hz=8000)
    yield _clip(clips / "still.wav", "nothing to hear", level=0.0003)
    yield _clip(clips / "loud.wav", "much too loud", level=3)
    yield _copy(clips, "good2.wav", "other.wav", "what nobody said")
    yield _copy(clips, "good0.wav", "again.wav", "sentence a k")


def _dev(clips: Path) -> Iterator[Sample]:
    for number in range(4):
        yield _clip(clips / f"dev{number}.wav", f"judged by {'abcd'[number]} alone", 2 + number / 30, speaker="dora")
    yield _clip(clips / "known.wav", "sentence b k", 2.3, speaker="cy")
    yield _copy(clips, "good1.wav", "leak.wav", "sentence b k")


def _clip(
    path: Path, said: str, duration_s: float = 2.0, level: float = 0.3, rate_hz: int = 16000, speaker: str = "ann"
) -> Sample:
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    tone_hz = 200 + sum(path.name.encode())
    soundfile.write(path, np.clip(level * np.sin(2 * np.pi * tone_hz * time_s), -1, 1), rate_hz)
    return Sample(str(path), path, said, path.stat().st_size, speaker)


def _copy(clips: Path, old: str, new: str, said: str) -> Sample:
    (clips / new).write_bytes((clips / old).read_bytes())
    return Sample("", clips / new, said, 1, "ann")
