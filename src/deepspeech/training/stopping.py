"""Which validation is the best, when to lower the rate, when to stop: pure functions of numbers."""

import math
from dataclasses import dataclass

from deepspeech.config import TrainingConfig


@dataclass(frozen=True)
class Progress:
    """The best dev value so far, if any was a number, and how many epochs came after the last real improvement."""

    best: float | None = None
    worse: int = 0
    validated: int = 0  # epochs that were done at the last validation


def advance(progress: Progress, value: float, min_delta: float, epochs: int) -> tuple[Progress, bool]:
    """The progress after a validation, `epochs` being done, and whether it is the best so far (`train.py`: lower)."""
    before = math.inf if progress.best is None else progress.best
    best = min(before, value)
    worse = progress.worse + epochs - progress.validated if value > before - min_delta else 0
    return Progress(best if math.isfinite(best) else None, worse, epochs), value < before


def should_stop(progress: Progress, config: TrainingConfig) -> bool:
    """Have so many epochs passed without improvement?"""
    return bool(config.early_stop_epochs) and progress.worse >= config.early_stop_epochs


def on_plateau(before: Progress, after: Progress, config: TrainingConfig) -> bool:
    """Did another `plateau_epochs` without improvement become full with the last validation?"""
    every = config.plateau_epochs
    return bool(every) and after.worse > 0 and after.worse // every > before.worse // every
