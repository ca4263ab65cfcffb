"""The Conformer: its mask, any chunk whole and streamed, rotary positions, sizes, gradients, and its graph."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from deepspeech.acoustic.conformer.blocks import rotated, rotation_of
from deepspeech.acoustic.conformer.config import ConformerConfig
from deepspeech.acoustic.conformer.network import Conformer, attention_mask
from deepspeech.acoustic.registry import config_of_kind
from deepspeech.acoustic.subsampling.network import filled
from deepspeech.errors import ConfigError
from deepspeech.modelfile.arrays import read_constants
from tests.acoustic.exported import FEATURES, exported
from tests.acoustic.exported import network as network_of

DIMENSIONS = FEATURES.dimensions
SMALL = {"kind": "conformer", "width": 16, "blocks": 3, "heads": 2, "kernel": 5, "left_frames": 6, "chunk_frames": 2}


def network(**changes: object) -> Conformer:
    made = network_of(**{**SMALL, **changes})
    assert isinstance(made, Conformer)
    return made


NETWORK = network()


def streamed(made: Conformer, features_BTF: Tensor, chunk: int) -> Tensor:
    """Logits of steps of so many outputs; the last one may be shorter."""
    features, states, pieces = filled(features_BTF), made.start(len(features_BTF)), []
    for first in range(0, features.shape[1], 4 * chunk):
        logits, states = made.step(features[:, first : first + 4 * chunk], states)
        pieces.append(logits)
    return torch.cat(pieces, 1)


# ---- the mask ------------------------------------------------------------------------------------------------------


@given(st.integers(1, 20), st.integers(0, 9), st.integers(1, 12), st.lists(st.integers(0, 20), min_size=1, max_size=3))
def test_the_mask_is_the_formula(frames: int, chunk: int, left: int, lengths: list[int]) -> None:
    mask = attention_mask(frames, chunk, left, torch.tensor(lengths))
    size = chunk or frames
    for clip, length in enumerate(lengths):
        for i in range(frames):
            first = i // size * size
            seen = [j for j in range(frames) if first - left <= j < first + size and (j < length or i == j)]
            assert (mask[clip, 0, i] == 0).nonzero().flatten().tolist() == seen
    assert set(mask.unique().tolist()) <= {0.0, float("-inf")}


def test_a_mask_without_lengths_is_one_for_all_clips() -> None:
    assert torch.equal(attention_mask(9, 4, 3), attention_mask(9, 4, 3, torch.tensor([9])))


# ---- whole and streamed --------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(st.sampled_from([1, 2, 4, 8, 30]), st.integers(1, 90))
@torch.no_grad()
def test_streams_give_what_the_whole_gives_at_any_chunk(chunk: int, frames: int) -> None:
    features = torch.randn(2, frames, DIMENSIONS, generator=torch.Generator().manual_seed(frames))
    NETWORK.chunk_frames = chunk
    torch.testing.assert_close(streamed(NETWORK, features, chunk), NETWORK(features)[0], atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_chunk_0_is_the_whole_clip() -> None:
    made, features = network(), torch.randn(1, 60, DIMENSIONS)
    made.chunk_frames = 0
    torch.testing.assert_close(streamed(made, features, 15), made(features)[0], atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_a_frame_depends_on_its_chunk_and_on_what_lies_left_of_it_alone() -> None:
    made, features = network(blocks=1, kernel=1), torch.randn(1, 80, DIMENSIONS)
    changed = features.clone()
    changed[:, 40] += 1  # heard by output 10, whose chunk is 10 and 11; those up to 17 have it among six to their left
    moved = (made(features)[0] - made(changed)[0]).abs().amax(-1)[0] > 0
    assert moved.nonzero().flatten().tolist() == list(range(10, 18))


@torch.no_grad()
def test_what_lies_beyond_a_clips_end_is_not_heard() -> None:
    """Also in a chunk that a batch fills up: the clip's last frames do not attend to it."""
    made, features = network(), torch.randn(2, 48, DIMENSIONS)
    features[0, 20:] = 0
    lengths = torch.tensor([20, 48])
    heard = made(features, lengths)[0]
    changed = features.clone()
    changed[0, 20:] = 5
    torch.testing.assert_close(made(changed, lengths)[0][0, :5], heard[0, :5])
    torch.testing.assert_close(made(features[:1, :20])[0][0], heard[0, :5], atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_long_clips_go_through_in_chunks_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    made, features, lengths = network(), torch.randn(3, 61, DIMENSIONS), torch.tensor([61, 9, 33])
    for row, length in zip(features, lengths, strict=True):
        row[length:] = 0
    due, outputs = made(features, lengths)
    monkeypatch.setattr("deepspeech.acoustic.conformer.network.LONGEST", 10)
    monkeypatch.setattr("deepspeech.acoustic.conformer.network.attention_mask", None)
    heard, _ = made(features, lengths)
    assert heard.shape == due.shape
    assert torch.isfinite(heard).all()
    for clip, count in enumerate(outputs):
        torch.testing.assert_close(heard[clip, :count], due[clip, :count], atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_slots_of_the_caches_that_were_never_filled_are_hidden() -> None:
    made, chunk = network(), torch.randn(1, 8, DIMENSIONS)
    states = made.start(1)
    filled_up = {**states, "keys": torch.randn_like(states["keys"]), "values": torch.randn_like(states["values"])}
    torch.testing.assert_close(made.step(chunk, states)[0], made.step(chunk, filled_up)[0])
    seen = {**filled_up, "seen": torch.ones(1)}
    assert not torch.allclose(made.step(chunk, states)[0], made.step(chunk, seen)[0], atol=1e-4)


# ---- positions -----------------------------------------------------------------------------------------------------


def test_products_of_rotated_pairs_depend_on_their_distance_alone() -> None:
    q, k = torch.randn(1, 1, 16), torch.randn(1, 1, 16)
    rotation = rotation_of(40, 16, 2, torch.device("cpu"))

    def product(a: int, b: int) -> Tensor:
        return (rotated(q, rotation[a : a + 1]) * rotated(k, rotation[b : b + 1])).view(2, 8).sum(-1)

    torch.testing.assert_close(product(3, 1), product(38, 36), atol=1e-5, rtol=1e-4)
    assert not torch.allclose(product(3, 1), product(3, 2), atol=1e-3)


def test_rotation_turns_each_pair_by_its_own_speed() -> None:
    x, rotation = torch.randn(1, 3, 8), rotation_of(3, 8, 2, torch.device("cpu"))
    for frame in range(3):
        for pair in range(4):
            angle = frame * 10000.0 ** -(pair % 2 / 2)
            a, b = x[0, frame, 2 * pair : 2 * pair + 2].tolist()
            due = [a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)]
            assert rotated(x, rotation)[0, frame, 2 * pair : 2 * pair + 2].tolist() == pytest.approx(due, abs=1e-5)


@torch.no_grad()
def test_keys_are_cached_before_their_rotation() -> None:
    """So a cache does not depend on when its frames came: the same chunk leaves the same keys after any past."""
    made, chunk = network(blocks=1, kernel=1), torch.randn(1, 8, DIMENSIONS)
    first, second = torch.zeros(1, 1, DIMENSIONS), made.start(1)
    _, early = made.step(chunk, second)
    _, states = made.step(torch.cat([first] * 16, 1), made.start(1))
    states = {**states, "frame": second["frame"], "convolved": second["convolved"]}
    _, late = made.step(chunk, states)
    torch.testing.assert_close(early["keys"][:, :, -2:], late["keys"][:, :, -2:])


# ---- learning ------------------------------------------------------------------------------------------------------


def test_every_parameter_is_learnt() -> None:
    made = network().train()
    logits, _ = made(torch.randn(2, 40, DIMENSIONS), torch.tensor([40, 31]), torch.Generator().manual_seed(1))
    logits.square().sum().backward()
    assert [name for name, p in made.named_parameters() if p.grad is None or not p.grad.abs().max() > 0] == []


def test_chunks_are_drawn_by_their_weights_while_training() -> None:
    made = network(train_chunks=[1, 0, 3], train_chunk_weights=[0.5, 0.5, 0.0])
    random = torch.Generator().manual_seed(1)
    drawn = [made._drawn_chunk(random) for _ in range(200)]
    assert set(drawn) == {0, 1}
    assert 60 < drawn.count(0) < 140
    features = torch.randn(1, 40, DIMENSIONS)
    made.train()
    with torch.no_grad():
        outputs = [made(features, random=torch.Generator().manual_seed(seed))[0] for seed in (1, 1, 2)]
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])


