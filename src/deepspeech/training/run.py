"""Training from beginning to end: what is built, in reading order, and the loop. Nobody calls back into it.

In: a RunConfig. Out: checkpoints in its folder. The same seed gives the same weights on a CPU, undisturbed or killed
and resumed, because every draw has a key: batches (seed, epoch), clips (seed, epoch, clip, augmentation), dropout
(seed, step, share).

Several processes may train together (ranks.py). Each goes through all of this; what differs is the clips that it takes
of a batch, and that only the first writes.
"""

import json
import time
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from deepspeech import checkpoint
from deepspeech._version import __version__
from deepspeech.acoustic.contract import new_network
from deepspeech.acoustic.restore import fill, write_alphabet
from deepspeech.config import RunConfig, page
from deepspeech.cores import cores
from deepspeech.datasets.augment.sources import Sources
from deepspeech.datasets.augment.spec import parse
from deepspeech.datasets.clips import ClipCache
from deepspeech.datasets.feature_cache import open_feature_cache
from deepspeech.datasets.pipeline import Pipeline
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.sampler import batches
from deepspeech.datasets.shard_ahead import brought_ahead
from deepspeech.datasets.shard_order import Plan, durations, epoch_plan, identity, some
from deepspeech.decoder.scorer import Scorer
from deepspeech.errors import AudioError, CheckpointError, ConfigError, DataError, TrainingError
from deepspeech.evaluation.evaluate import evaluate
from deepspeech.evaluation.score import Scored, Scores
from deepspeech.features.registry import new_front_end
from deepspeech.progress import Progress
from deepspeech.text.alphabet import Alphabet
from deepspeech.training import devices, optim, stopping
from deepspeech.training.emit import TorchEmitter
from deepspeech.training.loader import load
from deepspeech.training.log import Log
from deepspeech.training.peek import Peek
from deepspeech.training.places import send
from deepspeech.training.probe import Rehearsal, largest, longest, memory_limit, memory_told
from deepspeech.training.ranks import ALONE, Ranks
from deepspeech.training.resume import starting_point
from deepspeech.training.sets import Files, Sets, alphabet_of, open_sets
from deepspeech.training.signals import Stopped, noted
from deepspeech.training.step import SEEDS, Learner
from deepspeech.training.summaries import Summaries
from deepspeech.training.transfer import freeze, other_settings, take_over

MEASURED_CLIPS = 1000
PATIENCE = 10
REST_S = 10.0  # epochs shorter than this do not each deserve a checkpoint


@dataclass
class Position:
    """How far a run has come; saved with every checkpoint."""

    epoch: int = 0
    batch: int = 0  # batches of this epoch that are learnt
    step: int = 0
    loss_sum: float = 0.0  # over this epoch's clips
    clips: int = 0
    rate_factor: float = 1.0
    progress: stopping.Progress = field(default_factory=stopping.Progress)

    @classmethod
    def of(cls, values: dict[str, Any]) -> "Position":
        try:
            progress = {"judged": values["epoch"], **values["progress"]}  # which earlier versions did not write
            return cls(**{**values, "progress": stopping.Progress(**progress)})
        except (KeyError, TypeError) as error:
            raise CheckpointError(f"the checkpoint's position is damaged ({error}); use an older one") from None


