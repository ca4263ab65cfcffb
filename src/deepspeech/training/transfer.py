"""Transfer learning: what a network takes over from one trained before, what begins anew, and what stays as it is.

Layers are named as people see them: the network's `groups`.
"""

from collections.abc import Collection

import torch

from deepspeech.acoustic.contract import AcousticNetwork
from deepspeech.checkpoint import Tensors
from deepspeech.errors import CheckpointError


def take_over(network: AcousticNetwork, source: Tensors, drop: Collection[str]) -> list[str]:
    """Put `source`'s tensors into the network, but for the layers in `drop`; returns the layers taken, in order.

    Raises CheckpointError where a layer is missing or has another shape.
    """
    taken = dict[str, None]()
    layers = {name: layer for layer, names in network.groups().items() for name in names}
    for name, own in network.state_dict().items():
        layer = layers[name]
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


def freeze(network: AcousticNetwork, layers: Collection[str]) -> None:
    """Let the parameters of `layers` stay as they are."""
    frozen = {name for layer, names in network.groups().items() if layer in layers for name in names}
    for name, parameter in network.named_parameters():
        if name in frozen:
            parameter.requires_grad_(False)


def _shape(shape: Collection[int]) -> str:
    return " × ".join(map(str, shape))
