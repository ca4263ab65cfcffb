"""LSTM for training on CPUs, on packed sequences, in float32 or bfloat16.

Unlike torch's LSTM it skips padding, and computes weight gradients in bfloat16 under autocast. Frames are packed as in
PackedSequence: time-major, longest clip first. One product applies W_ih to all frames; only h_{t-1}·W_hhᵀ runs frame by
frame, forward and backward, and each weight gradient is one product over all frames. `_native` computes the gates and,
in float32, all frames of a layer in one call, without Python's lock; other types and wide layers multiply in torch.

Shapes: N frames of all clips, I inputs, H hidden; `counts`: active clips per frame (PackedSequence.batch_sizes).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd.function import Function, once_differentiable

from deepspeech import _native
from deepspeech.acoustic.products import Prepared, linear, product_type, weight_gradient

MOST_IN_ONE_CALL = 1024  # units; wider layers mostly read their weights, which oneDNN does faster


@dataclass(frozen=True)
class Packing:
    """Packed frames of padded clips [B, T]: time-major, longest clip first, N in all."""

    shape: tuple[int, int]
    clip_N: Tensor
    time_N: Tensor
    counts: list[int]

    @classmethod
    def of(cls, lengths_B: Tensor, frames: int) -> "Packing":
        """The packing of clips of these lengths, padded to `frames`."""
        order = torch.argsort(lengths_B, descending=True, stable=True)
        valid_TB = torch.arange(frames)[:, None] < lengths_B[order]
        time_N, clip_N = valid_TB.nonzero(as_tuple=True)
        counts = [count for count in valid_TB.sum(1).tolist() if count]
        return cls((len(lengths_B), frames), order[clip_N], time_N, counts)

    def pack(self, x_BTI: Tensor) -> Tensor:
        """Packed frames [N, I]."""
        return x_BTI[self.clip_N, self.time_N]

    def unpack(self, x_NI: Tensor) -> Tensor:
        """Padded clips [B, T, I]; padding is zeros."""
        return x_NI.new_zeros(*self.shape, x_NI.shape[1]).index_put((self.clip_N, self.time_N), x_NI)


@torch.compiler.disable  # type: ignore[untyped-decorator]  # what it calls is compiled, torch cannot see into it
def lstm(x_NI: Tensor, layers: nn.LSTM, counts: Sequence[int]) -> Tensor:
    """Outputs [N, H] of the last layer, from a zero state; under autocast, products in its dtype, cells in float32."""
    dtype = product_type(x_NI)
    with torch.autocast("cpu", enabled=False):
        for number in range(layers.num_layers):
            w_ih, w_hh, b_ih, b_hh = (
                getattr(layers, f"{name}_l{number}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )
            x_NI = _Layer.apply(x_NI, w_ih, w_hh, b_ih, b_hh, tuple(counts), dtype)  # type: ignore[no-untyped-call]
    return x_NI


class _Layer(Function):
    """One layer. `outputs` and `cells` start with a frame of zeros, the state before the first frame."""

    @staticmethod
    def forward(
        ctx: Any,
        x_NI: Tensor,
        w_ih: Tensor,
        w_hh: Tensor,
        b_ih: Tensor,
        b_hh: Tensor,
        counts: tuple[int, ...],
        dtype: torch.dtype,
    ) -> Tensor:
        first, frames, hidden = counts[0], sum(counts), w_hh.shape[1]
        x, w_ih, w_hh = x_NI.to(dtype), w_ih.to(dtype), w_hh.to(dtype)
        gates = linear(x, w_ih, (b_ih + b_hh).to(dtype))  # W_ih·x; overwritten by the gates
        outputs = torch.empty(first + frames, hidden, dtype=dtype)
        cells = torch.empty(first + frames, hidden, dtype=torch.promote_types(dtype, torch.float32))
        outputs[:first], cells[:first] = 0, 0
        gates_, outputs_, cells_ = numbers(gates), numbers(outputs), numbers(cells)
        if _in_one_call(dtype, hidden):
            _native.lstm_layer_forward(counts, numbers(w_hh.t().contiguous()), gates_, cells_, outputs_)
        else:
            recurrent = Prepared(w_hh, first)
            for count, begin, before in _frames(counts):
                end, here = begin + count, slice(first + begin, first + begin + count)
                sums = recurrent.added(outputs[before : before + count], gates[begin:end])
                _native.lstm_forward(
                    numbers(sums), cells_[before : before + count], gates_[begin:end], cells_[here], outputs_[here]
                )
        ctx.save_for_backward(x, w_ih, w_hh, gates, outputs, cells)
        ctx.counts, ctx.x_dtype = counts, x_NI.dtype
        return outputs[first:]

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, gradient_NH: Tensor) -> tuple[Tensor | None, ...]:
        x, w_ih, w_hh, gates, outputs, cells = ctx.saved_tensors
        counts, dtype = ctx.counts, outputs.dtype
        first = counts[0]
        gradient = gradient_NH.to(dtype).contiguous()
        sums = torch.empty_like(gates)
        if _in_one_call(dtype, w_hh.shape[1]):
            _native.lstm_layer_backward(
                counts,
                numbers(w_hh.detach().contiguous()),
                numbers(gates),
                numbers(cells),
                numbers(gradient),
                numbers(sums),
            )
        else:
            _backward_frames(w_hh, gates, cells, gradient, sums, counts)
        h_before = outputs[: -counts[-1]]
        if first != counts[-1]:
            h_before = torch.cat([outputs[before : before + count] for count, _, before in _frames(counts)])
        wide = cells.dtype
        bias = sums.sum(0, dtype=wide)
        return (
            linear(sums, w_ih.t()).to(ctx.x_dtype) if ctx.needs_input_grad[0] else None,
            weight_gradient(sums, x, wide),
            weight_gradient(sums, h_before, wide),
            bias,
            bias.clone(),  # callers may change gradients in place
            None,
            None,
        )


def _in_one_call(dtype: torch.dtype, hidden: int) -> bool:
    """Only with a kernel for this processor: the portable one, which tests need, is far slower than torch."""
    return dtype == torch.float32 and hidden <= MOST_IN_ONE_CALL and _native.Int8Network.runs_here()


def _backward_frames(
    w_hh: Tensor, gates: Tensor, cells: Tensor, gradient: Tensor, sums: Tensor, counts: tuple[int, ...]
) -> None:
    """Fill `sums` frame by frame, with products of their dtype."""
    first = counts[0]
    memory = torch.zeros_like(cells[:first])
    recurrent = Prepared(w_hh.t(), first)
    gates_, cells_, gradient_, sums_, memory_ = (numbers(t) for t in (gates, cells, gradient, sums, memory))
    later, active = gradient[:0], 0  # gradient of the outputs; clips active in the next frame
    for count, begin, before in reversed(_frames(counts)):
        for part, rows in (
            (numbers(later), (0, active)),
            (gradient_[begin + active : begin + count], (active, count)),
        ):
            low, high = rows
            here = slice(first + begin + low, first + begin + high)
            _native.lstm_backward(
                gates_[begin + low : begin + high], cells_[before + low : before + high], cells_[here],
                part, memory_[low:high], sums_[begin + low : begin + high],
            )  # fmt: skip
        if begin:
            past = before - first  # where the frame before begins
            later, active = recurrent.added(sums[begin : begin + count], gradient[past : past + count]), count


def _frames(counts: Sequence[int]) -> list[tuple[int, int, int]]:
    """For each frame: its clips, its first row, and the first row of the previous frame in `outputs` and `cells`."""
    begins = [0, *accumulate(counts)]
    befores = [0, *(counts[0] + begin for begin in begins)]
    return list(zip(counts, begins, befores, strict=False))


def numbers(tensor: Tensor) -> NDArray[Any]:
    """A NumPy view of the tensor; bfloat16 as the integers of its bits."""
    values: NDArray[np.generic] = (tensor.view(torch.uint16) if tensor.dtype == torch.bfloat16 else tensor).numpy()
    return values
