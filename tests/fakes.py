"""Small made-up worlds for tests: a corpus of tones, a network that knows nothing yet, a scorer of a few words."""

from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig
from deepspeech.audio.formats import write_wav
from deepspeech.config import RunConfig, resolve
from deepspeech.datasets.formats.csv_files import write_csv
from deepspeech.datasets.sample import Sample
from deepspeech.decoder.options import DecodeOptions
from deepspeech.features.config import MfccConfig
from deepspeech.features.mfcc import Mfcc
from deepspeech.features.registry import new_front_end
from deepspeech.modelfile.card import ModelCard
from deepspeech.runtime.engines.engine import States
from deepspeech.text.tokens import ENGLISH, Characters, TokenSet
from tests.decoder.small_scorer import Ngrams, language_model, scorer

exact = partial(DecodeOptions, beam_threshold=0.0, token_min_logp=0.0)  # the search without pruning, as in 0.9.3

WORDS = {"a": 300, "b": 600, "c": 1200, "d": 2400}
# The same tones, read in other scripts: Chinese, Georgian, Devanagari.
WORDS |= {one: WORDS["abcd"[i]] for script in ("你好世界", "აბგდ", "अबकद") for i, one in enumerate(script)}


def tones(text: str, seed: int = 0, rate_hz: int = 16000) -> np.ndarray:
    """Sound of `text`: for each character its tone, for a space silence, 120 ms each, in a little noise."""
    random = np.random.default_rng(seed)
    time_s = np.arange(int(0.12 * rate_hz)) / rate_hz
    parts = [0.3 * np.sin(2 * np.pi * WORDS.get(character, 0) * time_s) for character in text]
    sound = np.concatenate([np.zeros(2000), *parts, np.zeros(2000)])
    return (sound + 0.01 * random.standard_normal(len(sound))).astype(np.float32)


def knows_tones(network: Any, tokens: TokenSet = ENGLISH, pieces: Sequence[str] = " abcd") -> None:
    """Give a network, at least 5 units wide, weights that hear `tones` on any machine, as nothing is learnt.

    `pieces`: the labels among `tokens` that it hears in silence, a, b, c and d.

    Each frame is compared with one of silence and one of each tone: layer_1 takes the scalar products, whose highest
    is that of the nearest; all others hand them on, and the LSTM remembers nothing.
    """
    import torch

    extractor = Mfcc(MfccConfig())
    heard = np.stack([extractor(tones(character * 5))[20] for character in " abcd"])  # in the middle of the sound
    norms = (heard**2).sum(1) / 2
    scale = 4 / norms.max()
    units, hidden, coefficients = len(heard), network.config.hidden, heard.shape[1]
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        centre = slice(network.config.context_frames * coefficients, (network.config.context_frames + 1) * coefficients)
        network.layer_1.weight[:units, centre] = torch.from_numpy(heard * scale)
        network.layer_1.bias[:units] = torch.from_numpy(8 - norms * scale)  # of a ReLU that is clipped at 20
        for layer in (network.layer_2, network.layer_3, network.layer_5):
            layer.weight[range(units), range(units)] = 1.0
        gates = network.lstm.weight_ih_l0.view(4, hidden, hidden)  # i, f, g, o
        gates[2, range(units), range(units)] = 0.1
        network.lstm.bias_ih_l0.view(4, hidden)[:] = torch.tensor([20.0, -20.0, -0.8, 20.0])[:, None]
        network.layer_5.bias[:units] = 1.0
        labels = [tokens.labels.index(piece) for piece in pieces]
        network.layer_6.weight[labels, range(units)] = 40.0
        network.layer_6.weight[tokens.blank, 0] = 39.5  # silence is nothing nearly as much as it is a space
        network.layer_6.bias[:] = -4.0
        network.layer_6.bias[[*labels, tokens.blank]] = 0.0


