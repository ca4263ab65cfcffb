"""Losses: CTC, and the disagreement of two views (CR-CTC): its value, its gradient, its place in a step."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from deepspeech.acoustic.contract import AcousticNetwork, new_network
from deepspeech.acoustic.registry import read_config
from deepspeech.datasets.pipeline import Example
from deepspeech.training.loader import TensorBatch, cut
from deepspeech.training.losses import ctc_losses, inconsistency
from deepspeech.training.step import Trainer

SHAPES = [
    {"kind": "conformer", "width": 16, "blocks": 3, "heads": 2, "dropout": 0.0, "train_chunks": [2],
     "train_chunk_weights": [1.0]},
    {"kind": "deep_lstm", "width": 12, "blocks": 3, "dropout": 0.0},
    {"kind": "deepspeech", "hidden": 12, **{f"dropout_{n}": 0.0 for n in ("1", "2", "3", "5")}},
]  # fmt: skip
every_family = pytest.mark.parametrize("shape", SHAPES, ids=[str(shape["kind"]) for shape in SHAPES])
CPU = torch.device("cpu")


def examples(same: bool = False) -> list[Example]:
    random = np.random.default_rng(1)
    views = [[random.normal(size=(frames, 26)).astype(np.float32) for _ in range(2)] for frames in (40, 33)]
    labels = [np.array([1, 2, 3], np.int32), np.array([1], np.int32)]
    return [
        Example(f"{i}", a, ids, a if same else b) for i, ((a, b), ids) in enumerate(zip(views, labels, strict=True))
    ]


def network(shape: dict[str, object]) -> AcousticNetwork:
    torch.manual_seed(1)
    return new_network(read_config(shape), 26, 5).train()


def gradients(
    shape: dict[str, object], batch: TensorBatch, consistency: float, inter_ctc: float = 0.0
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    one = network(shape)
    trainer = Trainer(one, torch.optim.SGD(one.parameters(), 0.1), 0, "float32", 1, inter_ctc=inter_ctc)
    return trainer._gradients(batch, 1, consistency)


def test_the_inconsistency_is_both_divergences_over_the_clips_own_frames() -> None:
    torch.manual_seed(2)
    logits, lengths = torch.randn(4, 7, 5), torch.tensor([7, 3, 7, 3])
    due = 0.0
    for clip, frames in enumerate((7, 3)):
        a, b = (logits[row, :frames].log_softmax(-1) for row in (clip, clip + 2))
        for x, y in ((a, b), (b, a)):
            due += float(functional.kl_div(x, y, reduction="sum", log_target=True))
    assert float(inconsistency(logits, lengths)) == pytest.approx(due, rel=1e-5)
    assert float(inconsistency(logits[:2].repeat(2, 1, 1), lengths)) == pytest.approx(0, abs=1e-5)


def test_the_gradient_of_the_inconsistency_moves_each_view_towards_the_other_as_it_is() -> None:
    """Of KL(q ‖ softmax(x)) with a fixed q the gradient is softmax(x) − q."""
    torch.manual_seed(2)
    logits = torch.randn(2, 3, 5, requires_grad=True)
    inconsistency(logits, torch.tensor([3, 3])).backward()
    p = logits.detach().softmax(-1)
    assert logits.grad is not None
    torch.testing.assert_close(logits.grad, p - p.flip(0))


@every_family
def test_two_views_of_a_clip_count_as_one(shape: dict[str, object]) -> None:
    """Equal views give the gradients of one, and the loss is reported by clip."""
    (twice,), (once,) = cut(examples(same=True), CPU, 1), cut([*map(alone, examples())], CPU, 1)
    assert (twice.views, once.views, len(twice.features_BTF)) == (2, 1, 4)
    (loss_B, found), (due_B, due) = gradients(shape, twice, 0.2), gradients(shape, once, 0.2)
    torch.testing.assert_close(loss_B, due_B)
    for a, b in zip(found, due, strict=True):
        torch.testing.assert_close(a, b, atol=2e-4, rtol=1e-3)


def alone(example: Example) -> Example:
    return Example(example.id, example.features_TF, example.labels_L)


@every_family
def test_the_loss_is_that_of_the_paper(shape: dict[str, object]) -> None:
    (batch,) = cut(examples(), CPU, 1)
    one = network(shape)
    logits, lengths = one(batch.features_BTF, batch.lengths_B)
    total = 0.5 * ctc_losses(logits, lengths, batch).sum() + 0.5 * 0.2 * inconsistency(logits, lengths)
    due = torch.autograd.grad(total, list(one.parameters()))
    _, found = gradients(shape, batch, 0.2)
    for a, b in zip(found, due, strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-3)
    _, without = gradients(shape, batch, 0.0)
    assert any(not torch.allclose(a, b, rtol=1e-3) for a, b in zip(found, without, strict=True))


def test_microbatches_keep_both_views_of_a_clip_together() -> None:
    first, second = cut(examples(), CPU, 2)
    assert (first.ids, second.ids) == (("0",), ("1",))
    assert first.lengths_B.tolist() == [40, 40]
    assert second.lengths_B.tolist() == [33, 33]
    assert second.labels.tolist() == [1, 1]
    a, b = examples()[0].features_TF, examples()[0].second_TF
    assert b is not None
    np.testing.assert_array_equal(first.features_BTF.numpy(), np.stack([a, b]))
