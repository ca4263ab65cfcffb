"""AcousticNetwork: what training, export and transfer know of a network, whatever its family.

Shapes: B clips, T frames of features (O of output), F dimensions of a frame, V classes (tokens, then blank).
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from deepspeech.acoustic.config import NetworkConfig
from deepspeech.acoustic.registry import family

States = dict[str, Tensor]


class AcousticNetwork(nn.Module, ABC):
    """features_BTF → logits_BOV, over whole clips by `forward` or chunk by chunk by `step`: both give the same.

    Parameter names are a contract: checkpoints, transfer learning and converters address them.
    """

    feature_mean: Tensor
    feature_scale: Tensor

    def __init__(self, config: NetworkConfig, dimensions: int, classes: int) -> None:
        super().__init__()
        self.config, self.classes = config, classes
        # Constants, not parameters: measured once on the training set, the identity until then.
        self.register_buffer("feature_mean", torch.zeros(dimensions))
        self.register_buffer("feature_scale", torch.ones(dimensions))

    def forward(
        self,
        features_BTF: Tensor,
        lengths_B: Tensor | None = None,
        random: torch.Generator | None = None,
        intermediate: list[Tensor] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Logits [B, O, V] of whole clips, and how many of each clip's are its own: [B], on the CPU.

        `lengths_B` are frames of features (None: none is padded); `random` is as for `whole`. To a list `intermediate`
        the logits of `config.intermediate` layers are added.
        """
        clips, frames, _ = features_BTF.shape
        given_B = torch.full((clips,), frames) if lengths_B is None else lengths_B.cpu()
        outputs_B: Tensor = self.config.outputs(given_B)
        if not frames:  # sound shorter than a window says nothing
            return features_BTF.new_zeros(clips, 0, self.classes), outputs_B
        if intermediate is None:
            return self.whole(features_BTF, lengths_B, random), outputs_B
        logits_BOV, others = self.whole_and_intermediate(features_BTF, lengths_B, random)
        intermediate.extend(others)
        return logits_BOV, outputs_B

    @abstractmethod
    def whole(self, features_BTF: Tensor, lengths_B: Tensor | None, random: torch.Generator | None) -> Tensor:
        """Logits [B, O, V] of whole clips of at least a frame; what lies beyond a clip's end means nothing.

        While training, randomness comes from `random` alone (None: torch's own generator): threads share the network.
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
        """The states before the first chunk of so many clips; empty where the network takes whole clips only."""

    @abstractmethod
    def step(self, chunk_BTF: Tensor, states: States) -> tuple[Tensor, States]:
        """Logits [B, O, V] of a chunk (see ChunkSpec) and the states after it, from which a next chunk goes on."""

    def normalise(self, frames: Tensor) -> Tensor:
        return (frames - self.feature_mean) * self.feature_scale

    def layer_of(self, name: str) -> str:
        """The layer of `config.layers` that a parameter belongs to; "features" for constants of these."""
        return "features" if name.startswith("feature_") else name.partition(".")[0]

    def groups(self) -> dict[str, list[str]]:
        """Names of the parameters and constants of each layer, in the network's order."""
        groups = {layer: list[str]() for layer in ("features", *self.config.layers)}
        for name in self.state_dict():
            groups[self.layer_of(name)].append(name)
        return groups


def new_network(config: NetworkConfig, dimensions: int, classes: int) -> AcousticNetwork:
    """An untrained network of the configured family, for frames of so many dimensions and so many classes."""
    network: AcousticNetwork = family(config.kind).load_network()(config, dimensions, classes)
    return network
