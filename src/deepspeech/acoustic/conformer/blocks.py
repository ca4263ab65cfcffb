"""Conformer block: half-step feed-forward, self-attention, convolution, half-step feed-forward, LayerNorm.

Shapes: B clips, T frames, D width, H heads, L left context frames, K keys (T, or L + T in a step).
Source: Gulati et al. 2020, with rotary position embeddings (Su et al. 2021) and causal convolutions.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from deepspeech.acoustic.conformer.config import ROTARY_BASE, ConformerConfig
from deepspeech.acoustic.depthwise import depthwise
from deepspeech.acoustic.dropout import Dropout


@dataclass(frozen=True)
class Cache:
    """Streaming state of a block: keys (before rotation) and values [B, L, D], depthwise inputs [B, kernel - 1, D]."""

    keys: Tensor
    values: Tensor
    convolution: Tensor


@dataclass(frozen=True)
class Context:
    """Inputs common to all blocks of a forward pass."""

    mask: Tensor  # [B or 1, 1, T or 1, K], 0 where a frame attends, -inf elsewhere
    rotation_KD: Tensor  # complex, D / 2 wide
    dropout: Dropout


def rotation_of(frames: int, width: int, heads: int, device: torch.device) -> Tensor:
    """Complex rotation factors [frames, width / 2] of rotary position embeddings, repeated for each head."""
    size = width // heads
    speeds = ROTARY_BASE ** (-torch.arange(0, size, 2, device=device, dtype=torch.float32) / size)
    angles = torch.outer(torch.arange(frames, device=device, dtype=torch.float32), speeds)
    return torch.polar(torch.ones_like(angles), angles).repeat(1, heads)


def rotated(x_BTD: Tensor, rotation_TD: Tensor) -> Tensor:
    """Apply rotary position embeddings to pairs of neighboring dimensions, in float32."""
    pairs = torch.view_as_complex(x_BTD.float().reshape(*x_BTD.shape[:2], -1, 2))
    return torch.view_as_real(pairs * rotation_TD).flatten(-2)


def _attended(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """Scaled dot-product attention [B, H, T, D / H]; in float32 on a CPU, where 16 bits are slower."""
    if q.device.type != "cpu":
        return functional.scaled_dot_product_attention(q.to(v.dtype), k.to(v.dtype), v, mask.to(v.dtype))
    with torch.autocast("cpu", enabled=False):
        return functional.scaled_dot_product_attention(q, k, v.float(), mask)


class FeedForward(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def forward(self, x_BTD: Tensor, dropout: Dropout) -> Tensor:
        return dropout(self.down(dropout(functional.silu(self.up(self.norm(x_BTD))))))


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.input = nn.Linear(width, 3 * width)  # queries, keys, values
        self.output = nn.Linear(width, width)

    def forward(self, x_BTD: Tensor, context: Context, cache: Cache | None) -> tuple[Tensor, Tensor, Tensor]:
        """Outputs, and the keys (before rotation) and values of all visible frames."""
        frames = x_BTD.shape[1]
        q, k, v = self.input(self.norm(x_BTD)).chunk(3, -1)
        if cache is not None:
            k, v = torch.cat([cache.keys, k], 1), torch.cat([cache.values, v], 1)
        seen = rotated(q, context.rotation_KD[-frames:]), rotated(k, context.rotation_KD), v
        q, turned, values = (x.reshape(*x.shape[:2], self.heads, -1).transpose(1, 2) for x in seen)
        x = _attended(q, turned, values, context.mask)
        return context.dropout(self.output(x.transpose(1, 2).flatten(2))), k, v


class Convolution(nn.Module):
    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.input = nn.Linear(width, 2 * width)
        self.depthwise = nn.Conv1d(width, width, kernel, groups=width)
        self.inner_norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, width)

    def forward(self, x_BTD: Tensor, dropout: Dropout, before: Tensor | None) -> tuple[Tensor, Tensor]:
        """Outputs, and the depthwise convolution's input, which starts with `before` (None: zeros)."""
        x = functional.glu(self.input(self.norm(x_BTD)))
        kernel = self.depthwise.kernel_size[0]
        seen = functional.pad(x, (0, 0, kernel - 1, 0)) if before is None else torch.cat([before, x], 1)
        x = depthwise(seen, self.depthwise)
        return dropout(self.output(functional.silu(self.inner_norm(x)))), seen


class Block(nn.Module):
    def __init__(self, config: ConformerConfig) -> None:
        super().__init__()
        self.left = config.left_frames
        self.forward_1 = FeedForward(config.width)
        self.attention = Attention(config.width, config.heads)
        self.convolution = Convolution(config.width, config.kernel)
        self.forward_2 = FeedForward(config.width)
        self.norm = nn.LayerNorm(config.width)

    def forward(self, x_BTD: Tensor, context: Context, cache: Cache | None = None) -> tuple[Tensor, Cache]:
        """Outputs [B, T, D] and the next cache. `cache` None: whole clips."""
        x = x_BTD + 0.5 * self.forward_1(x_BTD, context.dropout)
        attended, keys, values = self.attention(x, context, cache)
        x = x + attended
        convolved, seen = self.convolution(x, context.dropout, None if cache is None else cache.convolution)
        x = x + convolved
        x = x + 0.5 * self.forward_2(x, context.dropout)
        return self.norm(x), Cache(keys[:, -self.left :], values[:, -self.left :], seen[:, x.shape[1] :])
