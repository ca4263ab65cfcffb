"""One step of learning: logits → CTC → gradients → weights. A batch whose loss is not finite changes nothing.

On a CPU a batch is cut into one share for each core. Each share goes through the network in a thread of its own, for
an LSTM's small products do not gain from being divided; the shares' gradients are added in a fixed order.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor
from torch.nn import functional

from deepspeech.acoustic.deepspeech import DeepSpeech
from deepspeech.training.loader import TensorBatch


def losses(logits_BTV: Tensor, batch: TensorBatch) -> Tensor:
    """Un-normalised CTC loss [B] of each clip, -ln p(transcript) (Graves 2006); blank is the last class."""
    return functional.ctc_loss(
        logits_BTV.log_softmax(-1).transpose(0, 1),
        batch.labels,
        batch.lengths_B,
        batch.label_lengths_B,
        blank=logits_BTV.shape[-1] - 1,
        reduction="none",
    )


class Learner:
    """Changes a network's weights, batch by batch."""

    def __init__(
        self, network: DeepSpeech, optimiser: torch.optim.Optimizer, clip_norm: float, precision: str, threads: int
    ) -> None:
        self._network, self._optimiser = network, optimiser
        self._clip_norm = clip_norm or float("inf")
        self._precision = precision
        self._parameters = [p for p in network.parameters() if p.requires_grad]
        # Each worker's products use one core.
        self._pool = (
            ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) if threads > 1 else None
        )

    def learn(self, shares: Sequence[TensorBatch], seed: int) -> tuple[float, list[str]]:
        """Sum of the losses of all clips before the step, and the ids of clips whose loss or gradient is not finite.

        Where there are such ids the weights stay as they were. `seed` is the step's own; each share's dropout is keyed
        by it and by the share's number.
        """
        seeds = [seed * len(shares) + number for number in range(len(shares))]
        results = list((self._pool.map if self._pool else map)(self._gradients, shares, seeds))
        total = sum(float(loss_B.sum()) for loss_B, _ in results)
        faulty = [
            name
            for share, (loss_B, _) in zip(shares, results, strict=True)
            for name, finite in zip(share.ids, torch.isfinite(loss_B).tolist(), strict=True)
            if not finite
        ]
        if faulty:
            return total, faulty
        gradients = results[0][1]
        for _, more in results[1:]:
            torch._foreach_add_(gradients, more)
        torch._foreach_div_(gradients, float(sum(len(share.ids) for share in shares)))
        for parameter, gradient in zip(self._parameters, gradients, strict=True):
            parameter.grad = gradient
        if not torch.isfinite(torch.nn.utils.clip_grad_norm_(self._parameters, self._clip_norm)):
            return total, [name for share in shares for name in share.ids]
        self._optimiser.step()
        return total, []

    def _gradients(self, batch: TensorBatch, seed: int) -> tuple[Tensor, list[Tensor]]:
        """Losses [B] of a share, and the gradients of their sum. In "bfloat16" only matrix products are 16-bit."""
        device = batch.features_BTF.device
        random = torch.Generator(device).manual_seed(seed)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=self._precision == "bfloat16"):
            logits_BTV = self._network(batch.features_BTF, random, batch.lengths_B)
        loss_B = losses(logits_BTV.float(), batch)
        return loss_B.detach(), list(torch.autograd.grad(loss_B.sum(), self._parameters))
