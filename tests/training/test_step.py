"""One step of training: the same however its clips are divided, and none at all where a loss is not finite."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig
from deepspeech.acoustic.deepspeech.network import DeepSpeech
from deepspeech.datasets.pipeline import Example
from deepspeech.training.loader import TensorBatch, cut
from deepspeech.training.losses import ctc_losses
from deepspeech.training.step import Trainer

PLAIN = {f"dropout_{layer}": 0.0 for layer in ("1", "2", "3", "5")}
CPU = torch.device("cpu")


def examples(count: int, frames: int = 9) -> list[Example]:
    random = np.random.default_rng(1)
    return [
        Example(f"{number}.wav", random.normal(size=(frames, 3)).astype(np.float32), [number % 4, 1])
        for number in range(count)
    ]


def trainer(clip_norm: float = 0.0, threads: int = 1, rate: float = 0.1) -> tuple[DeepSpeech, Trainer]:
    torch.manual_seed(3)
    network = DeepSpeech(DeepSpeechConfig(hidden=4, **PLAIN), 3, 5)  # type: ignore[arg-type]
    optimizer = torch.optim.SGD(network.parameters(), rate)
    return network, Trainer(network, optimizer, clip_norm, "float32", threads)


def weights(network: DeepSpeech) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in network.parameters()]


def stepped(microbatches: Sequence[TensorBatch], **settings: float) -> list[torch.Tensor]:
    network, one = trainer(**settings)  # type: ignore[arg-type]
    one.train_step(microbatches, 7)
    return weights(network)


@pytest.mark.parametrize("microbatches", [2, 3, 6])
def test_a_step_is_the_same_however_its_clips_are_divided(microbatches: int) -> None:
    whole = stepped(cut(examples(6), CPU, 1))
    for a, b in zip(whole, stepped(cut(examples(6), CPU, microbatches), threads=2), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_the_result_counts_clips_and_sums_their_losses_before_the_step() -> None:
    network, one = trainer()
    (batch,) = cut(examples(4), CPU, 1)
    logits, lengths_B = network(batch.features_BTF, batch.lengths_B)
    due = float(ctc_losses(logits, lengths_B, batch).detach().sum())
    result = one.train_step([batch], 1)
    assert (result.clips, result.faulty) == (4, [])
    assert result.loss_sum == pytest.approx(due)


def test_a_clip_whose_loss_is_not_finite_is_named_and_nothing_changes() -> None:
    network, one = trainer()
    before, clips = weights(network), examples(4)
    clips[2] = Example("long.wav", clips[2].features_TF[:2], [0, 1, 2, 3])  # more labels than frames
    result = one.train_step(cut(clips, CPU, 2), 1)
    assert result.faulty == ["long.wav"]
    assert all(torch.equal(a, b) for a, b in zip(before, weights(network), strict=True))


def test_a_gradient_that_is_not_finite_names_the_whole_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    network, one = trainer()
    before, plain = weights(network), Trainer._gradients

    def spoilt(
        self: Trainer, batch: TensorBatch, seed: int, consistency: float
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        loss_B, gradients = plain(self, batch, seed, consistency)
        gradients[0][:] = float("inf")
        return loss_B, gradients

    monkeypatch.setattr(Trainer, "_gradients", spoilt)
    assert one.train_step(cut(examples(2), CPU, 1), 1).faulty == ["0.wav", "1.wav"]
    assert all(torch.equal(a, b) for a, b in zip(before, weights(network), strict=True))


def test_a_gradient_is_clipped_to_its_norm() -> None:
    network, one = trainer(clip_norm=1e-3, rate=1.0)
    before = weights(network)
    one.train_step(cut(examples(4), CPU, 1), 1)
    moved = torch.cat([(a - b).reshape(-1) for a, b in zip(before, weights(network), strict=True)])
    assert float(moved.norm()) == pytest.approx(1e-3, rel=1e-3)


def test_a_dry_run_changes_nothing() -> None:
    network, one = trainer()
    before = weights(network)
    one.dry_run(cut(examples(4), CPU, 2))
    assert all(torch.equal(a, b) for a, b in zip(before, weights(network), strict=True))
    assert all(parameter.grad is None for parameter in network.parameters())


def test_no_frames_at_all_can_only_say_nothing() -> None:
    (batch,) = cut(examples(2), CPU, 1)
    empty = TensorBatch(batch.ids, batch.features_BTF[:, :0], batch.lengths_B * 0, batch.labels, batch.label_lengths_B)
    assert ctc_losses(torch.zeros(2, 0, 5), torch.zeros(2, dtype=torch.int64), empty).tolist() == [float("inf")] * 2
