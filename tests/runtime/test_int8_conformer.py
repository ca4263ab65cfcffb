"""Conformers with 8-bit weights in C++: near the float32 network, and the same whatever shares a batch."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from deepspeech._native import Int8Conformer
from deepspeech.acoustic.conformer.config import ConformerConfig
from deepspeech.acoustic.conformer.graph import to_onnx
from deepspeech.acoustic.conformer.network import Conformer
from deepspeech.features.config import LogMelConfig
from deepspeech.modelfile.card import ModelCard
from deepspeech.modelfile.graph import write_card
from deepspeech.runtime.engines.int8 import open_int8
from deepspeech.runtime.engines.int8_conformer import Int8ConformerEngine
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

# Mel bands, width, blocks, heads, kernel, left frames: odd halves, widths that fill no block, a context below a chunk.
Shape = tuple[int, int, int, int, int, int]
SHAPES: list[Shape] = [(80, 64, 2, 4, 15, 64), (13, 36, 1, 3, 1, 5), (30, 80, 3, 1, 4, 12)]


def written(path: Path, shape: Shape, precision: str = "int8") -> ModelCard:
    bands, width, blocks, heads, kernel, left = shape
    config = ConformerConfig(width=width, blocks=blocks, heads=heads, kernel=kernel, left_frames=left)
    torch.manual_seed(sum(shape))
    network = Conformer(config, bands, ENGLISH.classes).eval()
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    weights["output.weight"] = 4 * weights["output.weight"]  # probabilities that are not all alike
    weights |= {"feature_mean": np.full(bands, -8, np.float32), "feature_scale": np.full(bands, 0.5, np.float32)}
    card = ModelCard(ENGLISH, LogMelConfig(mel_bands=bands), config.described(), config.chunk, precision=precision)
    model = to_onnx(weights, config, card)
    write_card(model, card)
    onnx.save(model, path)
    return card


def opened(tmp_path: Path, shape: Shape, kernel: str) -> tuple[Int8ConformerEngine, ModelCard]:
    card = written(tmp_path / "a.onnx", shape)
    engine = open_int8(tmp_path / "a.onnx", card, kernel)
    assert isinstance(engine, Int8ConformerEngine)
    return engine, card


@fast
@pytest.mark.parametrize("outputs", [None, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_nearer_to_float32_than_onnx_runtimes_int8(tmp_path: Path, shape: Shape, outputs: int | None) -> None:
    """Rows that are rounded by themselves lose less than a batch that is rounded together.

    More chunks than the context holds; the clip may end within the last.
    """
    card = written(tmp_path / "a.onnx", shape)
    written(tmp_path / "exact.onnx", shape, "float32")
    chunks = features(card, 3, 11)
    own, exact = (through(Session(tmp_path / name), chunks, outputs) for name in ("a.onnx", "exact.onnx"))
    others = through(Session(tmp_path / "a.onnx", own_int8=False), chunks, outputs)
    last = None if outputs is None else outputs - 8
    error, theirs = (np.abs(found[0] - exact[0])[:, :last].mean() for found in (own, others))
    assert error < 0.01
    assert error < 1.2 * theirs
    np.testing.assert_array_equal(own[1]["seen"], exact[1]["seen"])
    for name in ("frame", "convolved"):
        np.testing.assert_allclose(own[1][name], exact[1][name], atol=1e-5)
    for name in ("keys", "values", "convolution"):
        assert np.abs(own[1][name] - exact[1][name]).sum() <= 0.05 * np.abs(exact[1][name]).sum()


@fast
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_batch_changes_no_bit_and_kernels_agree(tmp_path: Path, shape: Shape, kernel: str) -> None:
    engine, card = opened(tmp_path, shape, kernel)
    check_that_a_batch_changes_no_bit(engine, opened(tmp_path, shape, "portable")[0], card)


@fast
def test_clips_of_a_batch_may_have_begun_and_end_at_other_times(tmp_path: Path) -> None:
    engine, card = opened(tmp_path, SHAPES[0], "")
    first, second, third = features(card, 1, 3)
    _, states = engine.step(first, engine.start(1), np.array([8], np.int32))
    both = engine.start(2)
    both.put([1], states)
    found, _ = engine.step(np.concatenate([second, third]), both, np.array([8, 5], np.int32))
    alone, _ = engine.step(second, engine.start(1), np.array([8], np.int32))
    later, _ = engine.step(third, states, np.array([5], np.int32))
    np.testing.assert_array_equal(found, np.concatenate([alone, later]))


@fast
@pytest.mark.parametrize("outputs", [4, 16, 80])
def test_other_chunk_sizes_are_those_of_float32(tmp_path: Path, outputs: int) -> None:
    card = written(tmp_path / "a.onnx", SHAPES[0])
    written(tmp_path / "exact.onnx", SHAPES[0], "float32")
    sound = np.concatenate(features(card, 2, 20), axis=1)
    chunks = [sound[:, start : start + 4 * outputs] for start in range(0, sound.shape[1], 4 * outputs)]
    own, exact = (through(Session(tmp_path / name), chunks)[0] for name in ("a.onnx", "exact.onnx"))
    assert np.abs(own - exact).mean() < 0.01


@fast
def test_a_session_uses_it_and_its_rows_are_independent(tmp_path: Path) -> None:
    written(tmp_path / "a.onnx", SHAPES[0])
    session = Session(tmp_path / "a.onnx")
    assert isinstance(session._engine, Int8ConformerEngine)
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
    written(tmp_path / "wide.onnx", (80, 80, 2, 4, 15, 64))
    assert open_int8(tmp_path / "wide.onnx", card) is None


@pytest.mark.parametrize("frames", [0, 3, 18])
def test_chunks_and_states_of_another_size_are_refused(frames: int) -> None:
    network, lengths = tiny(), np.array([4], np.int32)
    states = [zeros(n) for n in (1, 5, 64 * 3, 6 * 8, 6 * 8, 2 * 8)]
    network.step(zeros(1, 16, 5), lengths, *states)
    for chunk, valid in ((zeros(1, frames, 5), lengths), (zeros(1, 16, 6), lengths), (zeros(1, 16, 5), lengths[:0])):
        with pytest.raises(ValueError, match="chunk"):
            network.step(chunk, valid, *states)
    for number in range(6):
        short = [*states[:number], states[number][1:], *states[number + 1 :]]
        with pytest.raises(ValueError, match="state"):
            network.step(zeros(1, 16, 5), lengths, *short)


@pytest.mark.parametrize(
    "changes",
    [
        {"width": 9}, {"taps": 0}, {"pairs": 3}, {"pairs": 0}, {"left": 0}, {"inner": 31}, {"values": 23},
        {"gates": 15}, {"classes": 0}, {"blocks": 0}, {"norm": 7},
    ],
)  # fmt: skip
def test_sizes_that_do_not_fit_are_refused(changes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="fit"):
        tiny(**changes)


def tiny(
    width: int = 8, taps: int = 3, pairs: int = 2, left: int = 6, inner: int = 32, values: int = 24, gates: int = 16,
    classes: int = 3, blocks: int = 1, norm: int = 8,
) -> Int8Conformer:  # fmt: skip
    """A network of zeros, 8 wide, on 5 bands, with the portable kernel."""
    norms = zeros(norm), zeros(norm)
    feed_forward = norms, dense(8, 32), dense(inner, width)
    block = (
        feed_forward,
        (norms, dense(8, values), dense(8, 8)),
        (norms, dense(8, gates), (zeros(taps, 8), zeros(8)), norms, dense(8, 8)),
        feed_forward,
        norms,
    )
    convolutions = (zeros(9, 64), zeros(64)), (zeros(9, 64), zeros(64)), (zeros(64, 64), zeros(64))
    return Int8Conformer(
        (zeros(5), zeros(5), *convolutions), dense(2 * 64, 8), [block] * blocks, dense(8, classes), left, zeros(pairs),
        "portable",
    )  # fmt: skip
