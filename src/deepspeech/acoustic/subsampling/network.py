"""Convolutional subsampling by four: four feature frames become one output frame, without look-ahead beyond them.

    features [B, T, F] ─ conv 3×3, stride 2 ─ SiLU ─ depthwise conv 3×3, stride 2 ─ 1×1 ─ SiLU ─ linear ─▶ [B, T/4, D]

T is a multiple of 4. Each convolution also sees the last input frame of the previous step, its state, zeros at the
start of a clip. In frequency both are padded by one on each side.

Shapes: B clips, T frames of features, F feature dimensions, C channels, D width. Source: the subsampling of the
Speech-Transformer (Dong et al. 2018), made causal, with a separable second convolution.
"""

from math import ceil

import torch
from torch import Tensor, nn
from torch.nn import functional

from deepspeech.acoustic.subsampling.config import CHANNELS, STRIDE

States = dict[str, Tensor]


class Subsampling(nn.Module):
    """Normalized features [B, T, F] → [B, T/4, D]."""

    def __init__(self, dimensions: int, width: int) -> None:
        super().__init__()
        self.dimensions = dimensions
        self.conv = nn.Conv2d(1, CHANNELS, 3, stride=2)
        self.depthwise = nn.Conv2d(CHANNELS, CHANNELS, 3, stride=2, groups=CHANNELS)
        self.pointwise = nn.Linear(CHANNELS, CHANNELS)
        self.output = nn.Linear(CHANNELS * ceil(dimensions / 4), width)  # inputs by frequency, then channel

    def start(self, clips: int) -> States:
        """The states before the first step."""
        zeros = self.output.weight.new_zeros
        return {
            "frame": zeros(clips, 1, self.dimensions),
            "convolved": zeros(clips, CHANNELS, 1, ceil(self.dimensions / 2)),
        }

    def forward(self, x_BTF: Tensor) -> Tensor:
        """Whole clips. Padding in time equals the zero state at the start; as T is even, none is used at the end."""
        return self._after(self._first(x_BTF, 1), 1)

    def step(self, x_BTF: Tensor, states: States, ahead: int = 0) -> tuple[Tensor, States]:
        """A chunk, and the states before its last `ahead` output frames, where the next chunk begins."""
        frames_BTF = torch.cat([states["frame"], x_BTF], 1)
        x_BCTF = torch.cat([states["convolved"], self._first(frames_BTF, 0)], 2)
        frame, convolved = frames_BTF.shape[1] - 4 * ahead, x_BCTF.shape[2] - 2 * ahead
        after = {"frame": frames_BTF[:, frame - 1 : frame], "convolved": x_BCTF[:, :, convolved - 1 : convolved]}
        return self._after(x_BCTF, 0), after

    def _first(self, x_BTF: Tensor, padding: int) -> Tensor:
        """As a product of patches with the weights, whose backward pass takes half the time of a convolution's."""
        x_BTF9 = functional.pad(x_BTF, (1, 1, padding, 0)).unfold(1, 3, 2).unfold(2, 3, 2).flatten(3)
        weight_9C, bias_C = self.conv.weight.flatten(1).t(), self.conv.bias
        assert bias_C is not None
        return functional.silu(x_BTF9 @ weight_9C + bias_C).permute(0, 3, 1, 2)

    def _after(self, x_BCTF: Tensor, padding: int) -> Tensor:
        """On a CPU the depthwise convolution is in float32: its backward pass takes twelve times as long in 16 bits."""
        conv, device = self.depthwise, x_BCTF.device.type
        with torch.autocast(device, enabled=device != "cpu" and torch.is_autocast_enabled(device)):
            x = x_BCTF.to(conv.weight.dtype) if device == "cpu" else x_BCTF
            x = functional.conv2d(x, _channels_last(conv.weight), conv.bias, 2, (padding, 1), groups=CHANNELS)
        x_BTFC = functional.silu(self.pointwise(x.permute(0, 2, 3, 1)))
        out: Tensor = self.output(x_BTFC.flatten(2))
        return out


def filled(features_BTF: Tensor, ahead: int = 0) -> Tensor:
    """Zero-pad to a multiple of 4 frames, and by 4 × `ahead` more, like the end of a stream."""
    missing = -features_BTF.shape[1] % STRIDE + STRIDE * ahead
    return functional.pad(features_BTF, (0, 0, 0, missing)) if missing else features_BTF


def _channels_last(weight: Tensor) -> Tensor:
    return weight.contiguous(memory_format=torch.channels_last)
