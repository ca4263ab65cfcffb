"""Trainer: a training step: logits → CTC loss → gradients → update. Batches with a non-finite loss are skipped.

On a CPU a batch is divided into one microbatch per core, each processed by one thread, as an LSTM's matrix products are
too small to parallelize. Gradients are summed in a fixed order over microbatches and ranks, and divided by the number
of clips: a step does not depend on the division into batches, ranks and threads, except for rounding.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat

import torch
from torch import Tensor

from deepspeech.acoustic.contract import AcousticNetwork
from deepspeech.training.cpu_memory import arrange
from deepspeech.training.loader import TensorBatch
from deepspeech.training.losses import ctc_losses, inconsistency
from deepspeech.training.ranks import ALONE, Ranks


@dataclass(frozen=True)
class StepResult:
    """Result of a step over all ranks: sum of losses, number of clips, clips with a non-finite loss or gradient."""

    loss_sum: float
    clips: int
    faulty: list[str]  # ids of clips whose loss or gradient is not finite


SEEDS = 2**63  # number of seeds of torch's generators; larger ones are taken modulo


class Trainer:
    """Performs training steps, identically on all ranks."""

    def __init__(
        self,
        network: AcousticNetwork,
        optimizer: torch.optim.Optimizer,
        clip_norm: float,
        precision: str,
        threads: int,
        ranks: Ranks = ALONE,
        accumulate: int = 1,
        inter_ctc: float = 0.0,
    ) -> None:
        """`threads`: microbatches in parallel; a step has up to `accumulate` times as many.

        `inter_ctc`: weight of the losses of intermediate layers, which are not reported.
        """
        self._network, self._optimizer, self._ranks = network, optimizer, ranks
        self._clip_norm = clip_norm or float("inf")
        self._precision, self._inter_ctc = precision, inter_ctc
        self._parameters = [p for p in network.parameters() if p.requires_grad]
        if all(parameter.device.type == "cpu" for parameter in self._parameters):
            arrange()
        self._keys_a_step = ranks.count * threads * accumulate
        # Each worker uses one core.
        self._pool = (
            ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) if threads > 1 else None
        )

    def train_step(self, microbatches: Sequence[TensorBatch], seed: int, consistency: float = 0.0) -> StepResult:
        """Train on the microbatches of all ranks; a rank may have none.

        `consistency`: weight of the disagreement between two views of a clip (CR-CTC), for batches that have two.

        If a loss or the gradient is not finite, weights do not change. Dropout is keyed by `seed`, unique per step, and
        by the number of the microbatch over all ranks.
        """
        loss_sum, clips, faulty, gradients = 0.0, 0, list[str](), list[Tensor]()
        for batch, (loss_B, more) in zip(microbatches, self._worked_on(microbatches, seed, consistency), strict=True):
            loss_sum, clips = loss_sum + float(loss_B.sum()), clips + len(batch.ids)
            finite_B = torch.isfinite(loss_B).tolist()
            faulty += [name for name, finite in zip(batch.ids, finite_B, strict=True) if not finite]
            if gradients:
                torch._foreach_add_(gradients, more)
            else:
                gradients = more
        loss_sum, total, faults = self._ranks.all_reduce_sum(loss_sum, clips, len(faulty))
        result = StepResult(loss_sum, round(total), self._ranks.all_gather(faulty) if faults else [])
        if not total or faults:
            return result
        gradients = gradients or [torch.zeros_like(parameter) for parameter in self._parameters]
        self._ranks.all_reduce_(gradients)
        torch._foreach_div_(gradients, total)
        for parameter, gradient in zip(self._parameters, gradients, strict=True):
            parameter.grad = gradient
        if not torch.isfinite(torch.nn.utils.clip_grad_norm_(self._parameters, self._clip_norm)):
            ids = [name for batch in microbatches for name in batch.ids]
            return replace(result, faulty=self._ranks.all_gather(ids))
        self._optimizer.step()
        return result

    def dry_run(self, microbatches: Sequence[TensorBatch]) -> None:
        """Compute a step on this rank without an update, to measure memory."""
        gradients: list[Tensor] = []
        for _, more in self._worked_on(microbatches, 0):
            gradients = gradients or more

    def _worked_on(
        self, microbatches: Sequence[TensorBatch], seed: int, consistency: float = 0.0
    ) -> Iterable[tuple[Tensor, list[Tensor]]]:
        """Losses and gradients of each microbatch, in order."""
        first = seed * self._keys_a_step + self._ranks.number
        seeds = [first + self._ranks.count * number for number in range(len(microbatches))]
        return (self._pool.map if self._pool else map)(
            self._gradients, microbatches, seeds, repeat(consistency)
        )  # fmt: skip

    def _gradients(self, batch: TensorBatch, seed: int, consistency: float) -> tuple[Tensor, list[Tensor]]:
        """Losses [B] of a microbatch, and the gradients of their sum. In "bfloat16" only matrix products are 16-bit."""
        device = batch.features_BTF.device
        random = torch.Generator(device).manual_seed(seed % SEEDS)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=self._precision == "bfloat16"):
            intermediate: list[Tensor] | None = [] if self._inter_ctc else None
            logits_BTV, lengths_B = self._network(batch.features_BTF, batch.lengths_B, random, intermediate)
        logits_BTV = logits_BTV.float()
        loss_B = ctc_losses(logits_BTV, lengths_B, batch)
        total = loss_B.sum()
        for logits in intermediate or ():
            total = total + self._inter_ctc * ctc_losses(logits.float(), lengths_B, batch).sum()
        if batch.views > 1:
            loss_B = loss_B.view(batch.views, -1).mean(0)
            total = (total + consistency * inconsistency(logits_BTV, lengths_B)) / batch.views
        return loss_B.detach(), list(torch.autograd.grad(total, self._parameters))
