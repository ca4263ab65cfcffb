"""The training loop: epochs of steps, periodic checkpoints, validation after each epoch.

In: components and state. Out: the updated state, checkpoints, log lines.
"""

import json
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from deepspeech.datasets.sampler import batches
from deepspeech.datasets.shards.order import Plan, epoch_plan
from deepspeech.datasets.shards.prefetch import prefetch
from deepspeech.errors import TrainingError
from deepspeech.progress import Progress
from deepspeech.training import optim, stopping
from deepspeech.training.build import Parts
from deepspeech.training.left_out import LeftOut
from deepspeech.training.loader import load
from deepspeech.training.log import Log
from deepspeech.training.memory_probe import explain_out_of_memory
from deepspeech.training.preview import SamplePreview
from deepspeech.training.saving import CheckpointWriter
from deepspeech.training.signals import Stopped
from deepspeech.training.state import TrainingState
from deepspeech.training.step import StepResult
from deepspeech.training.summaries import Summaries
from deepspeech.training.validation import Validation

PATIENCE = 10
EPOCH_CHECKPOINT_S = 10.0  # minimum seconds between end-of-epoch checkpoints


def plan_epoch(parts: Parts, epoch: int) -> Plan:
    """The batches of an epoch, as indices of the training set; the same for any number of ranks.

    `training.batch_size` must be a number by now.
    """
    c, data = parts.config.training, parts.config.data

    def of_window(lengths: Sequence[float], seed: int) -> list[list[int]]:
        return batches(lengths, int(c.batch_size), data.order, seed, epoch, c.batch_seconds)

    return epoch_plan(parts.datasets.train, data, c.seed, epoch, of_window)


def check_weights(parts: Parts) -> None:
    """Raise TrainingError if the weights of ranks differ."""
    if parts.ranks.count > 1:
        sums = [float(p.detach().double().sum()) for p in parts.network.parameters()]
        parts.ranks.check_same("weights", zlib.crc32(json.dumps(sums).encode()))


