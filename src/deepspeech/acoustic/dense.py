"""Dense layer with clipped ReLU for training on CPUs: one dtype throughout, clipped in place.

Under autocast, torch casts each input, clips into a new tensor, and needs three more passes in backward for the clip's
mask. Here the mask comes from the outputs: the gradient is zero where they are 0 or `clip`.

Shapes: N frames of all clips, I inputs, H outputs.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import Function, once_differentiable

from deepspeech.acoustic.products import linear, product_type, weight_gradient


@torch.compiler.disable  # type: ignore[untyped-decorator]  # what it calls is compiled, torch cannot see into it
def dense(x_NI: Tensor, layer: nn.Linear, clip: float) -> Tensor:
    """min(max(x·Wᵀ + b, 0), clip) [N, H]; in autocast's dtype if enabled; weight gradients have the weights' dtype."""
    dtype = product_type(x_NI)
    with torch.autocast("cpu", enabled=False):
        outputs: Tensor = _Dense.apply(x_NI, layer.weight, layer.bias, clip, dtype)  # type: ignore[no-untyped-call]
    return outputs


class _Dense(Function):
    @staticmethod
    def forward(ctx: Any, x_NI: Tensor, weight: Tensor, bias: Tensor, clip: float, dtype: torch.dtype) -> Tensor:
        x, w = x_NI.to(dtype), weight.to(dtype)
        outputs = linear(x, w, bias.to(dtype), clip)
        ctx.save_for_backward(x, w, outputs)
        ctx.x_dtype, ctx.weight_dtype = x_NI.dtype, weight.dtype
        ctx.clip = torch.tensor(clip, dtype=dtype).item()  # rounded to the outputs' dtype
        return outputs

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, gradient_NH: Tensor) -> tuple[Tensor | None, ...]:
        x, w, outputs = ctx.saved_tensors
        sums = torch.ops.aten.hardtanh_backward(gradient_NH.to(x.dtype), outputs, 0.0, ctx.clip)
        return (
            linear(sums, w.t()).to(ctx.x_dtype) if ctx.needs_input_grad[0] else None,
            weight_gradient(sums, x, ctx.weight_dtype),
            sums.sum(0, dtype=ctx.weight_dtype),
            None,
            None,
        )
