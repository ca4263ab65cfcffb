"""Losses of a batch: CTC, and the consistency of two views of each clip (CR-CTC).

Shapes: B clips, O frames of output, V classes.
"""

import torch
from torch import Tensor
from torch.nn import functional

from deepspeech.training.loader import TensorBatch


def ctc_losses(logits_BOV: Tensor, lengths_B: Tensor, batch: TensorBatch) -> Tensor:
    """Unnormalized CTC loss [B] of each row of logits, -ln p(transcript) (Graves 2006); blank is the last class.

    `lengths_B`: frames of logits without padding.
    """
    if not logits_BOV.shape[1]:  # torch does not accept zero frames
        return torch.where(batch.label_lengths_B == 0, 0.0, float("inf"))
    return functional.ctc_loss(
        logits_BOV.log_softmax(-1).transpose(0, 1),
        batch.labels,
        lengths_B,
        batch.label_lengths_B,
        blank=logits_BOV.shape[-1] - 1,
        reduction="none",
    )


def inconsistency(logits_BOV: Tensor, lengths_B: Tensor) -> Tensor:
    """How much two views of each clip disagree: both divergences KL, each towards a fixed target, summed over frames.

    The first half of the rows is one view, the second half the other. CR-CTC (Yao et al. 2024, arXiv 2410.05101),
    equation 4, without its factor of a half.
    """
    log_probs_BOV = logits_BOV.log_softmax(-1)
    targets_BOV = log_probs_BOV.detach().roll(len(logits_BOV) // 2, 0)
    divergence_BO = (targets_BOV.exp() * (targets_BOV - log_probs_BOV)).sum(-1)
    own_BO = torch.arange(logits_BOV.shape[1]) < lengths_B[:, None]
    return (divergence_BO * own_BO.to(divergence_BO.device)).sum()
