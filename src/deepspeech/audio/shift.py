"""Shift a clip in time, keeping its length."""

import numpy as np
from numpy.typing import NDArray


def shifted(samples: NDArray[np.float32], by: int) -> NDArray[np.float32]:
    """Mono samples [N] moved `by` samples later (earlier where negative); zeros fill the gap."""
    if not by:
        return samples
    moved = np.zeros_like(samples)
    if by > 0:
        moved[by:] = samples[: max(0, len(samples) - by)]
    else:
        moved[: max(0, len(samples) + by)] = samples[-by:]
    return moved
