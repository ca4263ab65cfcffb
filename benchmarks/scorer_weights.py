"""Error rates of a scorer over its weights, and what tuning them is worth on speakers that they were not tuned on.

    python benchmarks/scorer_weights.py MODEL.onnx DATA.csv --scorer FILE [--speaker-pattern='-([a-z0-9]+)-b']

In: a data set whose clips name their speakers, in a column or, by the pattern, in their path. Out: WER without the
scorer and with its own weights; WER by alpha and beta; and the WER with tuned weights: those of fewest errors on about
half of the speakers, evaluated on the others, over all ways to part the speakers so.
"""

import argparse
import re
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from deepspeech.datasets.sample import Sample
from deepspeech.datasets.samples import read_samples
from deepspeech.decoder.beam import decode_batch
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.scorer import Scorer
from deepspeech.evaluation.model_file import open_model_file
from deepspeech.text.distance import word_errors
from deepspeech.text.tokens import TokenSet

ALPHAS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.93, 1.2, 1.6)
BETAS = (-1.0, 0.0, 1.18, 2.0, 3.0, 4.0)
BEAM = 100


class Judge:
    """Word errors of each clip with any weights."""

    def __init__(self, samples: Sequence[Sample], emissions: Sequence[Emission], tokens: TokenSet) -> None:
        self._samples, self._emissions, self._tokens = samples, emissions, tokens
        self.words = np.array([len(sample.transcript.split()) for sample in samples])

    def errors(self, scorer: Scorer | None, alpha: float | None = None, beta: float | None = None) -> np.ndarray:
        found = decode_batch(
            self._emissions, self._tokens, DecodeOptions(BEAM, alpha=alpha, beta=beta), scorer=scorer
        )  # fmt: skip
        pairs = zip(self._samples, found, strict=True)
        return np.array([word_errors(sample.transcript, best[0].text)[0] for sample, best in pairs])

    def wer(self, errors: np.ndarray) -> str:
        return f"{100 * errors.sum() / self.words.sum():.2f}"


def crosswise(errors: np.ndarray, words: np.ndarray, speakers: Sequence[str]) -> float:
    """WER of the best of `errors` [weights, clips] on half of the speakers, on the other half, over all ways."""
    names = sorted(set(speakers))
    wrong = total = 0
    for some in combinations(names, len(names) // 2):
        first = np.array([speaker in some for speaker in speakers])
        for tuned in (first, ~first):
            wrong += errors[errors[:, tuned].sum(axis=1).argmin(), ~tuned].sum()
            total += words[~tuned].sum()
    return wrong / total


def speaker(sample: Sample, pattern: re.Pattern[str] | None) -> str:
    found = pattern.search(sample.id) if pattern else None
    return found.group(1) if found else sample.speaker


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("csv", type=Path)
    parser.add_argument("--scorer", type=Path, required=True)
    parser.add_argument("--speaker-pattern", type=re.compile)
    given = parser.parse_args()
    model = open_model_file(given.model)
    scorer = Scorer.open(given.scorer, model.tokens)
    emitted = list(model.emit(read_samples(given.csv)))
    samples = [item.sample for item in emitted]
    judge = Judge(samples, [item.emission for item in emitted], model.tokens)
    print(f"no scorer {judge.wer(judge.errors(None))}, with its own weights {judge.wer(judge.errors(scorer))}")
    print("alpha \\ beta " + "".join(f"{beta:8g}" for beta in BETAS))
    rows = []
    for alpha in ALPHAS:
        rows += [judge.errors(scorer, alpha, beta) for beta in BETAS]
        print(f"{alpha:12g} " + "".join(f"{judge.wer(errors):>8}" for errors in rows[-len(BETAS) :]), flush=True)
    speakers = [speaker(sample, given.speaker_pattern) for sample in samples]
    if len(set(speakers)) > 1:
        tuned = 100 * crosswise(np.array(rows), judge.words, speakers)
        print(f"tuned on half of {len(set(speakers))} speakers, evaluated on the others: {tuned:.2f}")


if __name__ == "__main__":
    main()
