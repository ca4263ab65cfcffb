"""Initial state of a run: from a checkpoint, or new weights with measured feature normalization.

In: components and the checkpoint chosen by `resume.py`. Out: the components, with normalized features, and a
TrainingState.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from deepspeech import checkpoint
from deepspeech.checkpoint import Checkpoint
from deepspeech.datasets.shards.order import some
from deepspeech.errors import CheckpointError, ConfigError
from deepspeech.features.normalization import kept_normalization, moments, normalization_of
from deepspeech.progress import Progress
from deepspeech.text.token_files import write_alphabet
from deepspeech.training import optim
from deepspeech.training.build import Parts
from deepspeech.training.left_out import LeftOut
from deepspeech.training.loader import load
from deepspeech.training.log import Log
from deepspeech.training.resume import source_of
from deepspeech.training.state import Position, TrainingState
from deepspeech.training.transfer import other_settings, take_over

MEASURED_CLIPS = 1000


def start(parts: Parts, kept: Checkpoint | None, own: bool, left_out: LeftOut, log: Log) -> tuple[Parts, TrainingState]:
    """Components and state at the first step. `kept`: checkpoint to start from; `own`: written by this run (resume).

    Raises CheckpointError if the checkpoint does not fit the configuration.
    """
    with_features = _take_over(parts, kept, own, log) if kept else False
    config = parts.config
    if config.features.normalize:
        if kept and with_features:
            parts = _normalized_as(kept, parts)
        else:
            parts = parts.with_normalization(normalization_of(_moments(parts, left_out)))
    elif config.network.normalize_features and not with_features:
        _measure_into_network(parts, left_out)
    state = TrainingState(
        parts.network,
        parts.optimizer,
        optim.Average(parts.network, config.training.average_decay),
        _position(kept, config.checkpoint.reset_rate) if kept and own else Position(),
        _anchor(parts, kept, own),
    )
    if kept and own:
        state.average.restore(kept.average)
    return parts, state


def _take_over(parts: Parts, kept: Checkpoint, own: bool, log: Log) -> bool:
    """Load weights: all of the run's own checkpoint, else by `transfer`.

    Returns whether they include the feature normalization.
    """
    config = parts.config
    drop = () if own else config.transfer.drop
    head = config.network.head
    if kept.run.get("alphabet") != write_alphabet(parts.tokens) and head not in drop:
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


def _anchor(parts: Parts, kept: Checkpoint | None, own: bool) -> optim.Anchor:
    """The weights that transfer.keep holds on to: those of `checkpoint.load`, without the layers dropped."""
    transfer, network = parts.config.transfer, parts.network
    source = source_of(parts.config.checkpoint) if transfer.keep and own else kept
    if transfer.keep and not source:
        raise ConfigError("transfer.keep needs weights to start from; name their checkpoint with checkpoint.load")
    dropped = {network.config.layer_named(name) for name in transfer.drop}
    weights = source.weights | source.average if source else {}
    start = {name: value for name, value in weights.items() if network.layer_of(name) not in dropped}
    return optim.Anchor(network, start, transfer.keep)


def _position(kept: Checkpoint, reset_rate: bool) -> Position:
    position = Position.of(checkpoint.setting(kept.run, "position", dict))
    if reset_rate:
        position.rate_factor = 1.0
    return position


def _normalized_as(kept: Checkpoint, parts: Parts) -> Parts:
    """Use the feature normalization of a checkpoint; it has none if the network normalizes."""
    try:
        return parts.with_normalization(kept_normalization(kept.run))
    except (KeyError, TypeError, ValueError, ConfigError) as error:
        raise CheckpointError(f"{kept.path}: its normalization of features is damaged ({error})") from None


def _measure_into_network(parts: Parts, left_out: LeftOut) -> None:
    """Measure mean and deviation of each coefficient, and store them in the network, which normalizes."""
    sums = np.sum(_moments(parts, left_out), axis=0)
    mean, mean_square = sums[:-1].reshape(2, -1) / max(1, sums[-1])
    deviation = np.sqrt(np.maximum(mean_square - mean**2, 1e-8))
    parts.network.feature_mean.copy_(torch.from_numpy(mean))
    parts.network.feature_scale.copy_(torch.from_numpy(1 / deviation))


def _moments(parts: Parts, left_out: LeftOut) -> list[NDArray[np.float64]]:
    """Moments of (part of) the training set, one row per clip, in order, for any number of ranks."""
    ranks = parts.ranks
    mine, rows = ranks.shard(some(parts.datasets.train, MEASURED_CLIPS)), []
    groups, workers = [[sample] for sample in mine], parts.config.data.workers
    empty = np.zeros((0, parts.config.features.dimensions), np.float32)
    with Progress(len(mine), "measuring features", "clips") as progress:
        for _, batches in load(groups, parts.plain, 0, workers, torch.device("cpu"), left_out.add):
            rows.append(moments(batches[0].features_BTF[0].numpy() if batches else empty))
            progress.advance()
    return [np.array(row) for row in ranks.unshard([row.tolist() for row in rows])]
