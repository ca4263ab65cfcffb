"""SubsampledNetwork: convolutional subsampling, `config.blocks` blocks defined by the family, linear head.

Shapes: B clips, T feature frames, O output frames, F feature dimensions, V classes.
"""

from abc import abstractmethod

import torch
from torch import Tensor, nn

from deepspeech.acoustic.contract import AcousticNetwork
from deepspeech.acoustic.subsampling.config import SubsampledConfig
from deepspeech.acoustic.subsampling.network import Subsampling


class SubsampledNetwork(AcousticNetwork):
    """Subclasses define the block and how whole clips and steps pass through the blocks."""

    config: SubsampledConfig

    def __init__(self, config: SubsampledConfig, dimensions: int, classes: int) -> None:
        super().__init__(config, dimensions, classes)
        self.subsampling = Subsampling(dimensions, config.width)
        for number in range(1, config.blocks + 1):
            self.add_module(f"block_{number}", self.new_block())
        self.output = nn.Linear(config.width, classes)

    @abstractmethod
    def new_block(self) -> nn.Module:
        """A new block."""

    @abstractmethod
    def logits(
        self,
        features_BTF: Tensor,
        lengths_B: Tensor | None,
        random: torch.Generator | None,
        intermediate: tuple[str, ...],
    ) -> list[Tensor]:
        """Logits [B, O, V] of the last block and of the `intermediate` ones; arguments as for `whole`."""

    def whole(self, features_BTF: Tensor, lengths_B: Tensor | None, random: torch.Generator | None) -> Tensor:
        return self.logits(features_BTF, lengths_B, random, ())[0]

    def whole_and_intermediate(
        self, features_BTF: Tensor, lengths_B: Tensor | None, random: torch.Generator | None
    ) -> tuple[Tensor, list[Tensor]]:
        logits_BOV, *intermediate = self.logits(features_BTF, lengths_B, random, self.config.intermediate)
        return logits_BOV, intermediate
