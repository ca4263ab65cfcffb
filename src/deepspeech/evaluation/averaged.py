"""Ensembling: average the frame probabilities of several models before decoding (Hannun et al. 2014, 2.1 and 5.3).

In: acoustic models: different networks, or one network on the clip shifted in time (test-time jitter). Out: an
AcousticModel whose emissions are the mean of theirs, frame by frame.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from deepspeech.datasets.sample import Sample
from deepspeech.decoder.emission import Emission
from deepspeech.errors import ConfigError
from deepspeech.evaluation.emissions import AcousticModel
from deepspeech.evaluation.evaluate import Emitted

CHUNK = 256  # samples whose emissions are in memory at once


def averaged(models: Sequence[AcousticModel]) -> AcousticModel:
    """Combine models into one. Its emissions have no loss, which is defined for single networks only.

    Emitting raises ConfigError where frames or classes of two models do not match.
    """
    if len(models) == 1:
        return models[0]

    def emit(samples: Sequence[Sample], /) -> Iterable[Emitted]:
        for first in range(0, len(samples), CHUNK):
            yield from _chunk(models, samples[first : first + CHUNK])

    return emit


def _chunk(models: Sequence[AcousticModel], samples: Sequence[Sample]) -> Iterator[Emitted]:
    sums: dict[Sample, Emission] = {}
    for emit in models:
        for item in emit(samples):
            sums[item.sample] = _added(sums[item.sample], item) if item.sample in sums else item.emission
    for sample, emission in sums.items():
        mean = emission.probabilities_TV / np.float32(len(models))
        yield Emitted(sample, replace(emission, probabilities_TV=mean))


def _added(sum_so_far: Emission, item: Emitted) -> Emission:
    one, other = sum_so_far, item.emission
    if (one.probabilities_TV.shape, one.frame_s) != (other.probabilities_TV.shape, other.frame_s):
        raise ConfigError(
            f"{item.sample.id}: averaged networks must agree in frames and classes; one gives {_words(one)}, "
            f"another {_words(other)}"
        )
    return replace(one, probabilities_TV=one.probabilities_TV + other.probabilities_TV)


def _words(emission: Emission) -> str:
    frames, classes = emission.probabilities_TV.shape
    return f"{frames} frames of {1000 * emission.frame_s:g} ms with {classes} classes"


def shifts(jitter_ms: float, rate_hz: int) -> tuple[int, ...]:
    """Time shifts in samples for test-time jitter: earlier, none, later. Only 0 without jitter."""
    step = round(jitter_ms * rate_hz / 1000)
    return (-step, 0, step) if step else (0,)
