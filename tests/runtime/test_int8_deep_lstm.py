"""Deep LSTMs with 8-bit weights in C++: near the float32 network, and the same whatever shares a batch."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from deepspeech._native import Int8DeepLstm
from deepspeech.acoustic.deep_lstm.config import DeepLstmConfig
from deepspeech.acoustic.deep_lstm.graph import to_onnx
from deepspeech.acoustic.deep_lstm.network import DeepLstm
from deepspeech.errors import ConfigError
from deepspeech.features.config import LogMelConfig
from deepspeech.modelfile.card import ModelCard
from deepspeech.modelfile.graph import write_card
from deepspeech.runtime.engines.int8 import open_int8
from deepspeech.runtime.engines.int8_deep_lstm import Int8DeepLstmEngine
from deepspeech.runtime.session import Session
from deepspeech.text.tokens import ENGLISH
from tests.runtime.int8_cases import (
    KERNELS,
    check_that_a_batch_changes_no_bit,
    check_that_it_stays_in_its_clip,
    dense,
    fast,
    features,
    through,
    zeros,
)

# Bands of which the convolutions halve odd numbers, widths that fill no block, no look-ahead.
SHAPES = [(80, 64, 2, 4), (13, 50, 1, 1), (30, 70, 3, 0)]
Shape = tuple[int, int, int, int]  # mel bands, width, blocks, look-ahead


def written(path: Path, shape: Shape, precision: str = "int8") -> ModelCard:
    bands, width, blocks, look_ahead = shape
    config = DeepLstmConfig(width=width, blocks=blocks, look_ahead=look_ahead)
    features = LogMelConfig(mel_bands=bands)
    torch.manual_seed(sum(shape))
    network = DeepLstm(config, bands, ENGLISH.classes).eval()
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    weights["output.weight"] = 4 * weights["output.weight"]  # probabilities that are not all alike
    weights |= {"feature_mean": np.full(bands, -8, np.float32), "feature_scale": np.full(bands, 0.5, np.float32)}
    card = ModelCard(ENGLISH, features, config.described(), config.chunk, precision=precision)
    model = to_onnx(weights, config, card)
    write_card(model, card)
    onnx.save(model, path)
    return card


def opened(tmp_path: Path, shape: Shape, kernel: str) -> tuple[Int8DeepLstmEngine, ModelCard]:
    card = written(tmp_path / "a.onnx", shape)
    engine = open_int8(tmp_path / "a.onnx", card, kernel)
    assert isinstance(engine, Int8DeepLstmEngine)
    return engine, card


@fast
@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_nearer_to_float32_than_onnx_runtimes_int8(tmp_path: Path, shape: Shape) -> None:
    """Rows that are rounded by themselves lose less than a batch that is rounded together."""
    card = written(tmp_path / "a.onnx", shape)
    written(tmp_path / "exact.onnx", shape, "float32")
    chunks = features(card, 3, 5)
    own, exact = (through(Session(tmp_path / name), chunks) for name in ("a.onnx", "exact.onnx"))
    others = through(Session(tmp_path / "a.onnx", own_int8=False), chunks)
    error, theirs = (np.abs(found[0] - exact[0]).mean() for found in (own, others))
    assert error < 0.01
    assert error < 1.2 * theirs
    for name in ("frame", "convolved"):
        np.testing.assert_allclose(own[1][name], exact[1][name], atol=1e-5)
    np.testing.assert_allclose(own[1]["state_h"], exact[1]["state_h"], atol=0.2)


@fast
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_batch_changes_no_bit_and_kernels_agree(tmp_path: Path, shape: Shape, kernel: str) -> None:
    engine, card = opened(tmp_path, shape, kernel)
    check_that_a_batch_changes_no_bit(engine, opened(tmp_path, shape, "portable")[0], card)


@fast
def test_the_size_of_the_chunks_changes_nothing_but_the_latency(tmp_path: Path) -> None:
    engine, card = opened(tmp_path, SHAPES[0], "")
    sound = np.concatenate(features(card, 1, 4), axis=1)
    ahead = 4 * 4
    found = []
    for hop in (16, 32, 64):
        starts = range(0, sound.shape[1] - 64 - ahead, hop)
        found.append(through(engine, [sound[:, start : start + hop + ahead] for start in starts])[0])
    length = min(one.shape[1] for one in found)
    assert length > 10
    for one in found[1:]:
        np.testing.assert_array_equal(one[:, :length], found[0][:, :length])


@fast
def test_a_session_uses_it_and_its_rows_are_independent(tmp_path: Path) -> None:
    written(tmp_path / "a.onnx", SHAPES[0])
    session = Session(tmp_path / "a.onnx")
    assert isinstance(session._engine, Int8DeepLstmEngine)
    assert session.independent_rows


@fast
@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
def test_what_is_hardly_a_number_stays_in_its_clip(tmp_path: Path, value: float) -> None:
    engine, card = opened(tmp_path, SHAPES[0], "")
    check_that_it_stays_in_its_clip(engine, card, value)


def test_another_graph_or_size_is_left_to_onnx_runtime(tmp_path: Path) -> None:
    card = written(tmp_path / "a.onnx", SHAPES[0])
    model = onnx.load(tmp_path / "a.onnx")
    for constant in model.graph.initializer:
        if constant.name == "block_2.norm.weight":
            constant.name = "other"
    onnx.save(model, tmp_path / "other.onnx")
    assert open_int8(tmp_path / "other.onnx", card) is None
    written(tmp_path / "wide.onnx", (80, 70, 2, 4))
    assert open_int8(tmp_path / "wide.onnx", card) is None
    with pytest.raises(ConfigError):
        DeepLstmConfig(look_ahead=-1)


@pytest.mark.parametrize("frames", [3, 16, 18])
def test_chunks_and_states_of_another_size_are_refused(frames: int) -> None:
    """With 4 outputs of look-ahead a chunk has more than 16 frames, a multiple of 4."""
    network = tiny(ahead=4)
    states = [np.zeros(n, np.float32) for n in (5, 64 * 3, 4 * 8, 8, 8)]
    network.step(np.zeros((1, 20, 5), np.float32), *states)
    with pytest.raises(ValueError, match="chunk"):
        network.step(np.zeros((1, frames, 5), np.float32), *states)
    for number in range(5):
        short = [*states[:number], states[number][1:], *states[number + 1 :]]
        with pytest.raises(ValueError, match="state"):
            network.step(np.zeros((1, 20, 5), np.float32), *short)


@pytest.mark.parametrize(
    "changes",
    [{"width": 9}, {"taps": 8}, {"mean": 4}, {"filters": 63}, {"classes": 0}, {"blocks": 0}, {"norm": 7}],
)
def test_sizes_that_do_not_fit_are_refused(changes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="fit"):
        tiny(**changes)


def test_inputs_whose_sum_could_overflow_are_refused() -> None:
    with pytest.raises(ValueError, match="65536"):
        tiny(inputs=(1 << 16) + 1)


def tiny(
    width: int = 8, taps: int = 9, mean: int = 5, filters: int = 64, classes: int = 3, blocks: int = 1, norm: int = 8,
    ahead: int = 4, inputs: int = 2 * 64,
) -> Int8DeepLstm:  # fmt: skip
    """A network of zeros, 8 wide, on 5 bands, with the portable kernel."""

    block = dense(8, 32), dense(width, 32), (zeros(norm), zeros(norm))
    return Int8DeepLstm(
        (
            zeros(mean), zeros(5), (zeros(9, filters), zeros(filters)), (zeros(taps, 64), zeros(64)),
            (zeros(64, 64), zeros(64)),
        ),
        dense(inputs, 8),
        ((zeros(2 * ahead + 1, 8), zeros(8)), dense(8, 8), (zeros(8), zeros(8))),
        [block] * blocks,
        dense(8, classes),
        "portable",
    )  # fmt: skip
