"""Whether a word's confidence tells right words from wrong ones, and means what it says.

    python benchmarks/confidence.py MODEL.onnx DATA.csv [--scorer FILE]

In: a DeepSpeech CSV (wav_filename, transcript). Out: the word error rate, the area under the ROC curve (0.5: confidence
says nothing; 1: every right word is surer than every wrong one), and for each range of confidence the share of right
words. A word is right if an alignment of fewest errors matches it.
"""

import argparse
import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
from rapidfuzz.distance import Levenshtein

from deepspeech import Recognizer

EDGES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0001)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("csv", type=Path)
    parser.add_argument("--scorer", type=Path)
    given = parser.parse_args()
    model = Recognizer.open(given.model, given.scorer)
    with given.csv.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    right: list[bool] = []
    sure: list[float] = []
    errors = words = 0
    results = model.transcribe_all(given.csv.parent / row["wav_filename"] for row in rows)
    for row, result in zip(rows, results, strict=True):
        if isinstance(result, Exception):
            raise SystemExit(str(result))
        heard = [word for segment in result.segments for word in segment.words]
        said = row["transcript"].split()
        matches = [False] * len(heard)
        for step in Levenshtein.opcodes([word.text for word in heard], said):
            matches[step.src_start : step.src_end] = [step.tag == "equal"] * (step.src_end - step.src_start)
        errors += Levenshtein.distance([word.text for word in heard], said)
        words += len(said)
        right += matches
        sure += [word.confidence or 0.0 for word in heard]
    report(np.array(right), np.array(sure), errors / words)


def report(right: np.ndarray, sure: np.ndarray, wer: float) -> None:
    good, bad = sure[right], sure[~right]
    pairs = good[:, None] - bad[None]
    area = float(np.mean((pairs > 0) + 0.5 * (pairs == 0)))
    print(f"word error rate {wer:.1%}, {len(right)} words, {len(bad)} wrong, area under the curve {area:.3f}")
    for low, high in pairwise(EDGES):
        inside = (sure >= low) & (sure < high)
        if inside.any():
            share = right[inside].mean()
            print(f"  confidence {low:.1f} to {min(high, 1):.1f}: {inside.sum():4} words, {share:.0%} right")


if __name__ == "__main__":
    main()
