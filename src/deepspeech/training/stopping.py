"""Which judgement is the best, when to lower the rate, when to stop: pure functions of numbers."""

import math
from dataclasses import dataclass

from deepspeech.config import TrainingConfig


@dataclass(frozen=True)
class Progress:
    """The best dev value so far, if any was a number, and how many judgements came after the last real improvement."""

    best: float | None = None
    worse: int = 0


def judge(progress: Progress, value: float, min_delta: float) -> tuple[Progress, bool]:
    """After one more judgement, and whether it is the best so far (`train.py`: strictly lower)."""
    before = math.inf if progress.best is None else progress.best
    best = min(before, value)
    worse = progress.worse + 1 if value > before - min_delta else 0
    return Progress(best if math.isfinite(best) else None, worse), value < before


def should_stop(progress: Progress, config: TrainingConfig) -> bool:
    return bool(config.early_stop_epochs) and progress.worse >= config.early_stop_epochs


def on_plateau(progress: Progress, config: TrainingConfig) -> bool:
    return bool(config.plateau_epochs) and progress.worse > 0 and progress.worse % config.plateau_epochs == 0
