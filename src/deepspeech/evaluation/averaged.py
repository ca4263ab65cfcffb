"""Several opinions on a clip, averaged before the search (Hannun et al. 2014, sections 2.1 and 5.3).

In: emitters, each of another network, or of one network that hears the clip a little earlier or later. Out: an emitter
of the mean of their probabilities, frame by frame.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from deepspeech.datasets.sample import Sample
from deepspeech.decoder.emission import Emission
from deepspeech.errors import ConfigError
from deepspeech.evaluation.emissions import Emitter
from deepspeech.evaluation.evaluate import Emitted

CHUNK = 256  # samples whose emissions are held at once


def averaged(emitters: Sequence[Emitter]) -> Emitter:
    """One emitter of several. Losses are those of single networks: the mean has none.

    Raises ConfigError, while it emits, where frames or classes of two emitters do not match.
    """
    if len(emitters) == 1:
        return emitters[0]

    def emit(samples: Sequence[Sample], /) -> Iterable[Emitted]:
        for first in range(0, len(samples), CHUNK):
            yield from _chunk(emitters, samples[first : first + CHUNK])

    return emit


def _chunk(emitters: Sequence[Emitter], samples: Sequence[Sample]) -> Iterator[Emitted]:
    sums: dict[Sample, Emission] = {}
    for emit in emitters:
        for item in emit(samples):
            sums[item.sample] = _added(sums[item.sample], item) if item.sample in sums else item.emission
    for sample, emission in sums.items():
        mean = emission.probabilities_TV / np.float32(len(emitters))
        yield Emitted(sample, replace(emission, probabilities_TV=mean))


def _added(sum_so_far: Emission, item: Emitted) -> Emission:
    one, other = sum_so_far, item.emission
    if (one.probabilities_TV.shape, one.frame_s) != (other.probabilities_TV.shape, other.frame_s):
        raise ConfigError(
            f"{item.sample.id}: networks to be averaged must agree in frames and characters; one gives {_words(one)}, "
            f"another {_words(other)}"
        )
    return replace(one, probabilities_TV=one.probabilities_TV + other.probabilities_TV)


def _words(emission: Emission) -> str:
    frames, classes = emission.probabilities_TV.shape
    return f"{frames} frames of {1000 * emission.frame_s:g} ms with {classes} classes"


def shifts(jitter_ms: float, rate_hz: int) -> tuple[int, ...]:
    """By how many samples a clip is moved for each opinion: earlier, not at all, later. None but 0 without jitter."""
    step = round(jitter_ms * rate_hz / 1000)
    return (-step, 0, step) if step else (0,)