@torch.no_grad()
def test_intermediate_layers_are_read_by_the_same_head() -> None:
    made, features = network(), torch.randn(2, 40, DIMENSIONS)
    others: list[Tensor] = []
    logits, _ = made(features, None, None, others)
    assert made.config.intermediate == ("block_1", "block_2")
    assert torch.equal(logits, made(features)[0])
    shallow = network(blocks=1)
    shallow.load_state_dict({n: v for n, v in made.state_dict().items() if not n.startswith(("block_2", "block_3"))})
    torch.testing.assert_close(others[0], shallow(features)[0])
    assert len(others) == 2


# ---- sizes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "millions"), [("small", 4.06), ("medium", 18.6), ("large", 55.0)])
def test_sizes_have_their_parameters(size: str, millions: float) -> None:
    config, values = config_of_kind({"kind": "conformer", "size": size})
    with torch.device("meta"):
        made = Conformer(config(**values), 80, 29)  # type: ignore[arg-type]
    assert sum(p.numel() for p in made.parameters()) / 1e6 == pytest.approx(millions, rel=0.01)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"heads": 3}, "network.width is 16, network.heads is 3"),
        ({"kernel": 0}, "network.kernel is 0"),
        ({"left_frames": 0}, "network.left_frames is 0"),
        ({"chunk_frames": 0}, "network.chunk_frames is 0"),
        ({"dropout": 1.0}, "network.dropout is 1"),
        ({"train_chunks": [4]}, "give a weight for each"),
        ({"train_chunks": [-1], "train_chunk_weights": [1.0]}, "must not be negative"),
        ({"train_chunks": [1], "train_chunk_weights": [0.0]}, "nor all weights 0"),
    ],
)
def test_impossible_shapes_are_refused_by_name(changes: dict[str, object], words: str) -> None:
    settings = {name: value for name, value in {**SMALL, **changes}.items() if name != "kind"}
    with pytest.raises(ConfigError, match=words):
        ConformerConfig(**settings)  # type: ignore[arg-type]


