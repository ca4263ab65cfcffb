"""Small made-up worlds for tests: a corpus of tones, a network that knows nothing yet, a scorer of a few words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deepspeech.audio.formats import write_wav
from deepspeech.config import RunConfig, resolve
from deepspeech.datasets.csv_files import write_csv
from deepspeech.datasets.sample import Sample
from deepspeech.text.alphabet import ENGLISH, Alphabet
from tests.decoder.small_scorer import Ngrams, language_model, scorer

WORDS = {"a": 300, "b": 600, "c": 1200, "d": 2400}
# The same tones, read in other scripts: Chinese, Georgian, Devanagari.
WORDS |= {letter: WORDS["abcd"[i]] for letters in ("你好世界", "აბგდ", "अबकद") for i, letter in enumerate(letters)}


def tones(text: str, seed: int = 0, rate_hz: int = 16000) -> np.ndarray:
    """Sound of `text`: for each letter its tone, for a space silence, 120 ms each, in a little noise."""
    random = np.random.default_rng(seed)
    time_s = np.arange(int(0.12 * rate_hz)) / rate_hz
    parts = [0.3 * np.sin(2 * np.pi * WORDS.get(letter, 0) * time_s) for letter in text]
    sound = np.concatenate([np.zeros(2000), *parts, np.zeros(2000)])
    return (sound + 0.01 * random.standard_normal(len(sound))).astype(np.float32)


def corpus(folder: Path, count: int = 12, name: str = "train", letters: str = "abcd ") -> Path:
    """A CSV of `count` clips of tones, and the clips."""
    random = np.random.default_rng(len(name))
    folder.mkdir(parents=True, exist_ok=True)
    samples = []
    for number in range(count):
        text = "".join(random.choice(list(letters), size=int(random.integers(3, 7)))).strip() or letters[0]
        path = folder / f"{name}{number:03d}.wav"
        write_wav(path, tones(text, number), 16000)
        samples.append(Sample(str(path), path, text, path.stat().st_size))
    write_csv(folder / f"{name}.csv", samples)
    return folder / f"{name}.csv"


def config(folder: Path, **changes: Any) -> RunConfig:
    """A run on such a corpus that takes a second."""
    tables: dict[str, Any] = {
        "data": {"train": [str(corpus(folder))], "dev": [str(corpus(folder, 4, "dev"))], "workers": 1},
        "network": {"hidden": 16, "dropout_1": 0.1},
        "training": {"epochs": 2, "batch_size": 4, "learning_rate": 0.01, "threads": 2},
        "checkpoint": {"folder": str(folder / "checkpoints")},
    }
    for path, value in changes.items():
        table, _, key = path.partition("__")
        if key:
            tables.setdefault(table, {})[key] = value
        else:
            tables[table] = value
    return resolve(tables)


def small_scorer(
    path: Path, units: Sequence[str] = ("a", "ab", "bb", "cd"), alphabet: Alphabet = ENGLISH, bytes_mode: bool = False
) -> Path:
    """A scorer of `units`, words or in bytes mode characters, each as probable as the other but for one pair."""
    grams: Ngrams = {("<unk>",): (-3.0, 0.0), ("<s>",): (-1.5, -0.3), ("</s>",): (-1.0, 0.0)}
    grams |= {(unit,): (-0.8, -0.2) for unit in units} | {(units[0], units[1]): (-0.2, 0.0)}
    entries = [alphabet.encode(unit if bytes_mode else unit + " ") for unit in units]
    path.write_bytes(scorer(language_model(grams, 2), entries, 0.75, 1.85, bytes_mode))
    return path