def corpus(folder: Path, count: int = 12, name: str = "train", characters: str = "abcd ") -> Path:
    """A CSV of `count` clips of tones, and the clips."""
    random = np.random.default_rng(len(name))
    folder.mkdir(parents=True, exist_ok=True)
    samples = []
    for number in range(count):
        text = "".join(random.choice(list(characters), size=int(random.integers(3, 7)))).strip() or characters[0]
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
    path: Path, units: Sequence[str] = ("a", "ab", "bb", "cd"), alphabet: TokenSet = ENGLISH, bytes_mode: bool = False
) -> Path:
    """A scorer of `units`, words or in bytes mode characters, each as probable as the other but for one pair."""
    grams: Ngrams = {("<unk>",): (-3.0, 0.0), ("<s>",): (-1.5, -0.3), ("</s>",): (-1.0, 0.0)}
    grams |= {(unit,): (-0.8, -0.2) for unit in units} | {(units[0], units[1]): (-0.2, 0.0)}
    entries = [alphabet.encode(unit if bytes_mode else unit + " ") for unit in units]
    path.write_bytes(scorer(language_model(grams, 2), entries, 0.75, 1.85, bytes_mode))
    return path


SPOKEN = {" ": 3600.0, "a": 300.0, "b": 620.0, "c": 1150.0, "d": 2000.0}


def spoken(text: str, rate_hz: int = 16000, seed: int = 0) -> np.ndarray:
    """Sound that `ToneSession` decodes as `text`: a tone of 120 ms per character or space, then 80 ms of silence."""
    random = np.random.default_rng(seed)
    time_s = np.arange(int(0.12 * rate_hz)) / rate_hz
    rise = np.minimum(1, np.minimum(time_s, time_s[::-1]) / 0.01)
    quiet = np.zeros(int(0.08 * rate_hz))
    parts = [
        part for character in text for part in (0.3 * rise * np.sin(2 * np.pi * SPOKEN[character] * time_s), quiet)
    ]
    sound = np.concatenate([np.zeros(0), *parts])
    return (sound + 1e-4 * random.standard_normal(len(sound))).astype(np.float32)


def silence(duration_s: float, rate_hz: int = 16000, seed: int = 1) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (1e-4 * random.standard_normal(int(duration_s * rate_hz))).astype(np.float32)


def card(alphabet: TokenSet = ENGLISH, features: MfccConfig | None = None, **given: Any) -> ModelCard:
    """The card of a DeepSpeech network of some shape."""
    names = {item.name for item in fields(DeepSpeechConfig)}
    shape = DeepSpeechConfig(**{name: given.pop(name) for name in names & set(given)})
    return ModelCard(alphabet, features or MfccConfig(), shape.described(), shape.chunk, **given)


def by_window(model: Any, windows_BTCF: Any, states: Any) -> tuple[Any, Any]:
    """What a session or a network makes of windows that need not overlap, each as a chunk of its own."""
    rows = []
    for frame in range(windows_BTCF.shape[1]):
        row, states = model.step(windows_BTCF[:, frame], states)
        rows.append(row)
    return np.concatenate(rows, axis=1), states


class ToneSession:
    """In the place of a Session: a network that knows the tones of `spoken`, surely, and takes nothing else for one."""

    def __init__(self, sure: float = 0.95) -> None:
        alphabet = Characters(list(SPOKEN))
        self.card = card(alphabet, hidden=1, beam_width=16)
        self.steps = 0
        self._sure = sure
        extractor = new_front_end(self.card.features)
        self._characters = np.stack([extractor(spoken(character))[2] for character in SPOKEN])

    def start(self, clips: int = 1) -> States:
        return States({}, {})

    def step(
        self, chunk_BTF: np.ndarray, states: States, outputs_B: np.ndarray | None = None
    ) -> tuple[np.ndarray, States]:
        self.steps += 1
        context = self.card.chunk.left
        centre = chunk_BTF[:, context : chunk_BTF.shape[1] - context]
        distances = np.abs(centre[:, :, None] - self._characters).mean(-1)
        best = np.where(distances.min(-1) < 0.8, distances.argmin(-1), self.card.tokens.blank)
        # Quiet is sure: many frames of a little doubt would add up to a character.
        sure = np.where(best == self.card.tokens.blank, 0.9999, self._sure).astype(np.float32)[..., None]
        probabilities = np.repeat((1 - sure) / (self.card.tokens.classes - 1), self.card.tokens.classes, axis=-1)
        np.put_along_axis(probabilities, best[..., None], sure, -1)
        return probabilities, states
