"""One step of learning: logits → CTC → gradients → weights. A batch whose loss is not finite changes nothing."""

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


def learn(
    network: DeepSpeech, optimiser: torch.optim.Optimizer, batch: TensorBatch, clip_norm: float
) -> tuple[Tensor, list[str]]:
    """Loss [B] of the batch before the step, and the ids of clips whose loss or gradient is not finite.

    Where there are such ids the weights stay as they were.
    """
    optimiser.zero_grad(set_to_none=True)
    loss_B = losses(network(batch.features_BTF), batch)
    finite_B = torch.isfinite(loss_B)
    if not finite_B.all():
        return loss_B.detach(), [name for name, good in zip(batch.ids, finite_B.tolist(), strict=True) if not good]
    loss_B.mean().backward()  # type: ignore[no-untyped-call]
    norm = torch.nn.utils.clip_grad_norm_(network.parameters(), clip_norm or float("inf"))
    if not torch.isfinite(norm):
        return loss_B.detach(), list(batch.ids)
    optimiser.step()
    return loss_B.detach(), []
