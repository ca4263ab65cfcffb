"""Inverted dropout (Srivastava 2014) with the caller's random generator: threads must not share one."""

from collections.abc import Callable

import torch
from torch import Tensor

Dropout = Callable[[Tensor], Tensor]  # applies dropout; the identity in evaluation mode


def _drawn(x: Tensor, rate: float, random: torch.Generator | None) -> Tensor:
    """1 for elements to keep, 0 for others, in 16 bits."""
    # A draw of 64 bits makes four of 16, which is fine enough for a rate. ge_ writes in place, because
    # torch converts booleans ten times more slowly than integers.
    draws = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(-(2**63), None, generator=random)
    return draws.view(torch.int16)[: x.numel()].ge_(round(rate * 2**16) - 2**15).view(x.shape)


# Not compiled: the draws would be others.
_kept: Callable[[Tensor, float, torch.Generator | None], Tensor] = torch.compiler.disable(_drawn)  # type: ignore[no-untyped-call]


def dropped(x: Tensor, rate: float, random: torch.Generator | None) -> Tensor:
    """`x` with a fraction `rate` zeroed and the rest scaled to keep the mean; `x` itself where the rate is 0."""
    if not rate:
        return x
    if x.device.type != "cpu":
        return x * torch.empty_like(x).bernoulli_(1 - rate, generator=random).div_(1 - rate)
    return x * _kept(x, rate, random).to(x.dtype).div_(1 - rate)
