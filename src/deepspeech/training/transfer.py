"""Transfer learning: what a network takes over from one trained before, what begins anew, and what stays as it is.

Layers are named as people see them: the network's `groups`. With the first layer go the constants of the features,
which it alone hears.
"""

from collections.abc import Collection, Mapping
from typing import Any

import torch

from deepspeech.acoustic.contract import AcousticNetwork
from deepspeech.acoustic.registry import DEFAULT
from deepspeech.checkpoint import Checkpoint, Tensors
from deepspeech.config import RunConfig
from deepspeech.errors import CheckpointError
from deepspeech.renamed import current


def other_settings(source: Checkpoint, config: RunConfig, drop: Collection[str], own: bool) -> list[str]:
    """What a run that takes over `source` is to be told: settings under which its weights meant something else.

    Raises CheckpointError where they would mean nothing: its own checkpoint with other features or another network,
    and another run's first layer with other features. What changes how a network learns is nobody's business.
    """
    theirs, ours = source.run["config"], config.to_dict()
    first = config.network.layers[0]
    features = _different("features", theirs, ours, tuple(ours["features"]))
    acts = _different("network", theirs, ours, config.network.acts)
    refused = features * (own or first not in drop) + acts * own
    if refused:
        advice = (
            "or choose another checkpoint.folder"
            if own
            else f'or let the first layer begin anew: "{first}" in transfer.drop'
        )
        raise CheckpointError(
            f"{source.path}: was trained with other settings: {'; '.join(refused)}; give the same, {advice}"
        )
    changed = [] if first in drop else _different("network", theirs, ours, ("normalize_features",))
    lines = [f"Other settings than {source.path} was trained with: {'; '.join(acts)}"] if acts else []
    if changed:
        lines.append(f"{changed[0]}: the constants of features stay those of {source.path}")
    return lines


def _different(table: str, theirs: Mapping[str, Any], ours: Mapping[str, Any], names: Collection[str]) -> list[str]:
    """`table.name is … here, … there` for each setting of two that are not equal; what is not known is not told."""
    there, here = (current(table, values, warn=False) for values in (theirs.get(table) or {}, ours[table]))
    for values in (there, here):
        if table == "features":  # None is half the rate
            values["high_hz"] = values.get("high_hz") or values.get("sample_rate_hz", 0) / 2
        if table == "network":
            values.setdefault("kind", DEFAULT)
    return [
        f"{table}.{name} is {here[name]} here and {there[name]} there"
        for name in names
        if name in there and here[name] != there[name]
    ]


def take_over(network: AcousticNetwork, source: Tensors, drop: Collection[str]) -> list[str]:
    """Put `source`'s tensors into the network, but for the layers in `drop`; returns the layers taken, in order.

    Raises CheckpointError where a layer is missing, has another shape, or has tensors that the network has no use for.
    """
    state, taken, layers = network.state_dict(), dict[str, None](), network.config.layers
    dropped = {network.config.layer_named(name) for name in drop}
    dropped |= {"features"} if layers[0] in dropped else set()
    for name, own in state.items():
        layer = network.layer_of(name)
        if layer in dropped:
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
    unused = {name: network.layer_of(name) for name in source if name not in state}
    if unused := {name: layer for name, layer in unused.items() if layer not in dropped}:
        raise CheckpointError(
            f"the source has {', '.join(unused)}, for which this network has no use; "
            f"give it the same [network] settings, or drop {', '.join(dict.fromkeys(unused.values()))}"
        )
    return list(taken)


def freeze(network: AcousticNetwork, layers: Collection[str]) -> None:
    """Let the parameters of `layers` stay as they are."""
    frozen = {network.config.layer_named(name) for name in layers}
    for name, parameter in network.named_parameters():
        if network.layer_of(name) in frozen:
            parameter.requires_grad_(False)


def _shape(shape: Collection[int]) -> str:
    return " × ".join(map(str, shape))
