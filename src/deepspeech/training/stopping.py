"""Which judgement is the best, when to lower the rate, when to stop: pure functions of numbers."""

from dataclasses import dataclass, replace

from deepspeech.config import TrainingConfig


@dataclass(frozen=True)
class Progress:
    """The best dev value so far and how many judgements came after the last real improvement."""

    best: float = float("inf")
    worse: int = 0


def judge(progress: Progress, value: float, min_delta: float) -> tuple[Progress, bool]:
    """After one more judgement, and whether it is the best so far (`train.py`: strictly lower)."""
    worse = progress.worse + 1 if value > progress.best - min_delta else 0
    return replace(progress, best=min(progress.best, value), worse=worse), value < progress.best


def should_stop(progress: Progress, config: TrainingConfig) -> bool:
    return bool(config.early_stop_epochs) and progress.worse >= config.early_stop_epochs


def on_plateau(progress: Progress, config: TrainingConfig) -> bool:
    return bool(config.plateau_epochs) and progress.worse > 0 and progress.worse % config.plateau_epochs == 0
