"""The depthwise convolution of a CPU is torch's, and so are its gradients; in 32 bits also under autocast."""

import pytest
import torch
from torch import nn

from deepspeech.acoustic.depthwise import depthwise


@pytest.mark.parametrize(("kernel", "frames"), [(15, 40), (5, 6), (1, 3)])
def test_it_is_torchs_own_with_its_gradients(kernel: int, frames: int) -> None:
    torch.manual_seed(1)
    layer = nn.Conv1d(6, 6, kernel, groups=6)
    x = torch.randn(2, frames + kernel - 1, 6, requires_grad=True)
    ours, theirs = depthwise(x, layer), layer(x.transpose(1, 2)).transpose(1, 2)
    torch.testing.assert_close(ours, theirs)
    gradient, inputs = torch.randn_like(theirs), [x, layer.weight, layer.bias]
    for one, other in zip(*(torch.autograd.grad(y, inputs, gradient) for y in (ours, theirs)), strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_it_is_of_32_bits_under_autocast() -> None:
    layer, x = nn.Conv1d(4, 4, 3, groups=4), torch.randn(1, 9, 4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert depthwise(x.bfloat16(), layer).dtype == torch.float32
