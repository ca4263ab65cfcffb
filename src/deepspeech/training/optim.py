"""Optimizer, learning-rate schedule and averaged weights, with their state as NumPy arrays for checkpoints."""

import math
from typing import Any

import numpy as np
import torch

from deepspeech.acoustic.contract import AcousticNetwork
from deepspeech.checkpoint import Tensors
from deepspeech.run_settings import TrainingConfig, TransferConfig

RAMP = 0.2  # share of the training until CR-CTC has its whole weight


PLAIN = TransferConfig()


def optimizer_of(
    network: AcousticNetwork, config: TrainingConfig, transfer: TransferConfig = PLAIN
) -> torch.optim.Optimizer:
    """The optimizer that `training.optimizer` names."""
    groups = _groups(network, config, transfer)
    return nesterov(groups, config) if config.optimizer == "nesterov" else adam(groups, config)


def nesterov(groups: list[dict[str, Any]], config: TrainingConfig) -> torch.optim.Optimizer:
    """Gradient descent with Nesterov's momentum (Sutskever et al. 2013), as Hannun et al. 2014 trained."""
    return torch.optim.SGD(groups, config.learning_rate, config.momentum, nesterov=config.momentum > 0)


def adam(groups: list[dict[str, Any]], config: TrainingConfig) -> torch.optim.Optimizer:
    """Adam (Kingma & Ba 2015) with decoupled weight decay, not for biases and norms."""
    return torch.optim.AdamW(
        groups,
        lr=config.learning_rate,
        betas=(config.beta1, config.beta2),
        eps=config.epsilon,
        fused=True,
    )


