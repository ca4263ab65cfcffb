"""How loud a recording is, and whether it is silent or clipped. In: mono samples. Out: Levels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepspeech.audio.pcm import Float32

SILENT_DB = -60.0  # a peak below a thousandth of full scale is no speech
CLIPPED_SHARE = 0.001
_FULL = 0.999
_FLAT_SAMPLES = 3  # consecutive samples at full scale that count as clipping
_FLOOR = 1e-10


@dataclass(frozen=True)
class Levels:
    """Loudness in dB below full scale, and the fraction of samples in flat stretches at full scale."""

    peak_db: float
    rms_db: float
    clipped_share: float

    @property
    def silent(self) -> bool:
        return self.peak_db < SILENT_DB

    @property
    def clipped(self) -> bool:
        return self.clipped_share >= CLIPPED_SHARE


def measure(samples: Float32) -> Levels:
    """Levels of `samples` [N], at least one, between -1 and 1."""
    size = np.abs(samples)
    peak, power = float(size.max()), float(np.mean(np.square(samples, dtype=np.float64)))
    return Levels(_db(peak), _db(power**0.5), _flat(size >= _FULL) / len(samples) if peak >= _FULL else 0.0)


def _flat(full: NDArray[np.bool_]) -> int:
    """Samples in runs of at least `_FLAT_SAMPLES` at full scale."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], full, [False])).astype(np.int8)))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= _FLAT_SAMPLES].sum())


def _db(amplitude: float) -> float:
    return round(20 * float(np.log10(max(amplitude, _FLOOR))), 2)
