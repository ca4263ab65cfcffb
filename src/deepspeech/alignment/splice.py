"""Spliced clips: recordings cut between words and joined in new orders, to learn words and not whole sentences.

In: recordings of a data set with the times of their words. Out: as many new clips as asked for, each of one speaker,
with its transcript. Source: aligned data augmentation (Lam et al. 2021, arXiv 2104.01393), which replaces words; here
whole clips are put together of runs of one to three words.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from deepspeech.datasets.sample import Sample
from deepspeech.decoder.transcript import Word
from deepspeech.errors import DataError

Float32 = NDArray[np.float32]

RUNS = (0.6, 0.25, 0.15)  # how often a run has one, two, three words
EARLY_S, LATE_S = 0.06, 0.04  # a cut lies between a word's end less the first and the next one's start plus the second
MARGIN_S = 0.2  # kept before the first word and after the last one of a recording
QUIET_S = 0.02  # the window whose energy is least at a cut
FADE_S = 0.005
LEAST_S = 0.1  # shorter runs are not used


@dataclass(frozen=True)
class Aligned:
    """A recording and the times of its words, at least one, in order."""

    sample: Sample
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Spliced:
    """A new clip: float32 samples [N] at the rate of its parts."""

    samples_N: Float32
    transcript: str
    speaker: str


def splice(
    aligned: Sequence[Aligned],
    read: Callable[[Sample], Float32],
    rate_hz: int,
    clips: int,
    seed: int,
    fits: Callable[[str, int], bool] = lambda text, samples: True,
) -> Iterator[Spliced]:
    """`clips` new clips, the same for the same arguments. `read` gives the samples of a recording at `rate_hz`.

    Runs of words that do not fit the number of their samples are not used: badly aligned ones can be too short to be
    trained on. Speakers are drawn by their number of words, the number of words of a clip from those of the recordings,
    at least two. Raises DataError where no speaker has two recordings.
    """
    by_speaker = defaultdict[str, list[Aligned]](list)
    for one in aligned:
        by_speaker[one.sample.speaker].append(one)
    usable: Mapping[str, Sequence[Aligned]] = {name: own for name, own in sorted(by_speaker.items()) if len(own) > 1}
    if not usable:
        raise DataError("no speaker has two recordings that could be spliced")
    lengths = [len(one.words) for own in usable.values() for one in own]
    words = np.array([sum(len(one.words) for one in own) for own in usable.values()], float)
    names = list(usable)
    for number in range(clips):
        random = np.random.default_rng([seed, number])
        name = names[random.choice(len(names), p=words / words.sum())]
        yield _clip(usable[name], max(2, lengths[random.integers(len(lengths))]), read, rate_hz, fits, random)


def _clip(
    own: Sequence[Aligned],
    count: int,
    read: Callable[[Sample], Float32],
    rate_hz: int,
    fits: Callable[[str, int], bool],
    random: np.random.Generator,
) -> Spliced:
    """A clip of about `count` words of one speaker, drawn word by word."""
    weights = np.array([len(one.words) for one in own], float)
    pieces, said, tries = list[Float32](), list[str](), 0
    while len(said) < count and tries < 100 * count:
        one, tries = own[random.choice(len(own), p=weights / weights.sum())], tries + 1
        first = int(random.integers(len(one.words)))
        end = min(len(one.words), first + 1 + int(random.choice(len(RUNS), p=RUNS)))
        samples = read(one.sample)
        bounds = cuts(samples, one.words, rate_hz)
        piece = samples[bounds[first] : bounds[end]]
        run = [word.text for word in one.words[first:end]]
        if len(piece) >= LEAST_S * rate_hz and fits(" ".join(run), len(piece)):
            pieces.append(faded(piece, round(FADE_S * rate_hz)))
            said += run
    if not pieces:
        raise DataError(f"{own[0].sample.id}: its words have no times that could be cut; is it the right model?")
    return Spliced(np.concatenate(pieces), " ".join(said), own[0].sample.speaker)


def cuts(samples_N: Float32, words: Sequence[Word], rate_hz: int) -> list[int]:
    """Where to cut, in samples: before the first word, where it is quietest between two, after the last one."""
    start = max(0, round((words[0].start_s - MARGIN_S) * rate_hz))
    end = min(len(samples_N), round((words[-1].end_s + MARGIN_S) * rate_hz))
    between = [_quietest(samples_N, before.end_s, after.start_s, rate_hz) for before, after in pairwise(words)]
    return [int(place) for place in np.maximum.accumulate([start, *between, end])]


def _quietest(samples_N: Float32, end_s: float, start_s: float, rate_hz: int) -> int:
    low = max(0, round((end_s - EARLY_S) * rate_hz))
    high = min(len(samples_N), round((start_s + LATE_S) * rate_hz))
    window = round(QUIET_S * rate_hz)
    if high - low <= window:
        return (low + high) // 2
    sums = np.cumsum(np.square(samples_N[low:high], dtype=np.float64))
    return low + window // 2 + int(np.argmin(sums[window:] - sums[:-window]))


def faded(samples_N: Float32, length: int) -> Float32:
    """A copy whose first and last `length` samples fade in and out, so that joints do not click."""
    out = samples_N.copy()
    length = min(length, len(out) // 2)
    ramp = np.linspace(0, 1, length, dtype=np.float32)
    out[:length] *= ramp
    out[len(out) - length :] *= ramp[::-1]
    return out
