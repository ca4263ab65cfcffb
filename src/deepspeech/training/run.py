"""A training run from beginning to end, as a short story; each station's work is told in its own file.

In: a RunConfig. Out: checkpoints in its folder. The same seed gives the same weights on a CPU, undisturbed or killed
and resumed, because every draw has a key: batches (seed, epoch), clips (seed, epoch, clip, augmentation), dropout
(seed, step, microbatch).

Several processes may train together (ranks.py). Each goes through all of this; what differs is the clips that it takes
of a batch, and that only the first writes.
"""

import json
import zlib
from dataclasses import replace
from pathlib import Path

import torch

from deepspeech import checkpoint
from deepspeech.acoustic.contract import AcousticNetwork
from deepspeech.config import CheckpointConfig, RunConfig, page
from deepspeech.datasets.augment.spec import parse
from deepspeech.datasets.feature_cache import open_feature_cache
from deepspeech.datasets.shards.order import durations, identity
from deepspeech.decoder.scorer import Scorer
from deepspeech.errors import ConfigError
from deepspeech.training.build import Parts, build
from deepspeech.training.datasets import alphabet_of, open_datasets
from deepspeech.training.left_out import LeftOut
from deepspeech.training.log import Log
from deepspeech.training.loop import Loop, check_weights, plan_epoch
from deepspeech.training.memory_probe import fitting_batch_size, new_probe
from deepspeech.training.preview import SamplePreview
from deepspeech.training.ranks import ALONE, Ranks
from deepspeech.training.resume import starting_point
from deepspeech.training.saving import CheckpointWriter
from deepspeech.training.signals import noted
from deepspeech.training.start import start
from deepspeech.training.state import Position, TrainingState
from deepspeech.training.summaries import Summaries
from deepspeech.training.validation import Validation


def prepare(config: RunConfig, log: Log, ranks: Ranks = ALONE) -> Parts:
    """Data sets read and checked, and the parts of the run built on them. Arithmetic stays single-threaded."""
    torch.set_num_threads(1)  # batches are divided among threads instead; a second pool of threads would only spin
    alphabet = alphabet_of(config)
    if config.scorer:  # that it fits is better known now than after the last epoch
        Scorer.open(config.scorer, alphabet)
    datasets = open_datasets(config, alphabet, log, ranks)
    if not datasets.train:
        raise ConfigError("data.train names no file; give at least one CSV")
    augmentations = tuple(parse(text) for text in config.augment)
    cache = open_feature_cache(config.data.feature_cache, config.features, augmentations, log.line)
    return build(config, alphabet, datasets, ranks, cache)


class Run:
    """A run, ready to train: parts built, the starting point taken over, the batch size known."""

    def __init__(self, config: RunConfig, log: Log, ranks: Ranks = ALONE) -> None:
        self.log = log if ranks.first else Log()
        parts = prepare(config, self.log, ranks)
        kept = starting_point(config.checkpoint, self.log, ranks)
        self._resumed = bool(kept and checkpoint.lies_in(kept.path, Path(config.checkpoint.folder)))
        left_out = LeftOut(config.data.on_bad_sample, self.log, ranks)
        self.state: TrainingState = start(parts, kept, self._resumed, left_out, self.log)
        size = _batch_size(parts, kept if self._resumed else None, self.state.position.epoch, self.log)
        self.config = replace(config, training=replace(config.training, batch_size=size))
        self.parts = parts = replace(parts, config=self.config)
        _check_ranks(parts, self.state)
        c = config.training
        summaries = Summaries(c.summaries if ranks.first else "", self.state.position.step)
        previewed = next(iter(parts.datasets.dev.values()), ()) if ranks.first else ()
        preview = SamplePreview(previewed, parts.plain, c.eval_batch_size, c.preview_every_s, self.log)
        self.writer = CheckpointWriter(parts, self.state, self.log)
        self.validation = Validation(parts, self.state, self.writer, summaries, left_out, self.log)
        self._loop = Loop(parts, self.state, self.writer, self.validation, preview, summaries, left_out, self.log)

    @property
    def network(self) -> AcousticNetwork:
        return self.parts.network

    @property
    def position(self) -> Position:
        return self.state.position

    def train(self) -> None:
        """Train until the last epoch or an early stop; resumes where the position says. Raises Stopped on a signal."""
        self.log.line(page(self.config))
        if self.parts.ranks.first:
            self.writer.claim(self._resumed)
        with noted() as signals:
            if self.config.training.probe:
                self._probe_memory()
            self._loop.run(signals)
        self.parts.ranks.barrier()  # until the last checkpoint is written

    def _probe_memory(self) -> None:
        """The largest batch once, before anything is learnt: memory that does not suffice shows in the first minute."""
        train, epoch = self.parts.datasets.train, self.state.position.epoch
        lengths_s = durations(train)
        group = plan_epoch(self.parts, epoch).largest(lengths_s)
        self.log.line(f"Trying the largest batch: {len(group)} clips of up to {lengths_s[group].max():.1f} s")
        probe = new_probe(self.parts, [train[i] for i in group], epoch)
        probe.peak_bytes(-(-len(group) // self.parts.ranks.count))


def probed_batch_size(config: RunConfig, log: Log) -> int:
    """The largest `training.batch_size` that fits into memory. Nothing is started from, measured, kept or moved."""
    only_shapes = replace(
        config,
        training=replace(config.training, batch_size=1, summaries=""),
        network=replace(config.network, normalize_features=False),
        data=replace(config.data, feature_cache=""),
        checkpoint=CheckpointConfig(which="init"),
    )
    return fitting_batch_size(prepare(only_shapes, log), 0, log)


def _batch_size(parts: Parts, own: checkpoint.Checkpoint | None, epoch: int, log: Log) -> int:
    """Clips in a batch, of all ranks together; "auto": as many as fit, or as many as were found when it began."""
    wanted = parts.config.training.batch_size
    if isinstance(wanted, int):
        return wanted
    found = checkpoint.setting(own.run, "config.training.batch_size", int, str) if own else None
    return found if isinstance(found, int) else fitting_batch_size(parts, epoch, log)


def _check_ranks(parts: Parts, state: TrainingState) -> None:
    """Ranks that differ would learn different things, and no one would notice."""
    ranks, position = parts.ranks, state.position
    if ranks.count == 1:
        return
    ranks.check_same("settings", zlib.crc32(json.dumps(parts.config.to_dict(), sort_keys=True).encode()))
    ranks.check_same("training clips", identity(parts.datasets.train))
    ranks.check_same("position", [position.epoch, position.batch, position.step])
    check_weights(parts)
