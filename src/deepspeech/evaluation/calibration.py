"""Calibration of word confidence: whether of the words with confidence 0.8 four in five are right.

In: confidences and whether each word is right. Out: measures, and the bins of a reliability diagram.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from deepspeech.evaluation.score import Scored

BINS = 10
_LEAST = 1e-6  # confidences of 0 and 1 would make the logarithm infinite


@dataclass(frozen=True)
class Bin:
    """Words of a range of confidence."""

    words: int
    confidence: float  # mean
    right: float  # fraction


@dataclass(frozen=True)
class Calibration:
    """Measures of word confidence; None where there are no words, or, of `nce` and `auc`, none wrong or none right."""

    words: int
    right: int
    ece: (
        float | None
    )  # expected calibration error (Naeini et al. 2015): mean distance of confidence and accuracy; 0 is best
    nce: float | None  # normalized cross entropy (NIST): 1 is best, 0 is knowing only the fraction of right words
    auc: float | None  # probability that a right word has a higher confidence than a wrong one
    bins: tuple[Bin, ...]  # by ascending confidence; empty ones are left out

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    def table(self) -> str:
        """A text table: the measures, then the bins."""
        measures = (("ECE", self.ece), ("NCE", self.nce), ("AUC", self.auc))
        known = ", ".join(f"{name} {value:.3f}" for name, value in measures if value is not None)
        lines = [f"Word confidence: {self.words} words, {self.right} right" + (f", {known}" if known else "")]
        if self.bins:
            lines.append("words  mean confidence  right")
            lines += [f"{one.words:5}  {one.confidence:15.3f}  {one.right:5.1%}" for one in self.bins]
        return "\n".join(lines)


def calibration(samples: Sequence[Scored]) -> Calibration:
    """Measure the confidences of all words of `samples`."""
    pairs = [pair for sample in samples for pair in sample.confidences]
    confidences = np.array([confidence for confidence, _ in pairs], np.float64)
    right = np.array([is_right for _, is_right in pairs], bool)
    numbers = np.minimum((confidences * BINS).astype(int), BINS - 1)
    bins = tuple(
        Bin(int(inside.sum()), float(confidences[inside].mean()), float(right[inside].mean()))
        for inside in (numbers == number for number in range(BINS))
        if inside.any()
    )
    ece = sum(one.words * abs(one.confidence - one.right) for one in bins) / len(pairs) if pairs else None
    mixed = 0 < right.sum() < len(right)
    nce, auc = (_nce(confidences, right), _auc(confidences, right)) if mixed else (None, None)
    return Calibration(len(pairs), int(right.sum()), ece, nce, auc, bins)


def _nce(confidences: np.ndarray, right: np.ndarray) -> float:
    """Siu and Gish 1999: the part of the entropy of `right` that the confidences take away."""
    rate = float(right.mean())
    entropy = -(rate * math.log(rate) + (1 - rate) * math.log(1 - rate))
    sure = np.clip(confidences, _LEAST, 1 - _LEAST)
    return 1 + float(np.log(np.where(right, sure, 1 - sure)).mean()) / entropy


def _auc(confidences: np.ndarray, right: np.ndarray) -> float:
    """Area under the ROC curve, from ranks (Mann and Whitney 1947); equals count half."""
    _, index, counts = np.unique(confidences, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[index]  # from 1, of equals the mean
    good, bad = int(right.sum()), int((~right).sum())
    return float((ranks[right].sum() - good * (good + 1) / 2) / (good * bad))
