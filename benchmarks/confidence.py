"""Word confidence: how well it separates correct from wrong words, and its calibration.

    python benchmarks/confidence.py MODEL.onnx DATA.csv [--scorer FILE]

In: a DeepSpeech CSV (wav_filename, transcript). Out: the WER, the area under the ROC curve (0.5: no information; 1:
every correct word has a higher confidence than every wrong one), and for each range of confidence the fraction of
correct words. A word is correct if an alignment with the fewest errors matches it.
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
    print(f"WER {wer:.1%}, {len(right)} words, {len(bad)} wrong, area under the curve {area:.3f}")
    for low, high in pairwise(EDGES):
        inside = (sure >= low) & (sure < high)
        if inside.any():
            share = right[inside].mean()
            print(f"  confidence {low:.1f} to {min(high, 1):.1f}: {inside.sum():4} words, {share:.0%} correct")


if __name__ == "__main__":
    main()