# ---- the graph -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-5), ("int8", 0.02)])
@torch.no_grad()
def test_one_graph_takes_chunks_of_any_length(tmp_path: Path, precision: str, tolerance: float) -> None:
    made = network(left_frames=10)
    session = exported(made, tmp_path / "a.onnx", precision)
    features = torch.randn(2, 300, DIMENSIONS)
    states, ours, first = session.start(2), made.start(2), 0
    for frames in (16, 32, 64, 180, 8):  # 160, 320, 640 ms, nearly the whole, the end
        chunk, first = features[:, first : first + frames], first + frames
        probabilities, states = session.step(chunk.numpy(), states)
        logits, ours = made.step(chunk, ours)
        np.testing.assert_allclose(probabilities, logits.softmax(-1), atol=tolerance)
    np.testing.assert_array_equal(states["seen"], [10, 10])
    assert states.keys() == ours.keys()


@torch.no_grad()
def test_the_graph_does_not_hear_beyond_a_clips_end(tmp_path: Path) -> None:
    """In a batch whose clips end in different places, as transcription in bulk makes them."""
    made = network()
    session = exported(made, tmp_path / "a.onnx")
    features = np.random.default_rng(1).standard_normal((2, 16, DIMENSIONS)).astype(np.float32)
    both, _ = session.step(features, session.start(2), np.array([2, 4], np.int32))
    alone, _ = session.step(features[:1, :8], session.start(1))
    np.testing.assert_allclose(both[:1, :2], alone, atol=1e-5)


def test_matrices_alone_are_of_8_bits_and_each_output_has_its_scale(tmp_path: Path) -> None:
    made = network()
    exported(made, tmp_path / "a.onnx", "int8")
    constants = read_constants(tmp_path / "a.onnx")
    scales = {name: value for name, value in constants.items() if name.endswith(".scale") and value.size > 1}
    assert len(scales) == 3 * 8 + 2  # of each block; the front end's last and the head
    assert all(len(value) == constants[name.replace("scale", "weight")].shape[1] for name, value in scales.items())
    assert constants["block_1.convolution.depthwise.weight"].dtype == np.float32
