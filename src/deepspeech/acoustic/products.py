"""Matrix products of activations with a weight on CPUs: oneDNN if torch has it, else torch's own.

torch computes float32 products with MKL, which is two to three times slower than oneDNN for few rows (an LSTM's frame
of 16 clips). oneDNN is fastest with weights prepacked into its own layout. `torch.compile` emits the same operators.
"""

import platform

import torch
from torch import Tensor
from torch.nn import functional

_ONEDNN = (
    platform.machine() in ("x86_64", "AMD64")
    and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
)


def _suits(weight: Tensor) -> bool:
    if not _ONEDNN or weight.device.type != "cpu":
        return False
    return weight.dtype == torch.float32 or (
        weight.dtype == torch.bfloat16 and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    )


def product_type(x: Tensor) -> torch.dtype:
    """The dtype of products on a CPU: autocast's if it is enabled, else that of `x`."""
    return torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype


def linear(x_NI: Tensor, weight_OI: Tensor, bias_O: Tensor | None = None, clip: float | None = None) -> Tensor:
    """x·weightᵀ + bias [N, O], clamped to 0..`clip` unless None; not differentiable."""
    product: Tensor
    if _suits(weight_OI):
        product = torch.ops.mkldnn._linear_pointwise(x_NI, weight_OI, bias_O, "none", [], "")
    else:
        product = functional.linear(x_NI, weight_OI, bias_O)
    return product if clip is None else product.clamp_(0.0, clip)  # oneDNN's fused clamp turns NaN into 0


def weight_gradient(sums_NO: Tensor, x_NI: Tensor, dtype: torch.dtype) -> Tensor:
    """Gradient [O, I] of a weight from that of its outputs: accumulated in float32 or wider, then cast to `dtype`."""
    return (sums_NO.t() @ x_NI).to(dtype)


class Prepared:
    """A weight prepacked for products with about `rows` rows; not differentiable."""

    def __init__(self, weight_OI: Tensor, rows: int) -> None:
        self._onednn = _suits(weight_OI)
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight_OI, rows) if self._onednn else weight_OI.t()

    def added(self, x_NI: Tensor, other_NO: Tensor) -> Tensor:
        """other + x·weightᵀ [N, O], rounded once."""
        if not self._onednn:
            return torch.addmm(other_NO, x_NI, self._weight)
        total: Tensor = torch.ops.mkldnn._linear_pointwise.binary(x_NI, other_NO, self._weight, None, "add")
        return total
