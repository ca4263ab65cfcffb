"""The dense layer that learns on a CPU equals torch's with a clip: outputs and all gradients, in 16 bits nearly."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from deepspeech.acoustic.dense import dense

CLIP = 1.2
Dense = Callable[[Tensor, nn.Linear, float], Tensor]


def plain(x: Tensor, layer: nn.Linear, clip: float) -> Tensor:
    return torch.clamp(layer(x), 0.0, clip)


def results(how: Dense, x: Tensor, layer: nn.Linear, clip: float) -> list[Tensor]:
    outputs = how(x, layer, clip).float()
    weights = torch.linspace(-1, 1, outputs.numel()).view_as(outputs)
    return [outputs, *torch.autograd.grad((outputs * weights).sum(), [x, *layer.parameters()])]


@pytest.mark.parametrize("frames", [1, 7, 130])
@pytest.mark.parametrize("inputs", [3, 64, 494])
def test_outputs_and_gradients_are_torchs(frames: int, inputs: int) -> None:
    torch.manual_seed(frames + inputs)
    layer, x = nn.Linear(inputs, 37), torch.randn(frames, inputs, requires_grad=True)
    nn.init.normal_(layer.weight, std=inputs**-0.5)
    ours, expected = results(dense, x, layer, CLIP), results(plain, x, layer, CLIP)
    clipped = expected[0] == CLIP
    assert frames < 100 or (clipped.any() and (expected[0] == 0).any() and not clipped.all())
    for got, wanted in zip(ours, expected, strict=True):
        assert (got - wanted).abs().max() <= 1e-5 * max(1.0, wanted.abs().max().item())


def test_gradients_are_those_of_differences() -> None:
    torch.manual_seed(1)
    layer, x = nn.Linear(5, 6).double(), torch.randn(9, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, *_: dense(x, layer, 0.8), [x, *layer.parameters()])


@pytest.mark.parametrize("clip", [1.2, 1.203, 1.197])  # 16 bits round two of them down, one up
def test_16_bits_stay_near_and_clipped_outputs_have_no_gradient(clip: float) -> None:
    torch.manual_seed(1)
    layer, x = nn.Linear(64, 37), torch.randn(130, 64, requires_grad=True)
    nn.init.normal_(layer.weight, std=0.125)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert dense(x, layer, clip).dtype == torch.bfloat16
        ours = results(dense, x, layer, clip)
    for got, wanted in zip(ours, results(plain, x, layer, clip), strict=True):
        assert got.dtype == torch.float32
        assert (got - wanted).norm() < 0.12 * wanted.norm()  # some outputs just below the clip are rounded up to it
    with torch.autocast("cpu", dtype=torch.bfloat16):
        high = nn.Linear(64, 3)
        nn.init.constant_(high.bias, 100.0)
        assert all(gradient.abs().max() == 0 for gradient in results(dense, x, high, clip)[1:])
