"""Validation: loss and greedy WER and CER on the dev and metrics sets; best checkpoint, plateau.

In: the state after an epoch. Out: log lines; the best checkpoint; a lower learning rate on a plateau.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from deepspeech import checkpoint
from deepspeech.acoustic.restore import fill
from deepspeech.datasets.sample import Sample
from deepspeech.errors import AudioError, DataError
from deepspeech.evaluation.evaluate import evaluate
from deepspeech.evaluation.score import Scored, Scores
from deepspeech.training import optim, stopping
from deepspeech.training.build import Parts
from deepspeech.training.datasets import Files
from deepspeech.training.emit import TorchAcousticModel
from deepspeech.training.left_out import LeftOut
from deepspeech.training.log import Log
from deepspeech.training.saving import CheckpointWriter
from deepspeech.training.state import TrainingState
from deepspeech.training.summaries import Summaries


@dataclass
class Validation:
    """Validates a state. Collective: each rank works on its shard of the clips."""

    parts: Parts
    state: TrainingState
    writer: CheckpointWriter
    summaries: Summaries
    left_out: LeftOut
    log: Log

    def after_epoch(self, epoch: int) -> None:
        """Validate on all sets after `epoch` (from 0): save the best checkpoint, update progress, handle a plateau."""
        if self.parts.datasets.dev:
            self._dev(epoch)
        if self.parts.datasets.metrics:
            self._files("metrics", self.parts.datasets.metrics, epoch)

    def validate(self, samples: Sequence[Sample], label: str) -> Scores:
        """Loss and greedy error rates of the current weights. Raises DataError if no clip can be read."""
        c, ranks, left_out = self.parts.config, self.parts.ranks, set[Sample]()

        def bad(sample: Sample, error: AudioError) -> None:
            self.left_out.add(sample, error)
            left_out.add(sample)

        mine = ranks.shard(samples)
        acoustic_model = TorchAcousticModel(
            self.state.network, self.parts.plain, c.training.eval_batch_size, c.data.workers, bad
        )
        scores = iter(evaluate(acoustic_model.emit(mine), mine, self.parts.tokens, None, label).samples)
        rows = ranks.unshard([None if sample in left_out else asdict(next(scores)) for sample in mine])
        found = tuple(Scored(**row) for row in rows if row is not None)
        if not found:
            raise DataError(f"{label}: no clip of this set can be read; check the files")
        return Scores(found, self.parts.tokens.bytes_mode)

    def _dev(self, epoch: int) -> None:
        c, p = self.parts.config.training, self.state.position
        results = self._files("dev", self.parts.datasets.dev, epoch)
        every = Scores(
            tuple(sample for scores in results.values() for sample in scores.samples), self.parts.tokens.bytes_mode
        )
        value = {"loss": every.loss or 0.0, "wer": every.rate, "cer": every.cer}[c.select_by]
        before, delta = p.progress, c.early_stop_min_delta if c.select_by == "loss" else 0.0
        p.progress, best = stopping.advance(before, value, delta, epoch + 1)
        if best:
            path = self.writer.save("best")
            name = every.rate_name.lower() if c.select_by == "wer" else c.select_by
            self.log.line(f"Saved new best validating model with {name} {value:f} to: {path}")
        if stopping.on_plateau(before, p.progress, c):
            self._reduce_rate()

    def _files(self, kind: str, files: Files, epoch: int) -> dict[str, Scores]:
        """Scores of each file, reported under the kind of set: "dev" or "metrics"."""
        with self.state.averaged():
            results = {name: self.validate(samples, f"{kind} {epoch + 1}") for name, samples in files.items()}
        for name, scores in results.items():
            self._report(kind, name, scores, len(files[name]), epoch)
        return results

    def _report(self, kind: str, name: str, scores: Scores, clips: int, epoch: int) -> None:
        lost, step = clips - len(scores.samples), self.state.position.step
        what = f"Finished validating epoch {epoch} on" if kind == "dev" else f"Metrics for epoch {epoch} on"
        self.log.line(
            f"{what} {name} - loss: {scores.loss:f}, greedy {scores.rate_name}: {scores.rate:.4f}"
            + (f" ({lost} of {clips} clips skipped)" if lost else ""),
            epoch=epoch, step=step, **{kind: name, f"{kind}_loss": scores.loss}, wer=scores.wer, cer=scores.cer,
        )  # fmt: skip
        self.summaries.epoch(kind, name, step, {"loss": scores.loss, "wer": scores.wer, "cer": scores.cer})

    def _reduce_rate(self) -> None:
        """Reload the best checkpoint and lower the learning rate."""
        c, state = self.parts.config, self.state
        best = checkpoint.newest(Path(c.checkpoint.folder), ("best",))
        if best := self.parts.ranks.broadcast(str(best) if best else ""):
            kept = checkpoint.load(Path(best))
            fill(state.network, kept.weights)
            optim.restore_state(state.network, state.optimizer, kept.optimizer)
            state.average.restore(kept.average)
        state.position.rate_factor *= c.training.plateau_factor
        rate = c.training.learning_rate * state.position.rate_factor
        self.log.line(f"Encountered a plateau, reducing learning rate to {rate}")
