"""Schedules of the learning rate, averaged weights, and an optimizer's memory that survives a checkpoint."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig
from deepspeech.acoustic.deepspeech.network import DeepSpeech
from deepspeech.run_settings import TrainingConfig, TransferConfig
from deepspeech.training import optim

STEPS_AN_EPOCH = 10


def network(seed: int = 0) -> DeepSpeech:
    torch.manual_seed(seed)
    return DeepSpeech(DeepSpeechConfig(hidden=4), 3, 5)


def step(net: DeepSpeech, optimizer: torch.optim.Optimizer, seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    for parameter in net.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=random)
    optimizer.step()


@pytest.mark.parametrize(
    ("settings", "step", "factor"),
    [
        ({"schedule": "constant"}, 999, 1.0),
        ({"schedule": "constant", "warmup_epochs": 2.0}, 0, 1 / 20),
        ({"schedule": "constant", "warmup_epochs": 2.0}, 19, 1.0),
        ({"schedule": "constant", "warmup_epochs": 0.25}, 1, 0.8),  # 2.5 steps
        ({"schedule": "constant", "warmup_epochs": 0.25}, 2, 1.0),
        ({"schedule": "annealed", "anneal": 0.5}, 9, 1.0),
        ({"schedule": "annealed", "anneal": 0.5}, 10, 0.5),
        ({"schedule": "annealed", "anneal": 0.5, "warmup_epochs": 1.0}, 35, 0.25),
        ({"schedule": "cosine", "epochs": 4}, 0, 1.0),
        ({"schedule": "cosine", "epochs": 4}, 20, 0.5),
        ({"schedule": "cosine", "epochs": 4}, 40, 0.0),
        ({"schedule": "cosine", "epochs": 4}, 400, 0.0),  # a run that is longer than it was planned
    ],
)
def test_the_rate_of_a_step(settings: dict[str, object], step: int, factor: float) -> None:
    config = TrainingConfig(learning_rate=0.1, **settings)  # type: ignore[arg-type]
    assert optim.learning_rate(config, step, STEPS_AN_EPOCH) == pytest.approx(0.1 * factor)


@given(
    st.integers(0, 100) | st.integers(0, 10**6),
    st.sampled_from(["constant", "annealed", "cosine"]),
    st.integers(0, 3) | st.floats(0, 3),
)
def test_no_rate_is_above_the_configured_one(step: int, schedule: str, warmup: float) -> None:
    config = TrainingConfig(learning_rate=0.1, schedule=schedule, warmup_epochs=warmup)
    assert 0 <= optim.learning_rate(config, step, STEPS_AN_EPOCH) <= 0.1 * (1 + 1e-9)


@pytest.mark.parametrize("optimizer", ["adam", "nesterov"])
def test_weights_decay_and_biases_do_not(optimizer: str) -> None:
    net = network()
    groups = optim.optimizer_of(net, TrainingConfig(optimizer=optimizer, weight_decay=0.5)).param_groups
    decaying = {id(p) for group in groups if group["weight_decay"] for p in group["params"]}
    for name, parameter in net.named_parameters():
        assert (id(parameter) in decaying) == (parameter.ndim > 1), name
    assert sum(len(group["params"]) for group in groups) == len(list(net.parameters()))


@pytest.mark.parametrize("optimizer", ["adam", "nesterov"])
def test_an_optimizer_goes_on_from_the_arrays_of_a_checkpoint(optimizer: str) -> None:
    config = TrainingConfig(optimizer=optimizer, learning_rate=0.1)
    a, b = network(), network()
    whole, first = optim.optimizer_of(a, config), optim.optimizer_of(b, config)
    for seed in (1, 2, 3, 4):
        step(a, whole, seed)
    for seed in (1, 2):
        step(b, first, seed)
    kept = {name: value.copy() for name, value in optim.state_of(b, first).items()}
    second = optim.optimizer_of(b, config)
    optim.restore_state(b, second, kept)
    for seed in (3, 4):
        step(b, second, seed)
    for (name, x), y in zip(a.named_parameters(), b.parameters(), strict=True):
        assert torch.equal(x, y), name


def test_another_optimizers_memory_is_not_taken_for_its_own() -> None:
    net = network()
    adam = optim.optimizer_of(net, TrainingConfig(optimizer="adam"))
    step(net, adam, 1)
    nesterov = optim.optimizer_of(net, TrainingConfig(optimizer="nesterov"))
    optim.restore_state(net, nesterov, optim.state_of(net, adam))
    assert not nesterov.state


def test_the_average_follows_slowly_and_is_swapped_in_and_out() -> None:
    net = network()
    average = optim.Average(net, 0.9)
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 1
    average.update(net, 0)  # (1 + 0) / (10 + 0) of the memory stays: early on it is short
    for name, value in average.weights.items():
        torch.testing.assert_close(value, before[name] + 0.9)
    average.update(net, 10**6)
    for name, value in average.weights.items():
        torch.testing.assert_close(value, before[name] + 0.91)
    average.swap(net)
    for name, p in net.named_parameters():
        torch.testing.assert_close(p.detach(), before[name] + 0.91)
    average.swap(net)
    for name, p in net.named_parameters():
        torch.testing.assert_close(p.detach(), before[name] + 1)


def test_without_a_decay_there_is_no_average() -> None:
    net = network()
    average = optim.Average(net, 0.0)
    before = net.layer_1.weight.detach().clone()
    average.update(net, 5)
    average.swap(net)
    assert not average.weights
    assert torch.equal(net.layer_1.weight, before)


def test_the_weight_of_consistency_rises_over_the_first_fifth() -> None:
    config = TrainingConfig(consistency=0.2, epochs=10)
    found = [optim.consistency(config, step, STEPS_AN_EPOCH) for step in (0, 10, 20, 99)]
    assert found == pytest.approx([0.0, 0.1, 0.2, 0.2])


def rates(transfer: TransferConfig, epochs: float) -> dict[str, float]:
    net = network()
    optimizer = optim.optimizer_of(net, TrainingConfig(), transfer)
    optim.set_rate(optimizer, 0.1, epochs, transfer)
    by_parameter = {id(p): float(group["lr"]) for group in optimizer.param_groups for p in group["params"]}
    assert optim.rate_of(optimizer) == max(by_parameter.values())
    return {net.layer_of(name): by_parameter[id(p)] for name, p in net.named_parameters()}


def test_each_layer_learns_at_a_fraction_of_the_rate_of_the_layer_above() -> None:
    layers = network().config.layers
    found = rates(TransferConfig(layer_decay=0.5), 0.0)
    assert [found[layer] for layer in reversed(layers)] == pytest.approx([0.1 * 0.5**n for n in range(len(layers))])


def test_layers_are_unfrozen_one_after_another_from_the_output_down() -> None:
    *lower, top = network().config.layers
    transfer = TransferConfig(unfreeze_epochs=2)
    for epochs, trained in ((0.0, 1), (1.9, 1), (2.0, 2), (4.5, 3), (100.0, len(lower) + 1)):
        found = rates(transfer, epochs)
        assert [layer for layer in (*lower, top) if found[layer] > 0] == [*lower, top][-trained:]
        assert set(found.values()) <= {0.0, 0.1}


def test_a_layer_that_is_not_yet_unfrozen_does_not_change() -> None:
    net, transfer = network(), TransferConfig(unfreeze_epochs=1)
    optimizer = optim.optimizer_of(net, TrainingConfig(weight_decay=0.1), transfer)
    optim.set_rate(optimizer, 0.1, 0.5, transfer)
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    step(net, optimizer, 1)
    top = net.config.layers[-1]
    for name, parameter in net.named_parameters():
        assert torch.equal(parameter, before[name]) == (net.layer_of(name) != top), name


def test_an_anchor_pulls_towards_the_start_by_rate_times_strength() -> None:
    net = network()
    start = {name: p.detach().numpy().copy() for name, p in net.named_parameters() if name != "layer_1.bias"}
    optimizer = optim.optimizer_of(net, TrainingConfig(), TransferConfig())
    anchor = optim.Anchor(net, start, 2.0)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 1
    optim.set_rate(optimizer, 0.1)
    anchor.pull(optimizer)
    for name, parameter in net.named_parameters():
        moved = 1.0 if name == "layer_1.bias" else 0.8
        held = start[name] if name in start else parameter.detach().numpy() - 1
        assert parameter.detach().numpy() == pytest.approx(held + moved, abs=1e-5), name


def test_without_strength_there_is_no_anchor() -> None:
    net = network()
    start = {name: p.detach().numpy() + 1 for name, p in net.named_parameters()}
    before = [p.detach().clone() for p in net.parameters()]
    optim.Anchor(net, start, 0.0).pull(optim.optimizer_of(net, TrainingConfig()))
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
