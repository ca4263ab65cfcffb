"""Load a network from a checkpoint for evaluation or export, with averaged weights if the run kept them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from deepspeech import checkpoint
from deepspeech.acoustic import registry
from deepspeech.acoustic.contract import AcousticNetwork, new_network
from deepspeech.errors import CheckpointError, ConfigError
from deepspeech.features.config import FrontEndConfig
from deepspeech.features.front_end import FrontEnd
from deepspeech.features.normalization import Normalization, kept_normalization
from deepspeech.features.registry import new_front_end, read_config
from deepspeech.text.token_files import read_alphabet
from deepspeech.text.tokens import TokenSet


@dataclass(frozen=True)
class Restored:
    """A trained network, its tokens and features; `run` is the checkpoint's run.json."""

    network: AcousticNetwork
    features: FrontEndConfig
    tokens: TokenSet
    run: dict[str, Any]
    path: Path
    normalization: Normalization | None = None  # of the features, unless the network normalizes

    @property
    def front_end(self) -> FrontEnd:
        return new_front_end(self.features, self.normalization)

    @property
    def frame_s(self) -> float:
        """Seconds per output frame."""
        return self.network.config.chunk.stride * self.features.step_s


def restore(path: Path) -> Restored:
    """Load a checkpoint folder. Raises CheckpointError where it is damaged or not compatible."""
    kept = checkpoint.load(path)
    try:
        features = read_config(kept.run["config"]["features"])
        tokens = read_alphabet(kept.run["alphabet"])
        shape = registry.read_config(kept.run["config"]["network"])
        shape.check_sizes({name: value.shape for name, value in kept.weights.items()}, features.dimensions)
        network = new_network(shape, features.dimensions, tokens.classes)
        fill(network, kept.weights | kept.average)
        normalization = kept_normalization(kept.run)
        new_front_end(features, normalization)  # raises if they do not match
    except (KeyError, TypeError, ValueError, RuntimeError, ConfigError) as error:
        raise CheckpointError(f"{path}: the checkpoint does not describe its network ({error})") from None
    return Restored(network.eval(), features, tokens, kept.run, path, normalization)


def fill(network: AcousticNetwork, tensors: checkpoint.Tensors) -> None:
    """Copy tensors into the network by name; all must be present and have the right shape."""
    network.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in tensors.items()})
