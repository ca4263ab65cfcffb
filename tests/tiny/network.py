"""The tiny network. B clips, T frames, F dimensions, O = T / 2 outputs, H width, V classes."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from deepspeech.acoustic.contract import AcousticNetwork, States
from tests.tiny.config import TinyConfig


class Tiny(AcousticNetwork):
    def __init__(self, config: TinyConfig, dimensions: int, classes: int) -> None:
        super().__init__(config, dimensions, classes)
        self.conv = nn.Conv1d(dimensions, config.width, 3, stride=2)
        self.mix = nn.Conv1d(config.width, config.width, 2)
        self.output = nn.Linear(config.width, classes)

    def whole(self, features_BTF: Tensor, lengths_B: Tensor | None, random: torch.Generator | None) -> Tensor:
        even_BTF = functional.pad(features_BTF, (0, 0, 0, features_BTF.shape[1] % 2))
        return self.step(even_BTF, self.start(len(even_BTF)))[0]

    def start(self, clips: int) -> States:
        zeros = self.feature_mean.new_zeros
        return {"frame": zeros(clips, 1, self.conv.in_channels), "sum": zeros(clips, self.mix.in_channels, 1)}

    def step(self, chunk_BTF: Tensor, states: States) -> tuple[Tensor, States]:
        frames_BTF = torch.cat([states["frame"], chunk_BTF], 1)
        x_BHO = torch.relu(self.conv(self.normalize(frames_BTF).transpose(1, 2)))
        x_BHO = torch.cat([states["sum"], x_BHO], 2)
        logits_BOV = self.output(torch.relu(self.mix(x_BHO)).transpose(1, 2))
        return logits_BOV, {"frame": frames_BTF[:, -1:], "sum": x_BHO[:, :, -1:]}
