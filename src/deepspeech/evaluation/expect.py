"""How error rates fall with more hours of speech: a power law through trainings on parts of a data set.

In: results of `deepspeech evaluate --json --samples` of two or more trainings, each with its hours. Out: the expected
WER at other numbers of hours, with an interval. WER = a · hours^-b (Hestness et al. 2017, "Deep learning scaling is
predictable, empirically"), fitted to logarithms; the law has no floor, so far extrapolations are optimistic.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepspeech.errors import DataError

Float64 = NDArray[np.float64]
DRAWS, QUANTILES = 2000, (0.05, 0.95)


@dataclass(frozen=True)
class Measured:
    """One training: its hours of speech, and word errors and words of each clip [N] of the test set."""

    hours: float
    errors_N: Float64
    words_N: Float64

    @property
    def wer(self) -> float:
        return float(self.errors_N.sum() / self.words_N.sum())


@dataclass(frozen=True)
class Expected:
    """WER at so many hours, with the limits of a 90 % interval; all fractions."""

    hours: float
    wer: float
    low: float
    high: float


@dataclass(frozen=True)
class PowerLaw:
    """WER = factor · hours^-exponent."""

    factor: float
    exponent: float

    def at(self, hours: float) -> float:
        return float(self.factor * hours**-self.exponent)


def read_measured(hours: float, path: Path) -> Measured:
    """Read a result. Raises DataError."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["samples"]
        errors, words = ([float(row[name]) for row in rows] for name in ("word_errors", "words"))
    except OSError as error:
        raise DataError(f"{path}: cannot read the result ({error.strerror})") from None
    except (KeyError, TypeError, ValueError):
        raise DataError(f"{path}: no result with samples; make it with deepspeech evaluate --json --samples") from None
    if not sum(words) > 0:
        raise DataError(f"{path}: its references have no words")
    return Measured(hours, np.array(errors), np.array(words))


def fit(hours: Sequence[float], errors: Sequence[float], words: Sequence[float]) -> PowerLaw:
    """Least squares between the logarithms of hours and of error rates; half an error more keeps these above 0."""
    x = np.log(np.asarray(hours))
    y = np.log((np.asarray(errors) + 0.5) / np.asarray(words))
    slope, offset = np.polyfit(x, y, 1)
    return PowerLaw(math.exp(offset), -float(slope))


def expect(points: Sequence[Measured], hours: Sequence[float], seed: int = 1) -> list[Expected]:
    """WER at each of `hours`, with the spread of test clips drawn again with replacement (bootstrap).

    Where all points have the same clips, each draw takes the same ones from all. Raises DataError for fewer than two
    different numbers of hours.
    """
    if len({point.hours for point in points}) < 2:
        raise DataError("an expectation needs trainings on at least two different numbers of hours")
    law, random = law_of(points), np.random.default_rng(seed)
    drawn = np.array([[draw.at(h) for h in hours] for draw in (_drawn(points, random) for _ in range(DRAWS))])
    low, high = np.quantile(drawn, QUANTILES, axis=0)
    return [Expected(h, law.at(h), float(low[i]), float(high[i])) for i, h in enumerate(hours)]


def law_of(points: Sequence[Measured]) -> PowerLaw:
    """The law through all points."""
    return fit(
        [p.hours for p in points], [p.errors_N.sum() for p in points], [p.words_N.sum() for p in points]
    )  # fmt: skip


def held_back(points: Sequence[Measured], seed: int = 1) -> Expected | None:
    """What the other trainings let expect of the one with the most hours, to compare; None with fewer than three."""
    *fewer, most = sorted(points, key=lambda point: point.hours)
    return expect(fewer, [most.hours], seed)[0] if len({point.hours for point in fewer}) > 1 else None


def _drawn(points: Sequence[Measured], random: np.random.Generator) -> PowerLaw:
    counts = [len(point.words_N) for point in points]
    same = len(set(counts)) == 1
    places = [random.integers(0, counts[0], counts[0])] * len(points) if same else [
        random.integers(0, count, count) for count in counts
    ]  # fmt: skip
    drawn = [
        Measured(point.hours, point.errors_N[place], np.maximum(point.words_N[place], 1e-9))
        for point, place in zip(points, places, strict=True)
    ]
    return law_of(drawn)
