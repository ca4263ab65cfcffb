"""Run: a training run from start to end; each step is implemented in its own module.

In: a RunConfig. Out: checkpoints in its folder. The same seed gives the same weights on a CPU, also after a resume,
because every random draw has a key: batches (seed, epoch), clips (seed, epoch, clip, augmentation), dropout
(seed, step, microbatch).

With several ranks (ranks.py) each process runs this code on its shard of every batch; only the first one writes.
"""

import json
import zlib
from dataclasses import replace
from pathlib import Path

import torch

from deepspeech import checkpoint
from deepspeech.acoustic.contract import AcousticNetwork
from deepspeech.config import RunConfig, page
from deepspeech.datasets.augment.spec import parse
from deepspeech.datasets.feature_cache import open_feature_cache
from deepspeech.datasets.shards.order import durations, identity
from deepspeech.decoder.scorer import Scorer
from deepspeech.errors import ConfigError
from deepspeech.run_settings import CheckpointConfig
from deepspeech.training.build import Parts, build
from deepspeech.training.datasets import alphabet_of, open_datasets
from deepspeech.training.left_out import LeftOut
from deepspeech.training.log import Log
from deepspeech.training.loop import Loop, check_weights, plan_epoch
from deepspeech.training.memory_probe import fitting_batch_size, new_probe
from deepspeech.training.preview import SamplePreview
from deepspeech.training.ranks import ALONE, Ranks
from deepspeech.training.resume import changed_settings, starting_point
from deepspeech.training.saving import CheckpointWriter
from deepspeech.training.signals import noted
from deepspeech.training.start import start
from deepspeech.training.state import Position, TrainingState
from deepspeech.training.summaries import Summaries
from deepspeech.training.validation import Validation


def prepare(config: RunConfig, log: Log, ranks: Ranks = ALONE) -> Parts:
    """Read and check data sets and build the components of a run. Sets torch to one thread."""
    torch.set_num_threads(1)  # microbatches run in threads instead
    alphabet = alphabet_of(config)
    if config.scorer:  # fail early if it does not fit
        Scorer.open(config.scorer, alphabet)
    datasets = open_datasets(config, alphabet, log, ranks)
    if not datasets.train:
        raise ConfigError("data.train names no file; give at least one CSV")
    augmentations = tuple(parse(text) for text in config.augment)
    cache = open_feature_cache(config.data.feature_cache, config.features, augmentations, log.line)
    return build(config, alphabet, datasets, ranks, cache)


class Run:
    """A run, ready to train: components built, checkpoint loaded, batch size known."""

    def __init__(self, config: RunConfig, log: Log, ranks: Ranks = ALONE) -> None:
        self.log = log if ranks.first else Log()
        config = replace(config, text=config.text.complete())  # a checkpoint keeps the map itself
        parts = prepare(config, self.log, ranks)
        kept = starting_point(config.checkpoint, self.log, ranks)
        self._resumed = bool(kept and checkpoint.lies_in(kept.path, Path(config.checkpoint.folder)))
        self._settings_before = checkpoint.setting(kept.run, "config", dict) if kept and self._resumed else None
        left_out = LeftOut(config.data.on_bad_sample, self.log, ranks)
        self.state: TrainingState
        parts, self.state = start(parts, kept, self._resumed, left_out, self.log)
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

    def train(self, repeat_settings: bool = False) -> None:
        """Train until the last epoch or an early stop; resumes at the position. Raises Stopped on a signal.

        `repeat_settings`: print all settings after a resume too, instead of those that changed.
        """
        resumed = self._settings_before is not None and not repeat_settings
        self.log.line(self._resumption() if resumed else page(self.config))
        if self.parts.ranks.first:
            self.writer.claim(self._resumed)
        with noted() as signals:
            if self.config.training.probe:
                self._probe_memory()
            self._loop.run(signals)
        self.parts.ranks.barrier()  # until the last checkpoint is written

    def _resumption(self) -> str:
        """One line: where the run resumes, and which settings differ from those of its checkpoint."""
        changed = changed_settings(self._settings_before or {}, self.config)
        settings = f"changed settings: {'; '.join(changed)}" if changed else "with the same settings"
        done = f"{self.position.epoch} of {self.config.training.epochs} epochs done"
        return f"Resuming from step {self.position.step}, {done}, {settings}"

    def _probe_memory(self) -> None:
        """Dry run of the largest batch, to detect lack of memory before training."""
        train, epoch = self.parts.datasets.train, self.state.position.epoch
        lengths_s = durations(train)
        group = plan_epoch(self.parts, epoch).largest(lengths_s)
        self.log.line(f"Trying the largest batch: {len(group)} clips of up to {lengths_s[group].max():.1f} s")
        probe = new_probe(self.parts, [train[i] for i in group], epoch)
        probe.peak_bytes(-(-len(group) // self.parts.ranks.count))


def probed_batch_size(config: RunConfig, log: Log) -> int:
    """The largest `training.batch_size` that fits into memory. Loads and writes no checkpoint."""
    only_shapes = replace(
        config,
        training=replace(config.training, batch_size=1, summaries=""),
        network=replace(config.network, normalize_features=False),
        data=replace(config.data, feature_cache=""),
        checkpoint=CheckpointConfig(which="init"),
    )
    return fitting_batch_size(prepare(only_shapes, log), 0, log)


def _batch_size(parts: Parts, own: checkpoint.Checkpoint | None, epoch: int, log: Log) -> int:
    """Clips per batch, over all ranks; "auto": as many as fit, or as found when the run began."""
    wanted = parts.config.training.batch_size
    if isinstance(wanted, int):
        return wanted
    found = checkpoint.setting(own.run, "config.training.batch_size", int, str) if own else None
    return found if isinstance(found, int) else fitting_batch_size(parts, epoch, log)


def _check_ranks(parts: Parts, state: TrainingState) -> None:
    """Raise TrainingError if settings, data, position or weights of ranks differ."""
    ranks, position = parts.ranks, state.position
    if ranks.count == 1:
        return
    ranks.check_same("settings", zlib.crc32(json.dumps(parts.config.to_dict(), sort_keys=True).encode()))
    ranks.check_same("training clips", identity(parts.datasets.train))
    ranks.check_same("position", [position.epoch, position.batch, position.step])
    check_weights(parts)