class Run:
    """Everything a training run holds, built in reading order."""

    def __init__(self, config: RunConfig, log: Log, ranks: Ranks = ALONE) -> None:
        self.ranks = ranks
        self.threads = config.training.threads or max(1, cores() // ranks.local_count)
        torch.set_num_threads(1)  # batches are shared out instead; a second pool of threads would only spin
        torch.manual_seed(config.training.seed % SEEDS)
        self.config, self.log = config, log if ranks.first else Log()
        self.folder = Path(config.checkpoint.folder)
        self.device = devices.best(ranks.local)
        self.precision = devices.precision(config.training.precision, self.device)
        self.alphabet: Alphabet = alphabet_of(config)
        if config.scorer:  # that it fits is better known now than after the last epoch
            Scorer.open(config.scorer, self.alphabet)
        self.sets: Sets = open_sets(config, self.alphabet, self.log, ranks)
        if not self.sets.train:
            raise ConfigError("data.train names no file; give at least one CSV")
        front_end = new_front_end(config.features)
        augmentations = tuple(parse(text) for text in config.augment)
        feature_cache = open_feature_cache(config.data.feature_cache, config.features, augmentations, log.line)
        clips = ClipCache(config.data.cache_mb)
        self.plain = Pipeline(
            front_end, self.alphabet, clips, outputs=config.network.outputs, feature_cache=feature_cache
        )
        self.pipeline = replace(
            self.plain,
            augmentations=augmentations,
            sources=Sources(augmentations, self.sets.train, self.plain.cache, config.features.sample_rate_hz),
            seed=config.training.seed,
            epochs=config.training.epochs,
            clean_epochs=config.augment_after * config.training.epochs,
        )
        self.network = new_network(config.network, config.features.dimensions, self.alphabet.classes).to(self.device)
        freeze(self.network, config.transfer.freeze)
        self.optimiser = optim.optimiser_of(self.network, config.training)
        self.shares = self.threads if self.device.type == "cpu" else 1
        self.learner = Learner(
            self.network, self.optimiser, config.training.clip_norm, self.precision, self.shares, ranks,
            config.training.accumulate, config.training.inter_ctc,
        )  # fmt: skip
        self.position = Position()
        self._left_out: list[str] = []  # what the first rank is to tell for this one
        kept = starting_point(config.checkpoint, self.log, ranks)
        # What this run wrote itself: all of it is taken over, and where it stood.
        self.own = kept if kept and checkpoint.lies_in(kept.path, self.folder) else None
        measured = self._start_from(kept) if kept else False
        if config.network.normalise_features and not measured:
            self._measure_features()
        self.average = optim.Average(self.network, config.training.average_decay)
        if self.own:
            self.average.restore(self.own.average)
        if config.training.compile:
            devices.compile_network(self.network, self.shares)
        self.batch_size = self._batch_size()
        self.config = replace(config, training=replace(config.training, batch_size=self.batch_size))
        self._check_ranks()
        self.summaries = Summaries(config.training.summaries if ranks.first else "", self.position.step)
        heard = next(iter(self.sets.dev.values()), ()) if ranks.first else ()
        c = config.training
        self.peek = Peek(heard, self.plain, c.eval_batch_size, c.peek_every_s, self.log)
        self._saved_at = time.monotonic()
        self._refused = 0  # batches in a row whose loss was not finite

    # ---- the start -------------------------------------------------------------------------------------------------

    def _start_from(self, kept: checkpoint.Checkpoint) -> bool:
        """Take over a checkpoint: all of it and where it stood if this run wrote it, else as `transfer` says.

        Returns whether it brought the constants of the features.
        """
        drop = () if self.own else self.config.transfer.drop
        head = self.config.network.head
        if kept.run.get("alphabet") != write_alphabet(self.alphabet) and head not in drop:
            raise CheckpointError(
                f"{kept.path}: was trained with another alphabet; give the same, "
                f'or let the last layer begin anew: transfer.drop=["{head}"] (--drop_source_layers 1)'
            )
        for line in other_settings(kept, self.config, drop, own=self.own is not None):
            self.log.line(line)
        try:
            taken = take_over(self.network, kept.weights if self.own else kept.weights | kept.average, drop)
        except CheckpointError as error:
            raise CheckpointError(f"{kept.path}: {error}") from None
        if drop:
            self.log.line(f"Taken over: {', '.join(taken)}; beginning anew: {', '.join(drop)}")
        if self.own:
            optim.restore_state(self.network, self.optimiser, kept.optimiser)
            self.position = Position.of(checkpoint.setting(kept.run, "position", dict))
            if self.config.checkpoint.reset_rate:
                self.position.rate_factor = 1.0
        return "features" in taken

    def _measure_features(self) -> None:
        """Mean and deviation of each coefficient over (part of) the training set, kept in the network."""
        coefficients = self.config.features.dimensions
        chosen = some(self.sets.train, MEASURED_CLIPS)
        mine, rows = self.ranks.share(chosen), []
        with Progress(len(mine), "measuring features", "clips") as progress:
            for _, shares in load(
                [[s] for s in mine], self.plain, 0, self.config.data.workers, torch.device("cpu"), self._bad
            ):
                frames = shares[0].features_BTF[0].numpy().astype(np.float64) if shares else np.zeros((0, coefficients))
                rows.append([*frames.sum(0), *(frames**2).sum(0), len(frames)])
                progress.advance()
        sums = np.sum(self.ranks.collect(rows), axis=0)  # in the clips' order, whoever looked at them
        mean, mean_square = sums[:-1].reshape(2, coefficients) / max(1, sums[-1])
        deviation = np.sqrt(np.maximum(mean_square - mean**2, 1e-8))
        self.network.feature_mean.copy_(torch.from_numpy(mean))
        self.network.feature_scale.copy_(torch.from_numpy(1 / deviation))

    def _batch_size(self) -> int:
        """Clips in a batch, of all ranks together; "auto": as many as fit, or as many as were found when it began."""
        c = self.config.training
        if isinstance(c.batch_size, int):
            return c.batch_size
        if self.own:
            found = checkpoint.setting(self.own.run, "config.training.batch_size", int, str)
            if isinstance(found, int):
                return found
        return self.fitting_batch_size()

    def fitting_batch_size(self) -> int:
        """The largest batch, of all ranks together, that fits into memory even where all clips are the longest."""
        limit = memory_limit(self.device, self.config.training.memory_mb, self.ranks.local_count)
        found = largest(self._rehearsal(self.sets.train).needs, limit, -(-len(self.sets.train) // self.ranks.count))
        size = self.ranks.count * -round(self.ranks.highest(-found))
        self.log.line(f"Batches of {size} of the longest clips fit into {limit / 1e6:.0f} MB a process")
        return size

    def _rehearsal(self, samples: Sequence[Sample]) -> Rehearsal:
        """Steps on the longest clip of some; what comes later are Adam's moments, and on a CPU decoded clips."""
        learning = sum(p.numel() for p in self.network.parameters() if p.requires_grad)
        later = 8 * learning + (self.config.data.cache_mb * 1_000_000 if self.device.type == "cpu" else 0)
        clip = longest(samples, self.pipeline, self.position.epoch)
        return Rehearsal(self.learner, clip, self.device, self.shares, later)

    def _check_ranks(self) -> None:
        """Ranks that differ would learn different things, and no one would notice."""
        if self.ranks.count == 1:
            return
        self.ranks.same("settings", zlib.crc32(json.dumps(self.config.to_dict(), sort_keys=True).encode()))
        self.ranks.same("training clips", identity(self.sets.train))
        self.ranks.same("position", [self.position.epoch, self.position.batch, self.position.step])
        self._check_weights()

    def _check_weights(self) -> None:
        if self.ranks.count > 1:
            sums = [float(p.detach().double().sum()) for p in self.network.parameters()]
            self.ranks.same("weights", zlib.crc32(json.dumps(sums).encode()))

    # ---- the loop --------------------------------------------------------------------------------------------------

    def train(self) -> None:
        """Learn until the last epoch or an early stop; resumes where the position says. Raises Stopped on a signal."""
        c = self.config.training
        self.log.line(page(self.config))
        if self.ranks.first:
            self._claim_folder()
        with noted() as signals:
            if c.probe:
                self._rehearse()
            while self.position.epoch < c.epochs and not stopping.should_stop(self.position.progress, c):
                started = time.monotonic()
                pace = self._learn_epoch(signals)
                self._judge_epoch(started, pace)
        if stopping.should_stop(self.position.progress, c):
            self.log.line(
                f"Early stop triggered as the loss did not improve the last {self.position.progress.worse} epochs"
            )
        self.ranks.wait()  # until the last checkpoint is written

    def _claim_folder(self) -> None:
        """From here on the folder holds what leads to where this run stands, and nothing that comes after it."""
        checkpoint.claim(self.folder)
        if aside := checkpoint.set_aside(self.folder, self.position.step if self.own else -1):
            start = f"Going on from step {self.position.step}" if self.own else "Starting anew"
            self.log.line(f"{start}; {'later' if self.own else 'earlier'} checkpoints are kept in {aside}")
        for kind in ("train", "best"):  # which a run that was killed in between left to do
            self._prune(kind)

    def _plan(self, epoch: int) -> Plan:
        """The batches of an epoch, as places in the training set: the same for all ranks, however many they are."""
        c, data = self.config.training, self.config.data

        def of_window(lengths: Sequence[float], seed: int) -> list[list[int]]:
            return batches(lengths, self.batch_size, data.order, seed, epoch, c.batch_seconds)

        return epoch_plan(self.sets.train, data, c.seed, epoch, of_window)

    def _rehearse(self) -> None:
        """The largest batch once, before anything is learnt: memory that does not suffice shows in the first minute."""
        lengths_s = durations(self.sets.train)
        plan = self._plan(self.position.epoch)
        group = plan.largest(lengths_s)
        self.log.line(f"Trying the largest batch: {len(group)} clips of up to {lengths_s[group].max():.1f} s")
        self._rehearsal([self.sets.train[i] for i in group]).needs(-(-len(group) // self.ranks.count))

    def _learn_epoch(self, signals: list[int]) -> float:
        """What is left of an epoch. Returns the seconds of sound learnt in a second."""
        c, p = self.config.training, self.position
        plan = self._plan(p.epoch)
        steps_an_epoch = -(-len(plan) // c.accumulate)
        coming = brought_ahead(self.sets.train, plan[p.batch :])
        mine = (self.ranks.share([self.sets.train[i] for i in group]) for group in coming)
        loaded = load(mine, self.pipeline, p.epoch, self.config.data.workers, self.device, self._bad, self.shares)
        seconds, pace, started = 0.0, 0.0, time.monotonic()
        self.network.train()
        with Progress(len(self.sets.train), f"epoch {p.epoch + 1} of {c.epochs}", "clips") as progress:
            progress.advance(sum(len(group) for group in plan[: p.batch]))
            while groups := plan[p.batch : p.batch + c.accumulate]:
                shares = [share for _, parts in islice(loaded, len(groups)) for share in parts]
                optim.set_rate(self.optimiser, p.rate_factor * optim.learning_rate(c, p.step, steps_an_epoch))
                with memory_told(f"a batch of {max(map(len, groups))} clips"):
                    learnt = self.learner.learn(shares, c.seed * 1_000_003 + p.step)
                self._refused = self._refused + 1 if learnt.faulty else 0
                if learnt.faulty:
                    self._not_finite(learnt.faulty)
                else:
                    self.average.update(self.network, p.step)
                    p.loss_sum, p.clips = p.loss_sum + learnt.loss_sum, p.clips + learnt.clips
                    mean = learnt.loss_sum / max(1, learnt.clips)
                    self.summaries.step(p.step, mean, self.optimiser.param_groups[0]["lr"])
                p.batch, p.step = p.batch + len(groups), p.step + 1
                seconds += sum(self.sets.train[i].duration_s or 0.0 for group in groups for i in group)
                pace = seconds / (time.monotonic() - started)
                note = f"loss {p.loss_sum / max(1, p.clips):.2f}, {pace:.0f} audio s/s"
                progress.advance(sum(map(len, groups)), ", ".join(filter(None, (note, self.peek.note))))
                if self.peek.due:
                    self._listen(p.epoch, tell=False)
                self._stop_if_asked(signals)
                every = self.config.checkpoint.every_s
                if every and time.monotonic() - self._saved_at > every:
                    self._save("train")
        return pace

    def _stop_if_asked(self, signals: list[int]) -> None:
        """A signal to any of the ranks stops them all, at the same step."""
        number = int(self.ranks.highest(max(signals, default=0)))
        if number:
            self._save("train")
            self.ranks.wait()
            raise Stopped(number)

    def _listen(self, epoch: int, tell: bool) -> None:
        """To a few clips, with the weights that judgements are made with."""
        self.average.swap(self.network)
        self.peek.listen(self.network, self.alphabet, tell, epoch=epoch, step=self.position.step)
        self.average.swap(self.network)

    def _judge_epoch(self, started: float, pace: float) -> None:
        c, p = self.config.training, self.position
        loss = p.loss_sum / max(1, p.clips)
        self.log.line(
            f"Finished training epoch {p.epoch} - loss: {loss:f}",
            epoch=p.epoch, step=p.step, train_loss=loss, seconds=round(time.monotonic() - started, 2),
            learning_rate=self.optimiser.param_groups[0]["lr"], audio_s_per_s=round(pace, 1),
        )  # fmt: skip
        self.summaries.judged("train", "", p.step, {"loss": loss})
        if self.ranks.first:
            self._listen(p.epoch, tell=True)
        p.epoch, p.batch, p.loss_sum, p.clips = p.epoch + 1, 0, 0.0, 0
        self._check_weights()
        if p.epoch % c.evaluate_every == 0 or p.epoch == c.epochs:
            if self.sets.dev:
                self._judge_dev(p.epoch - 1)
            if self.sets.metrics:
                self._judge_sets("metrics", self.sets.metrics, p.epoch - 1)
        for row in self.ranks.pooled(self._left_out):
            self.log.line(row)
        self._left_out.clear()
        if p.epoch == c.epochs or stopping.should_stop(p.progress, c) or time.monotonic() - self._saved_at > REST_S:
            self._save("train")

    def _judge_dev(self, epoch: int) -> None:
        c, p = self.config.training, self.position
        results = self._judge_sets("dev", self.sets.dev, epoch)
        every = Scores(
            tuple(sample for scores in results.values() for sample in scores.samples), self.alphabet.bytes_mode
        )
        value = {"loss": every.loss or 0.0, "wer": every.rate, "cer": every.cer}[c.select_by]
        before, delta = p.progress, c.early_stop_min_delta if c.select_by == "loss" else 0.0
        p.progress, best = stopping.judge(before, value, delta, epoch + 1)
        if best:
            path = self._save("best")
            name = every.rate_name.lower() if c.select_by == "wer" else c.select_by
            self.log.line(f"Saved new best validating model with {name} {value:f} to: {path}")
        if stopping.on_plateau(before, p.progress, c):
            self._lower_rate()

    def _judge_sets(self, kind: str, files: Files, epoch: int) -> dict[str, Scores]:
        """Scores of each file, reported under the kind of set: "dev" or "metrics"."""
        self.average.swap(self.network)
        results = {name: self.judge(samples, f"{kind} {epoch + 1}") for name, samples in files.items()}
        self.average.swap(self.network)
        for name, scores in results.items():
            figures = {"loss": scores.loss, "wer": scores.wer, "cer": scores.cer}
            lost = len(files[name]) - len(scores.samples)
            said = f"Finished validating epoch {epoch} on" if kind == "dev" else f"Metrics for epoch {epoch} on"
            self.log.line(
                f"{said} {name} - loss: {scores.loss:f}, greedy {scores.rate_name}: {scores.rate:.4f}"
                + (f" ({lost} of {len(files[name])} clips left out)" if lost else ""),
                epoch=epoch, step=self.position.step, **{kind: name, f"{kind}_loss": scores.loss},
                wer=scores.wer, cer=scores.cer,
            )  # fmt: skip
            self.summaries.judged(kind, name, self.position.step, figures)
        return results

    def _lower_rate(self) -> None:
        best = checkpoint.newest(self.folder, ("best",))
        if best := self.ranks.told(str(best) if best else ""):
            kept = checkpoint.load(Path(best))
            fill(self.network, kept.weights)
            optim.restore_state(self.network, self.optimiser, kept.optimiser)
            self.average.restore(kept.average)
        self.position.rate_factor *= self.config.training.plateau_factor
        rate = self.config.training.learning_rate * self.position.rate_factor
        self.log.line(f"Encountered a plateau, reducing learning rate to {rate}")

    # ---- its parts -------------------------------------------------------------------------------------------------

    def judge(self, samples: Sequence[Sample], label: str) -> Scores:
        """Loss and greedy error rates of the network as it is: each rank judges its share, all know the whole."""
        c, left_out = self.config.training, set[Sample]()

        def bad(sample: Sample, error: AudioError) -> None:
            self._bad(sample, error)
            left_out.add(sample)

        mine = self.ranks.share(samples)
        emitter = TorchEmitter(self.network, self.plain, c.eval_batch_size, self.config.data.workers, bad)
        scores = iter(evaluate(emitter.emit(mine), mine, self.alphabet, None, label).samples)
        rows = self.ranks.collect([None if sample in left_out else asdict(next(scores)) for sample in mine])
        found = tuple(Scored(**row) for row in rows if row is not None)
        if not found:
            raise DataError(f"{label}: not one clip of this set can be read; see that the files are whole")
        return Scores(found, self.alphabet.bytes_mode)

    def _save(self, kind: str) -> Path:
        """Write a checkpoint, whose path is returned, and delete those that need not be kept; the first rank's work."""
        if kind == "train":
            self._saved_at = time.monotonic()
        if not self.ranks.first:
            return checkpoint.path_of(self.folder, kind, self.position.step)
        run = {
            "config": self.config.to_dict(),
            "alphabet": write_alphabet(self.alphabet),
            "position": asdict(self.position),
            "made_with": f"deepspeech {__version__}, torch {torch.__version__}",
        }
        average = {name: value.cpu().numpy() for name, value in self.average.weights.items()}
        groups = (optim.weights_of(self.network), average, optim.state_of(self.network, self.optimiser))
        path = checkpoint.save(self.folder, kind, self.position.step, groups, run)
        self._prune(kind)
        send(self.folder, self.log)
        return path

    def _prune(self, kind: str) -> None:
        checkpoint.prune(self.folder, kind, self.config.checkpoint.keep if kind == "train" else 1)

    def _bad(self, sample: Sample, error: AudioError) -> None:
        if self.config.data.on_bad_sample == "refuse":
            raise DataError(f"{error}; mend the file, or go on without it: --skip-bad") from None
        if self.ranks.first:
            self.log.line(f"left out: {error}")
        else:
            self._left_out.append(f"left out: {error}")

    def _not_finite(self, ids: Sequence[str]) -> None:
        self.log.line(
            "The following files caused an infinite (or NaN) loss; nothing was learnt from their batch: "
            + ", ".join(ids)
        )
        if self._refused >= PATIENCE:
            raise TrainingError(
                f"the loss was not finite in {self._refused} batches one after another; lower training.learning_rate "
                "or set training.clip_norm, then run again: training resumes from the last checkpoint"
            )
