"""Inverted dropout (Srivastava 2014) with randomness of the caller's: threads must not share a generator."""

from collections.abc import Callable

import torch
from torch import Tensor

Dropout = Callable[[Tensor], Tensor]  # x → x with some of it zeroed; the identity while not training


def dropped(x: Tensor, rate: float, random: torch.Generator | None) -> Tensor:
    """`x` with a share of `rate` zeroed and the rest scaled, so that the mean stays; itself where the rate is 0."""
    if not rate:
        return x
    if x.device.type != "cpu":
        return x * torch.empty_like(x).bernoulli_(1 - rate, generator=random).div_(1 - rate)
    # A draw of 64 bits makes four of 16, which is fine enough for a rate. What is kept is told in place, as torch
    # turns its truth values into numbers ten times more slowly than whole numbers.
    draws = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(-(2**63), None, generator=random)
    kept = draws.view(torch.int16)[: x.numel()].ge_(round(rate * 2**16) - 2**15).view(x.shape)
    return x * kept.to(x.dtype).div_(1 - rate)
