"""Transfer learning: what a network takes over from one trained before, what begins anew, and what stays as it is.

Layers are named as people see them: layer_1, layer_2, layer_3, lstm, layer_5, layer_6, the one that knows the
alphabet. A layer's norm goes with it.
"""

from collections.abc import Collection

import torch

from deepspeech.acoustic.deepspeech import DeepSpeech
from deepspeech.checkpoint import Tensors
from deepspeech.errors import CheckpointError


def layer_of(name: str) -> str:
    """The layer that a parameter belongs to: norms.2.weight → layer_2; constants of the features → features."""
    first, _, rest = name.partition(".")
    if first == "norms":
        return f"layer_{rest.partition('.')[0]}"
    return "features" if first.startswith("feature_") else first


def take_over(network: DeepSpeech, source: Tensors, drop: Collection[str]) -> list[str]:
    """Put `source`'s tensors into the network, but for the layers in `drop`; returns the layers taken, in order.

    Raises CheckpointError where a layer is missing or has another shape.
    """
    state, taken = network.state_dict(), dict[str, None]()
    for name, own in state.items():
        layer = layer_of(name)
        if layer in drop:
            continue
        if name not in source:
            raise CheckpointError(f"the source has no {name}; give it the same [network] settings, or drop {layer}")
        if source[name].shape != tuple(own.shape):
            raise CheckpointError(
                f"{name} is {_shape(source[name].shape)} in the source and {_shape(own.shape)} here; "
                f"give the same [network] and [features] settings, or drop {layer}"
            )
        own.copy_(torch.from_numpy(source[name].copy()))
        taken[layer] = None
    return list(taken)


def freeze(network: DeepSpeech, layers: Collection[str]) -> None:
    """Let the parameters of `layers` stay as they are."""
    for name, parameter in network.named_parameters():
        if layer_of(name) in layers:
            parameter.requires_grad_(False)


def _shape(shape: Collection[int]) -> str:
    return " × ".join(map(str, shape))
