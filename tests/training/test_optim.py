"""Schedules of the learning rate, averaged weights, and an optimizer's memory that survives a checkpoint."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig
from deepspeech.acoustic.deepspeech.network import DeepSpeech
from deepspeech.config import TrainingConfig
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
