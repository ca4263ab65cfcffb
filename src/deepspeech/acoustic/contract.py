"""AcousticNetwork: the interface of all network families, used by training, export and transfer learning.

Shapes: B clips, T frames of features (O of output), F dimensions of a frame, V classes (tokens, then blank).
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from deepspeech.acoustic.config import NetworkConfig
from deepspeech.acoustic.registry import family

States = dict[str, Tensor]


class AcousticNetwork(nn.Module, ABC):
    """features_BTF → logits_BOV, of whole clips (`forward`) or chunk by chunk (`step`), with equal results.

    Parameter names are a contract: checkpoints, transfer learning and converters address them.
    """

    feature_mean: Tensor
    feature_scale: Tensor

    def __init__(self, config: NetworkConfig, dimensions: int, classes: int) -> None:
        super().__init__()
        self.config, self.classes = config, classes
        # Buffers, not parameters: measured on the training set; identity until then.
        self.register_buffer("feature_mean", torch.zeros(dimensions))
        self.register_buffer("feature_scale", torch.ones(dimensions))

    def forward(
        self,
        features_BTF: Tensor,
        lengths_B: Tensor | None = None,
        random: torch.Generator | None = None,
        intermediate: list[Tensor] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Logits [B, O, V] of a padded batch, and output lengths [B], on the CPU.

        `lengths_B`: feature frames per clip (None: no padding); `random`: as for `whole`.
        The logits of `config.intermediate` layers are appended to a list `intermediate`.
        """
        clips, frames, _ = features_BTF.shape
        lengths_in_B = torch.full((clips,), frames) if lengths_B is None else lengths_B.cpu()
        outputs_B: Tensor = self.config.outputs(lengths_in_B)
        if not frames:  # audio shorter than a window
            return features_BTF.new_zeros(clips, 0, self.classes), outputs_B
        if intermediate is None:
            return self.whole(features_BTF, lengths_B, random), outputs_B
        logits_BOV, others = self.whole_and_intermediate(features_BTF, lengths_B, random)
        intermediate.extend(others)
        return logits_BOV, outputs_B

    @abstractmethod
    def whole(self, features_BTF: Tensor, lengths_B: Tensor | None, random: torch.Generator | None) -> Tensor:
        """Logits [B, O, V] of a padded batch of at least one frame; values beyond a clip's end are undefined.

        Dropout draws from `random` only (None: torch's default generator), since threads share the network.
        """

    def whole_and_intermediate(
        self, features_BTF: Tensor, lengths_B: Tensor | None, random: torch.Generator | None
    ) -> tuple[Tensor, list[Tensor]]:
        """As `whole`, and the head's logits of each of `config.intermediate` layers (InterCTC, Lee & Watanabe 2021).

        A family that names such layers overrides this.
        """
        return self.whole(features_BTF, lengths_B, random), []

    @abstractmethod
    def start(self, clips: int) -> States:
        """Initial streaming states for a batch of `clips`; empty if the network cannot stream."""

    @abstractmethod
    def step(self, chunk_BTF: Tensor, states: States) -> tuple[Tensor, States]:
        """Logits [B, O, V] of a chunk (see ChunkSpec), and the states to pass with the next chunk."""

    def normalize(self, frames: Tensor) -> Tensor:
        return (frames - self.feature_mean) * self.feature_scale

    def layer_of(self, name: str) -> str:
        """The layer in `config.layers` of a parameter; "features" for the feature buffers."""
        return "features" if name.startswith("feature_") else name.partition(".")[0]

    def groups(self) -> dict[str, list[str]]:
        """Parameter and buffer names by layer, in network order."""
        groups = {layer: list[str]() for layer in ("features", *self.config.layers)}
        for name in self.state_dict():
            groups[self.layer_of(name)].append(name)
        return groups


def new_network(config: NetworkConfig, dimensions: int, classes: int) -> AcousticNetwork:
    """Create an untrained network of the configured family."""
    network: AcousticNetwork = family(config.kind).load_network()(config, dimensions, classes)
    return network