@dataclass
class Loop:
    """Trains a state from its position to the last epoch. Collective: all ranks run it."""

    parts: Parts
    state: TrainingState
    writer: CheckpointWriter
    validation: Validation
    preview: SamplePreview
    summaries: Summaries
    left_out: LeftOut
    log: Log
    _refused: int = 0  # consecutive steps with a non-finite loss

    def run(self, signals: list[int]) -> None:
        """Train until the last epoch or an early stop. Raises Stopped after a signal, with a checkpoint written."""
        c, p = self.parts.config.training, self.state.position
        while p.epoch < c.epochs and not stopping.should_stop(p.progress, c):
            started = time.monotonic()
            pace = self._train_epoch(signals)
            self._end_epoch(started, pace)
        if stopping.should_stop(p.progress, c):
            self.log.line(f"Early stop triggered as the loss did not improve the last {p.progress.worse} epochs")

    def _train_epoch(self, signals: list[int]) -> float:
        """Train the rest of an epoch. Returns seconds of audio trained per second."""
        parts, p = self.parts, self.state.position
        c, data, train = parts.config.training, parts.config.data, parts.datasets.train
        plan = plan_epoch(parts, p.epoch)
        steps_an_epoch = -(-len(plan) // c.accumulate)
        mine = (parts.ranks.shard([train[i] for i in group]) for group in prefetch(train, plan[p.batch :]))
        loaded = load(mine, parts.pipeline, p.epoch, data.workers, parts.device, self.left_out.add, parts.microbatches)
        seconds, pace, started = 0.0, 0.0, time.monotonic()
        parts.network.train()
        with Progress(len(train), f"epoch {p.epoch + 1} of {c.epochs}", "clips") as progress:
            progress.advance(sum(len(group) for group in plan[: p.batch]))
            while groups := plan[p.batch : p.batch + c.accumulate]:
                microbatches = [one for _, parts_of_one in islice(loaded, len(groups)) for one in parts_of_one]
                rate = p.rate_factor * optim.learning_rate(c, p.step, steps_an_epoch)
                optim.set_rate(parts.optimizer, rate, p.step / steps_an_epoch, parts.config.transfer)
                with explain_out_of_memory(f"a batch of {max(map(len, groups))} clips"):
                    consistency = optim.consistency(c, p.step, steps_an_epoch)
                    result = parts.trainer.train_step(microbatches, c.seed * 1_000_003 + p.step, consistency)
                self._account(result)
                p.batch, p.step = p.batch + len(groups), p.step + 1
                seconds += sum(train[i].duration_s or 0.0 for group in groups for i in group)
                pace = seconds / (time.monotonic() - started)
                note = f"loss {p.loss_sum / max(1, p.clips):.2f}, {pace:.0f} audio s/s"
                progress.advance(sum(map(len, groups)), ", ".join(filter(None, (note, self.preview.note))))
                self._after_step(signals)
        return pace

    def _account(self, result: StepResult) -> None:
        """Update position and averaged weights after a step, or report clips with a non-finite loss."""
        p = self.state.position
        self._refused = self._refused + 1 if result.faulty else 0
        if result.faulty:
            self._not_finite(result.faulty)
            return
        self.state.anchor.pull(self.state.optimizer)
        self.state.average.update(self.state.network, p.step)
        p.loss_sum, p.clips = p.loss_sum + result.loss_sum, p.clips + result.clips
        mean = result.loss_sum / max(1, result.clips)
        self.summaries.step(p.step, mean, optim.rate_of(self.state.optimizer))

    def _not_finite(self, ids: Sequence[str]) -> None:
        self.log.line(
            "The following files caused an infinite (or NaN) loss; their batch was skipped: " + ", ".join(ids)
        )
        if self._refused >= PATIENCE:
            raise TrainingError(
                f"the loss was not finite in {self._refused} consecutive batches; lower training.learning_rate "
                "or set training.clip_norm, then run again: training resumes from the last checkpoint"
            )

    def _after_step(self, signals: list[int]) -> None:
        """Preview, stop or save if due. A signal to any rank stops all ranks at the same step."""
        if self.preview.due:
            self._preview(self.state.position.epoch, report=False)
        number = int(self.parts.ranks.all_reduce_max(max(signals, default=0)))
        if number:
            self.writer.save("train")
            self.parts.ranks.barrier()
            raise Stopped(number)
        every = self.parts.config.checkpoint.every_s
        if every and self.writer.age_s > every:
            self.writer.save("train")

    def _preview(self, epoch: int, report: bool) -> None:
        with self.state.averaged():
            self.preview.show(self.state.network, self.parts.tokens, report, epoch=epoch, step=self.state.position.step)

    def _end_epoch(self, started: float, pace: float) -> None:
        """Report the epoch, validate, and save if the last checkpoint is old or the run ends."""
        c, p = self.parts.config.training, self.state.position
        loss = p.loss_sum / max(1, p.clips)
        self.log.line(
            f"Finished training epoch {p.epoch} - loss: {loss:f}",
            epoch=p.epoch, step=p.step, train_loss=loss, seconds=round(time.monotonic() - started, 2),
            learning_rate=optim.rate_of(self.state.optimizer), audio_s_per_s=round(pace, 1),
        )  # fmt: skip
        self.summaries.epoch("train", "", p.step, {"loss": loss})
        if self.parts.ranks.first:
            self._preview(p.epoch, report=True)
        p.epoch, p.batch, p.loss_sum, p.clips = p.epoch + 1, 0, 0.0, 0
        check_weights(self.parts)
        if p.epoch % c.evaluate_every == 0 or p.epoch == c.epochs:
            self.validation.after_epoch(p.epoch - 1)
        self.left_out.flush()
        if p.epoch == c.epochs or stopping.should_stop(p.progress, c) or self.writer.age_s > EPOCH_CHECKPOINT_S:
            self.writer.save("train")
