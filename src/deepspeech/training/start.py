"""Initial state of a run: from a checkpoint, or new weights with measured feature normalization.

In: components and the checkpoint chosen by `resume.py`. Out: a TrainingState.
"""

import numpy as np
import torch

from deepspeech import checkpoint
from deepspeech.checkpoint import Checkpoint
from deepspeech.datasets.shards.order import some
from deepspeech.errors import CheckpointError
from deepspeech.progress import Progress
from deepspeech.text.token_files import write_alphabet
from deepspeech.training import optim
from deepspeech.training.build import Parts
from deepspeech.training.left_out import LeftOut
from deepspeech.training.loader import load
from deepspeech.training.log import Log
from deepspeech.training.state import Position, TrainingState
from deepspeech.training.transfer import other_settings, take_over

MEASURED_CLIPS = 1000


def start(parts: Parts, kept: Checkpoint | None, own: bool, left_out: LeftOut, log: Log) -> TrainingState:
    """The state at the first step. `kept`: checkpoint to start from; `own`: written by this run (resume).

    Raises CheckpointError if the checkpoint does not fit the configuration.
    """
    measured = _take_over(parts, kept, own, log) if kept else False
    if parts.config.network.normalize_features and not measured:
        _measure_features(parts, left_out)
    state = TrainingState(
        parts.network,
        parts.optimizer,
        optim.Average(parts.network, parts.config.training.average_decay),
        _position(kept, parts.config.checkpoint.reset_rate) if kept and own else Position(),
    )
    if kept and own:
        state.average.restore(kept.average)
    return state


def _take_over(parts: Parts, kept: Checkpoint, own: bool, log: Log) -> bool:
    """Load weights: all of the run's own checkpoint, else by `transfer`.

    Returns whether they include the feature normalization.
    """
    config = parts.config
    drop = () if own else config.transfer.drop
    head = config.network.head
    if kept.run.get("alphabet") != write_alphabet(parts.alphabet) and head not in drop:
        raise CheckpointError(
            f"{kept.path}: was trained with another alphabet; use the same, "
            f'or re-initialize the last layer: transfer.drop=["{head}"] (--drop_source_layers 1)'
        )
    for line in other_settings(kept, config, drop, own=own):
        log.line(line)
    try:
        taken = take_over(parts.network, kept.weights if own else kept.weights | kept.average, drop)
    except CheckpointError as error:
        raise CheckpointError(f"{kept.path}: {error}") from None
    if drop:
        log.line(f"Loaded: {', '.join(taken)}; re-initialized: {', '.join(drop)}")
    if own:
        optim.restore_state(parts.network, parts.optimizer, kept.optimizer)
    return "features" in taken


def _position(kept: Checkpoint, reset_rate: bool) -> Position:
    position = Position.of(checkpoint.setting(kept.run, "position", dict))
    if reset_rate:
        position.rate_factor = 1.0
    return position


def _measure_features(parts: Parts, left_out: LeftOut) -> None:
    """Measure mean and deviation of each coefficient on (part of) the training set, and store them in the network."""
    coefficients, ranks = parts.config.features.dimensions, parts.ranks
    mine, rows = ranks.shard(some(parts.datasets.train, MEASURED_CLIPS)), []
    groups, workers = [[sample] for sample in mine], parts.config.data.workers
    with Progress(len(mine), "measuring features", "clips") as progress:
        for _, batches in load(groups, parts.plain, 0, workers, torch.device("cpu"), left_out.add):
            frames = batches[0].features_BTF[0].numpy().astype(np.float64) if batches else np.zeros((0, coefficients))
            rows.append([*frames.sum(0), *(frames**2).sum(0), len(frames)])
            progress.advance()
    sums = np.sum(ranks.unshard(rows), axis=0)  # in the order of clips, for any number of ranks
    mean, mean_square = sums[:-1].reshape(2, coefficients) / max(1, sums[-1])
    deviation = np.sqrt(np.maximum(mean_square - mean**2, 1e-8))
    parts.network.feature_mean.copy_(torch.from_numpy(mean))
    parts.network.feature_scale.copy_(torch.from_numpy(1 / deviation))
