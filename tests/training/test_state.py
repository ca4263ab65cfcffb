"""The state of a run: a position that survives JSON, and averaged weights that are there only while asked for."""

import json
from dataclasses import asdict

import pytest
import torch

from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig
from deepspeech.acoustic.deepspeech.network import DeepSpeech
from deepspeech.errors import CheckpointError
from deepspeech.run_settings import TrainingConfig
from deepspeech.training import optim
from deepspeech.training.state import Position, TrainingState
from deepspeech.training.stopping import Progress


def test_a_position_comes_back_from_a_checkpoint() -> None:
    position = Position(3, 4, 25, 1.5, 6, 0.1, Progress(0.5, 2, 3))
    assert Position.of(json.loads(json.dumps(asdict(position)))) == position


@pytest.mark.parametrize("damage", [{"epoch": None}, {"progress": None}, {"progress": {"odd": 1}}, {"odd": 1}])
def test_a_damaged_position_is_refused(damage: dict[str, object]) -> None:
    page = {**asdict(Position()), **damage}
    if damage.get("epoch", 0) is None:
        del page["epoch"]
    with pytest.raises(CheckpointError, match="the checkpoint's position is damaged"):
        Position.of(page)


def test_the_average_is_in_the_network_only_within() -> None:
    network = DeepSpeech(DeepSpeechConfig(hidden=4), 3, 5)
    optimizer = optim.optimizer_of(network, TrainingConfig())
    state = TrainingState(network, optimizer, optim.Average(network, 0.9), Position(), optim.Anchor(network, {}, 0))
    average = network.layer_1.weight.detach().clone()
    with torch.no_grad():
        network.layer_1.weight += 1
    with state.averaged():
        assert torch.equal(network.layer_1.weight, average)
        assert torch.equal(state.average.weights["layer_1.weight"], average + 1)
    assert torch.equal(network.layer_1.weight, average + 1)
    weights, averages, memory = state.tensors()
    assert torch.equal(torch.from_numpy(weights["layer_1.weight"]), average + 1)
    assert torch.equal(torch.from_numpy(averages["layer_1.weight"]), average)
    assert not memory  # before the first step
