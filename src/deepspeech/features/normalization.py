"""Feature normalization (global CMVN): mean and standard deviation over the training set, applied to each frame."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepspeech.errors import ConfigError

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
LEAST_DEVIATION = 0.1  # natural log units: a value constant in training must not explode later


@dataclass(frozen=True)
class Normalization:
    """Mean and standard deviation [dimensions]. Immutable; threads may share it."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.deviation):
            raise ConfigError(
                f"the features' normalization has {len(self.mean)} means but {len(self.deviation)} deviations; "
                "measure it again"
            )
        if not np.isfinite([*self.mean, *self.deviation]).all() or not (np.array(self.deviation) > 0).all():
            raise ConfigError("the features' normalization must be finite, its deviations above 0; measure it again")

    @cached_property
    def _mean_and_scale(self) -> tuple[Float32, Float32]:
        return np.array(self.mean, np.float32), (1 / np.array(self.deviation)).astype(np.float32)

    def apply(self, features: Float32, out: Float32 | None = None) -> Float32:
        """(features - mean) / deviation, [T, dimensions]; written to `out` if passed.

        Elementwise with float32 rounding after each operation, so results do not depend on the number of frames.
        """
        mean, scale = self._mean_and_scale
        result: Float32 = np.subtract(features, mean, out=out)
        result *= scale
        return result

    def to_dict(self) -> dict[str, list[float]]:
        """Plain values; `Normalization.of` reads them."""
        return {"mean": list(self.mean), "deviation": list(self.deviation)}

    @classmethod
    def of(cls, page: Mapping[str, Any]) -> "Normalization":
        """What `to_dict` gave. Raises KeyError where an entry is missing, ConfigError where values are impossible."""
        return cls(tuple(map(float, page["mean"])), tuple(map(float, page["deviation"])))


def kept_normalization(run: Mapping[str, Any]) -> Normalization | None:
    """That of a checkpoint's run.json; None where its front end has none. Raises as `Normalization.of`, TypeError."""
    page = run.get("normalization")
    return None if page is None else Normalization.of(page)


def moments(features: Float32) -> Float64:
    """Sufficient statistics [2 F + 1] of a clip's features [T, F]: sums, sums of squares, number of frames."""
    exact = features.astype(np.float64)
    return np.concatenate([exact.sum(axis=0), (exact**2).sum(axis=0), [len(exact)]])


def normalization_of(rows: Iterable[Float64], least_deviation: float = LEAST_DEVIATION) -> Normalization:
    """Combine the `moments` of all clips.

    For bit-identical results on all ranks, pass rows in the same clip order. Raises ConfigError where there is no
    frame.
    """
    found = list(rows)
    sums = np.sum(found, axis=0)
    if not found or not sums[-1]:
        raise ConfigError("no feature frames to measure mean and deviation; are the clips shorter than a window?")
    mean, mean_square = sums[:-1].reshape(2, -1) / sums[-1]
    deviation = np.maximum(np.sqrt(np.maximum(mean_square - mean**2, 0)), least_deviation)
    return Normalization(tuple(mean.tolist()), tuple(deviation.tolist()))


def measure(clips: Iterable[Float32], least_deviation: float = LEAST_DEVIATION) -> Normalization:
    """Measure the normalization of clips' features [T, F] from `FrontEnd.unnormalized`."""
    return normalization_of(map(moments, clips), least_deviation)