def _groups(network: AcousticNetwork, config: TrainingConfig, transfer: TransferConfig) -> list[dict[str, Any]]:
    """Parameter groups with and without weight decay (biases and norms); of each layer where layers learn apart.

    "below" is the number of layers between a group's and the output.
    """
    apart = transfer.layer_decay < 1 or transfer.unfreeze_epochs > 0
    below = {layer: number for number, layer in enumerate(reversed(network.config.layers))}
    groups: dict[tuple[int, float], list[torch.Tensor]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            decay = config.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((below[network.layer_of(name)] if apart else 0, decay), []).append(parameter)
    return [{"params": found, "weight_decay": decay, "below": n} for (n, decay), found in groups.items()]


def learning_rate(config: TrainingConfig, step: int, steps_an_epoch: int) -> float:
    """Learning rate of step `step` (from 0)."""
    warmup = config.warmup_epochs * steps_an_epoch
    if step < warmup:
        return config.learning_rate * min(step + 1, warmup) / warmup
    if config.schedule == "constant":
        return config.learning_rate
    if config.schedule == "annealed":
        return config.learning_rate * config.anneal ** int((step - warmup) / steps_an_epoch)
    done = (step - warmup) / max(1.0, config.epochs * steps_an_epoch - warmup)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def consistency(config: TrainingConfig, step: int, steps_an_epoch: int) -> float:
    """Weight of CR-CTC at step `step`: rises linearly to its value over the first fifth of training."""
    return config.consistency * min(1.0, step / max(1.0, RAMP * config.epochs * steps_an_epoch))


def set_rate(
    optimizer: torch.optim.Optimizer, rate: float, epochs: float = 0.0, transfer: TransferConfig = PLAIN
) -> None:
    """Set the learning rate of each layer after so many `epochs`, given that of the output layer.

    Rates decrease with depth (Howard & Ruder 2018, discriminative fine-tuning), and are 0 until a layer is unfrozen.
    """
    for group in optimizer.param_groups:
        trained = epochs >= group["below"] * transfer.unfreeze_epochs
        group["lr"] = rate * transfer.layer_decay ** group["below"] * trained


def rate_of(optimizer: torch.optim.Optimizer) -> float:
    """The learning rate of the topmost layer that is trained."""
    return max(float(group["lr"]) for group in optimizer.param_groups)


class Anchor:
    """L2-SP (Li et al. 2018): weights decay towards those that training started from, decoupled from the optimizer."""

    def __init__(self, network: AcousticNetwork, start: Tensors, strength: float) -> None:
        """`start`: weights by name; other parameters have no anchor."""
        self._strength = strength
        self._start = {
            p: torch.from_numpy(start[name].copy()).to(p.device)
            for name, p in network.named_parameters()
            if strength and p.requires_grad and name in start
        }

    def pull(self, optimizer: torch.optim.Optimizer) -> None:
        """Move the weights by their learning rates times the strength."""
        for group in optimizer.param_groups if self._start else ():
            held = [p for p in group["params"] if p in self._start]
            if held:
                with torch.no_grad():
                    share = min(1.0, self._strength * group["lr"])
                    torch._foreach_lerp_(held, [self._start[p] for p in held], share)


class Average:
    """An exponential moving average of the weights (Polyak & Juditsky 1992); disabled if the decay is 0."""

    def __init__(self, network: AcousticNetwork, decay: float) -> None:
        """Start from the current weights."""
        self.decay = decay
        self.weights = {n: p.detach().clone() for n, p in network.named_parameters()} if decay else {}

    def restore(self, kept: Tensors) -> None:
        """Load the arrays of a checkpoint; missing ones are kept."""
        for name in self.weights.keys() & kept.keys():
            self.weights[name].copy_(torch.from_numpy(kept[name].copy()))

    def update(self, network: AcousticNetwork, step: int) -> None:
        if self.weights:
            decay = min(self.decay, (1 + step) / (10 + step))  # shorter memory in early steps
            sources = [parameter.detach() for _, parameter in network.named_parameters()]
            torch._foreach_lerp_(list(self.weights.values()), sources, 1 - decay)

    def swap(self, network: AcousticNetwork) -> None:
        """Exchange the network's weights with the averaged ones; a second call undoes the first."""
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                if name in self.weights:
                    held = parameter.detach().clone()
                    parameter.copy_(self.weights[name])
                    self.weights[name].copy_(held)


def weights_of(network: AcousticNetwork) -> Tensors:
    return {name: value.detach().cpu().numpy() for name, value in network.state_dict().items()}


def state_of(network: AcousticNetwork, optimizer: torch.optim.Optimizer) -> Tensors:
    """Optimizer state by parameter name.

    Adam's moments are `first/NAME`, `second/NAME`, and `step/NAME`, its count of updates; Nesterov's `momentum/NAME`.
    """
    arrays: Tensors = {}
    for name, parameter in network.named_parameters():
        state = optimizer.state.get(parameter) or {}
        if "momentum_buffer" in state:
            arrays[f"momentum/{name}"] = state["momentum_buffer"].cpu().numpy()
        elif state:
            arrays[f"first/{name}"] = state["exp_avg"].cpu().numpy()
            arrays[f"second/{name}"] = state["exp_avg_sq"].cpu().numpy()
            arrays[f"step/{name}"] = np.asarray(state["step"].cpu().numpy(), dtype=np.float32)
    return arrays


def restore_state(network: AcousticNetwork, optimizer: torch.optim.Optimizer, arrays: Tensors) -> None:
    """Load the output of `state_of`; parameters without an entry of this optimizer start without state."""
    momentum = isinstance(optimizer, torch.optim.SGD)
    for name, parameter in network.named_parameters():
        if momentum and f"momentum/{name}" in arrays:
            buffer = torch.from_numpy(arrays[f"momentum/{name}"].copy()).to(parameter.device)
            optimizer.state[parameter] = {"momentum_buffer": buffer}
        elif not momentum and f"first/{name}" in arrays:
            optimizer.state[parameter] = {
                "step": torch.tensor(float(arrays[f"step/{name}"]), device=parameter.device),
                "exp_avg": torch.from_numpy(arrays[f"first/{name}"].copy()).to(parameter.device),
                "exp_avg_sq": torch.from_numpy(arrays[f"second/{name}"].copy()).to(parameter.device),
            }
