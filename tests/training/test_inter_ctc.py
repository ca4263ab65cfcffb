"""A step of learning: losses of intermediate layers count by their weight, and are not reported; compiled or not."""

import pytest
import torch
from torch import Tensor

from deepspeech.acoustic.contract import AcousticNetwork, new_network
from deepspeech.acoustic.registry import read_config
from deepspeech.training.devices import compile_network
from deepspeech.training.loader import TensorBatch
from deepspeech.training.losses import ctc_losses
from deepspeech.training.step import Trainer

ONE_CHUNK = {"train_chunks": [2], "train_chunk_weights": [1.0]}
SHAPES = [
    {"kind": "conformer", "width": 16, "blocks": 3, "heads": 2, "dropout": 0.0, **ONE_CHUNK},
    {"kind": "deep_lstm", "width": 12, "blocks": 3, "dropout": 0.0},
]


def batch() -> TensorBatch:
    torch.manual_seed(1)
    return TensorBatch(
        ("a", "b"), torch.randn(2, 40, 26), torch.tensor([40, 33]), torch.tensor([1, 2, 3, 1]), torch.tensor([3, 1])
    )


def worked_on(network: AcousticNetwork, weight: float) -> tuple[Tensor, list[Tensor]]:
    optimizer = torch.optim.SGD(network.parameters(), 0.1)
    ((loss_B, gradients),) = Trainer(network, optimizer, 0, "float32", 1, inter_ctc=weight)._worked_on([batch()], 1)
    return loss_B, gradients


@pytest.mark.parametrize("shape", SHAPES, ids=["conformer", "deep_lstm"])
def test_losses_of_intermediate_layers_are_learnt_from_by_their_weight(shape: dict[str, object]) -> None:
    torch.manual_seed(1)
    network, given = new_network(read_config(shape), 26, 5).train(), batch()
    others: list[Tensor] = []
    logits, lengths = network(given.features_BTF, given.lengths_B, None, others)
    total = ctc_losses(logits, lengths, given).sum() + 0.3 * sum(
        ctc_losses(one, lengths, given).sum() for one in others
    )
    due = torch.autograd.grad(total, list(network.parameters()))
    (plain_B, plain), (loss_B, gradients) = worked_on(network, 0.0), worked_on(network, 0.3)
    torch.testing.assert_close(loss_B, plain_B)  # what is reported is the network's own
    for found, expected in zip(gradients, due, strict=True):
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(gradients[0], plain[0], rtol=1e-3)


@pytest.mark.parametrize("shape", SHAPES, ids=["conformer", "deep_lstm"])
def test_weight_0_gives_the_bits_of_the_loss_alone(shape: dict[str, object]) -> None:
    torch.manual_seed(1)
    network, given = new_network(read_config(shape), 26, 5).train(), batch()
    logits, lengths = network(given.features_BTF, given.lengths_B)
    due = torch.autograd.grad(ctc_losses(logits, lengths, given).sum(), list(network.parameters()))
    assert all(torch.equal(a, b) for a, b in zip(worked_on(network, 0.0)[1], due, strict=True))


@pytest.mark.slow  # minutes of compilation
@pytest.mark.filterwarnings("ignore")  # torch's compiler warns of complex numbers
@pytest.mark.parametrize("shape", SHAPES, ids=["conformer", "deep_lstm"])
def test_a_compiled_network_has_the_same_losses_and_gradients(shape: dict[str, object]) -> None:
    steps = []
    for compiled in (False, True):
        torch.manual_seed(1)
        network = new_network(read_config(shape | {"blocks": 2, "dropout": 0.1}), 26, 5).train()
        if compiled:
            compile_network(network, 1)
        steps.append(worked_on(network, 0.3))
    (plain_B, plain), (compiled_B, gradients) = steps
    torch.testing.assert_close(compiled_B, plain_B, rtol=1e-4, atol=1e-4)
    for found, expected in zip(gradients, plain, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)
