"""A network out of a checkpoint, ready to judge or export: the averaged weights where the run kept them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from deepspeech import checkpoint
from deepspeech.acoustic.config import NetworkConfig
from deepspeech.acoustic.deepspeech import DeepSpeech
from deepspeech.errors import CheckpointError
from deepspeech.features.config import FrontEndConfig
from deepspeech.features.registry import read_config
from deepspeech.text.alphabet import Alphabet, ByteAlphabet


@dataclass(frozen=True)
class Restored:
    """A trained network with what it must know; `run` is the checkpoint's run.json."""

    network: DeepSpeech
    features: FrontEndConfig
    alphabet: Alphabet
    run: dict[str, Any]
    path: Path

    @property
    def frame_s(self) -> float:
        """Seconds from one frame of its output to the next."""
        return self.network.config.stride * self.features.step_s


def restore(path: Path) -> Restored:
    """Read a checkpoint folder. Raises CheckpointError where it is damaged or of another make."""
    kept = checkpoint.load(path)
    try:
        features = read_config(kept.run["config"]["features"])
        alphabet = read_alphabet(kept.run["alphabet"])
        shape = NetworkConfig(**kept.run["config"]["network"])
        _check_sizes(kept.weights, shape, features.dimensions)
        network = DeepSpeech(shape, features.dimensions, alphabet.classes)
        fill(network, kept.weights | kept.average)
    except (KeyError, TypeError, RuntimeError) as error:
        raise CheckpointError(f"{path}: the checkpoint does not describe its network ({error})") from None
    return Restored(network.eval(), features, alphabet, kept.run, path)


def _check_sizes(weights: checkpoint.Tensors, shape: NetworkConfig, coefficients: int) -> None:
    """A network is made as large as run.json says: raise TypeError where its weights are not."""
    due = (shape.hidden, (2 * shape.context_frames + 1) * coefficients)
    if weights["layer_1.weight"].shape != due:
        raise TypeError(f"its first layer is {weights['layer_1.weight'].shape}, run.json says {due}")
    if sum(name.startswith("lstm.weight_ih_l") for name in weights) < shape.lstm_layers > 1:
        raise TypeError(f"it has no {shape.lstm_layers} LSTM layers")


def fill(network: DeepSpeech, tensors: checkpoint.Tensors) -> None:
    """Put tensors into the network by name; all of them must be there and fit."""
    network.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in tensors.items()})


def read_alphabet(labels: Any) -> Alphabet:
    """The alphabet as run.json keeps it: a list of labels, or "bytes"."""
    return ByteAlphabet() if labels == "bytes" else Alphabet(labels)


def write_alphabet(alphabet: Alphabet) -> Any:
    return "bytes" if alphabet.bytes_mode else list(alphabet.labels)
