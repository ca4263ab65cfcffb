"""Best checkpoint, plateau and early stopping, as pure functions of validation results."""

import math
from dataclasses import dataclass

from deepspeech.run_settings import TrainingConfig


@dataclass(frozen=True)
class Progress:
    """The best dev value so far, and the number of epochs since the last improvement."""

    best: float | None = None
    worse: int = 0
    validated: int = 0  # number of epochs at the last validation


def advance(progress: Progress, value: float, min_delta: float, epochs: int) -> tuple[Progress, bool]:
    """Progress after a validation at `epochs` epochs, and whether it is the best so far."""
    before = math.inf if progress.best is None else progress.best
    best = min(before, value)
    worse = progress.worse + epochs - progress.validated if value > before - min_delta else 0
    return Progress(best if math.isfinite(best) else None, worse, epochs), value < before


def should_stop(progress: Progress, config: TrainingConfig) -> bool:
    """Whether `early_stop_epochs` passed without improvement."""
    return bool(config.early_stop_epochs) and progress.worse >= config.early_stop_epochs


def on_plateau(before: Progress, after: Progress, config: TrainingConfig) -> bool:
    """Whether another `plateau_epochs` without improvement passed with the last validation."""
    every = config.plateau_epochs
    return bool(every) and after.worse > 0 and after.worse // every > before.worse // every
