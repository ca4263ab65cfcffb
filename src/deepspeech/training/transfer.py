"""Transfer learning: loads layers of another network, re-initializes or freezes others.

Layers have their public names (NetworkConfig.layers). Feature normalization belongs to the first layer.
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
    """Report settings that differ from those `source` was trained with and change what its weights compute.

    Raises CheckpointError if they are incompatible: a resumed run with other features or another network, or another
    run's first layer with other features. Training settings may differ.
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
            else f'or re-initialize the first layer: "{first}" in transfer.drop'
        )
        raise CheckpointError(
            f"{source.path}: was trained with other settings: {'; '.join(refused)}; use the same, {advice}"
        )
    changed = [] if first in drop else _different("network", theirs, ours, ("normalize_features",))
    lines = [f"Other settings than {source.path} was trained with: {'; '.join(acts)}"] if acts else []
    if changed:
        lines.append(f"{changed[0]}: feature normalization is that of {source.path}")
    return lines


def _different(table: str, theirs: Mapping[str, Any], ours: Mapping[str, Any], names: Collection[str]) -> list[str]:
    """`table.name is … here, … there` for each differing setting; unknown ones are ignored."""
    there, here = (current(table, values, warn=False) for values in (theirs.get(table) or {}, ours[table]))
    for values in (there, here):
        if table == "features":  # None: half the rate
            values["high_hz"] = values.get("high_hz") or values.get("sample_rate_hz", 0) / 2
            values.setdefault("online_cmn_s", 0.0)  # checkpoints without it were trained without
        if table == "network":
            values.setdefault("kind", DEFAULT)
    return [
        f"{table}.{name} is {here[name]} here and {there[name]} there"
        for name in names
        if name in there and here[name] != there[name]
    ]


def take_over(network: AcousticNetwork, source: Tensors, drop: Collection[str]) -> list[str]:
    """Load `source` into the network, except the layers in `drop`; returns the loaded layers, in order.

    Raises CheckpointError if tensors are missing, unexpected, or of another shape.
    """
    state, taken, layers = network.state_dict(), dict[str, None](), network.config.layers
    dropped = {network.config.layer_named(name) for name in drop}
    dropped |= {"features"} if layers[0] in dropped else set()
    for name, own in state.items():
        layer = network.layer_of(name)
        if layer in dropped:
            continue
        if name not in source:
            raise CheckpointError(f"the source has no {name}; use the same [network] settings, or drop {layer}")
        if source[name].shape != tuple(own.shape):
            raise CheckpointError(
                f"{name} is {_shape(source[name].shape)} in the source and {_shape(own.shape)} here; "
                f"use the same [network] and [features] settings, or drop {layer}"
            )
        own.copy_(torch.from_numpy(source[name].copy()))
        taken[layer] = None
    unused = {name: network.layer_of(name) for name in source if name not in state}
    if unused := {name: layer for name, layer in unused.items() if layer not in dropped}:
        raise CheckpointError(
            f"the source has {', '.join(unused)}, which this network does not have; "
            f"use the same [network] settings, or drop {', '.join(dict.fromkeys(unused.values()))}"
        )
    return list(taken)


def freeze(network: AcousticNetwork, layers: Collection[str]) -> None:
    """Disable gradients of `layers`."""
    frozen = {network.config.layer_named(name) for name in layers}
    for name, parameter in network.named_parameters():
        if network.layer_of(name) in frozen:
            parameter.requires_grad_(False)


def _shape(shape: Collection[int]) -> str:
    return " × ".join(map(str, shape))
