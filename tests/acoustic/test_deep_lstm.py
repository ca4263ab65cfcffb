"""The deep LSTM: packed and padded, chunks of any length, gradients, intermediate layers, sizes, and its graph."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from deepspeech.acoustic.deep_lstm.config import DeepLstmConfig
from deepspeech.acoustic.deep_lstm.network import DeepLstm
from deepspeech.acoustic.registry import config_of_kind
from deepspeech.errors import ConfigError
from tests.acoustic.exported import FEATURES, exported
from tests.acoustic.exported import network as network_of

DIMENSIONS = FEATURES.dimensions


def network(**changes: object) -> DeepLstm:
    made = network_of(**{"kind": "deep_lstm", "width": 12, "blocks": 3, **changes})
    assert isinstance(made, DeepLstm)
    return made


@torch.no_grad()
def test_clips_packed_give_what_clips_padded_give() -> None:
    """With lengths a CPU leaves out the padding and takes a way of its own."""
    made, features, lengths = network(), torch.randn(3, 44, DIMENSIONS), torch.tensor([30, 44, 9])
    for row, length in zip(features, lengths, strict=True):
        row[length:] = 0
    packed, outputs = made(features, lengths)
    padded, _ = made(features)
    for clip, count in enumerate(outputs):
        torch.testing.assert_close(packed[clip, :count], padded[clip, :count], atol=1e-5, rtol=1e-4)
        assert not packed[clip, count:].any()


@torch.no_grad()
def test_steps_of_any_length_equal_the_whole() -> None:
    made, features = network(), torch.randn(2, 84, DIMENSIONS)
    ahead = 4 * made.config.look_ahead
    padded = torch.nn.functional.pad(features, (0, 0, 0, ahead))
    states, pieces, first = made.start(2), [], 0
    for frames in (4, 32, 8, 40):
        logits, states = made.step(padded[:, first : first + frames + ahead], states)
        pieces.append(logits)
        first += frames
    torch.testing.assert_close(torch.cat(pieces, 1), made(features)[0], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("ahead", [0, 1, 4])
@torch.no_grad()
def test_it_sees_no_further_than_its_look_ahead(ahead: int) -> None:
    made, features = network(look_ahead=ahead), torch.randn(1, 80, DIMENSIONS)
    changed = features.clone()
    changed[:, 40] += 1
    moved = (made(features)[0] - made(changed)[0]).abs().amax(-1)[0]
    assert moved[: 10 - ahead].max() == 0
    assert moved[10 - ahead] > 0


@pytest.mark.parametrize("lengths", [None, torch.tensor([40, 31])])
def test_every_parameter_has_a_gradient(lengths: Tensor | None) -> None:
    made = network().train()
    logits, _ = made(torch.randn(2, 40, DIMENSIONS), lengths, torch.Generator().manual_seed(1))
    logits.square().sum().backward()
    assert [name for name, p in made.named_parameters() if p.grad is None or not p.grad.abs().max() > 0] == []


def test_dropout_depends_on_the_callers_generator_alone() -> None:
    made, features, lengths = network(dropout=0.5).train(), torch.randn(1, 40, DIMENSIONS), torch.tensor([40])
    outputs = [made(features, lengths, torch.Generator().manual_seed(seed))[0] for seed in (1, 1, 2)]
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])


@torch.no_grad()
@pytest.mark.parametrize("lengths", [None, torch.tensor([40, 31])])
def test_intermediate_layers_are_read_by_the_same_head(lengths: Tensor | None) -> None:
    made, features = network(), torch.randn(2, 40, DIMENSIONS)
    others: list[Tensor] = []
    logits, _ = made(features, lengths, None, others)
    assert torch.equal(logits, made(features, lengths)[0])
    for count, intermediate in enumerate(others, 1):
        shallow = network(blocks=count)
        shallow.load_state_dict({n: v for n, v in made.state_dict().items() if n in shallow.state_dict()})
        torch.testing.assert_close(intermediate, shallow(features, lengths)[0])
    assert len(others) == 2


@pytest.mark.parametrize(("size", "millions"), [("small", 3.0), ("medium", 9.36), ("large", 17.8)])
def test_sizes_have_their_parameters(size: str, millions: float) -> None:
    config, values = config_of_kind({"kind": "deep_lstm", "size": size})
    made = DeepLstm(config(**values), 80, 29)  # type: ignore[arg-type]
    assert sum(p.numel() for p in made.parameters()) / 1e6 == pytest.approx(millions, rel=0.01)


@pytest.mark.parametrize(
    "settings", [{"width": 0}, {"blocks": 0}, {"chunk_frames": 0}, {"dropout": -0.1}, {"look_ahead": -1}]
)
def test_impossible_shapes_are_refused_by_name(settings: dict[str, object]) -> None:
    (name,) = settings
    with pytest.raises(ConfigError, match=f"network.{name}"):
        DeepLstmConfig(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-5), ("int8", 0.02)])
@torch.no_grad()
def test_the_graph_gives_what_torch_gives(tmp_path: Path, precision: str, tolerance: float) -> None:
    made = network()
    session = exported(made, tmp_path / "a.onnx", precision)
    features = torch.randn(2, 100, DIMENSIONS)
    states, ours, first = session.start(2), made.start(2), 0
    for frames in (32, 20, 28, 20):  # steps overlap by the look-ahead; here they need not
        chunk, first = features[:, first : first + frames], first + frames
        probabilities, states = session.step(chunk.numpy(), states)
        logits, ours = made.step(chunk, ours)
        np.testing.assert_allclose(probabilities, logits.softmax(-1), atol=tolerance)
