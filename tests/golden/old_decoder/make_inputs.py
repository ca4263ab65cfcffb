"""Made-up outputs of a network that mishears: `python make_inputs.py` writes inputs.npz beside itself.

Ten sentences of data/demo/test.csv, letter by letter: a frame or two of the letter, a blank; every fourth letter has
another one beside it, often louder. uint8 [frames, 29] in the order of data/alphabet.txt, blank last; a row's
probabilities are its numbers divided by their sum.
"""

import csv
import random
from pathlib import Path

import numpy as np

from deepspeech.text.tokens import Characters, TokenSet

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


def frames(text: str, alphabet: TokenSet, draw: random.Random) -> np.ndarray:
    rows: list[np.ndarray] = []

    def add(**weights: int) -> None:
        row = np.zeros(alphabet.classes, np.uint8)
        for label, weight in weights.items():
            row[int(label[1:])] = weight
        for _ in range(draw.randint(0, 3)):
            row[draw.randrange(alphabet.classes)] += draw.randint(1, 5)
        rows.append(row)

    add(**{f"c{alphabet.blank}": 200})
    for label in alphabet.encode(text):
        loud = draw.randint(60, 200)
        other = {f"c{draw.randrange(alphabet.blank)}": draw.randint(20, 220)} if draw.random() < 0.25 else {}
        for _ in range(draw.randint(1, 2)):
            add(**(other | {f"c{label}": loud}))
        add(**{f"c{alphabet.blank}": draw.randint(90, 220), f"c{label}": draw.randint(0, 30)})
    return np.stack(rows)


def main() -> None:
    alphabet, draw = Characters.from_file(ROOT / "data" / "alphabet.txt"), random.Random(9)
    with (ROOT / "data" / "demo" / "test.csv").open(encoding="utf-8") as file:
        texts = list(dict.fromkeys(row["transcript"] for row in csv.DictReader(file)))[:10]
    clips = {f"{n:02d} {text}".replace(" ", "_"): frames(text, alphabet, draw) for n, text in enumerate(texts)}
    np.savez_compressed(HERE / "inputs.npz", **clips)


main()
