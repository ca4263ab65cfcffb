"""Networks with 8-bit weights in C++: the arithmetic that is promised, and the same whatever shares a batch.

Tests run with the portable kernel on every machine, and with each fast one where the processor has its instructions.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deepspeech._native import Int8Network
from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig
from deepspeech.acoustic.deepspeech.graph import build, quantize
from deepspeech.features.config import MfccConfig
from deepspeech.modelfile.card import ModelCard
from deepspeech.modelfile.graph import Quantized, write_card
from deepspeech.runtime.engines.engine import States
from deepspeech.runtime.engines.int8 import open_int8
from deepspeech.runtime.session import Session
from deepspeech.text.tokens import ENGLISH
from tests.fakes import by_window

ORDER = ["avx512", "avx_vnni", "avx2", "neon", "portable"]
FAST = Int8Network.kernels()[:-1]
fast = pytest.mark.skipif(not FAST, reason="this processor lacks AVX2 or NEON's dot products")
fast_kernels = pytest.mark.parametrize(
    "kernel",
    [pytest.param(name, marks=pytest.mark.skipif(name not in FAST, reason="not here")) for name in ORDER[:-1]],
)
kernels = pytest.mark.parametrize("kernel", Int8Network.kernels())

Float32 = NDArray[np.float32]
CONTEXT, COEFFICIENTS = 2, 7


def weights(hidden: int, layers: int, norms: bool, seed: int = 0) -> dict[str, Any]:
    random = np.random.default_rng(seed)

    def normal(*shape: int, scale: float = 1.0) -> Float32:
        return (random.normal(size=shape) * scale).astype(np.float32)

    window = (2 * CONTEXT + 1) * COEFFICIENTS
    made: dict[str, Any] = {
        "feature_mean": normal(COEFFICIENTS),
        "feature_scale": np.abs(normal(COEFFICIENTS)),
    }
    for name, inputs, outputs in (("1", window, hidden), ("2", hidden, hidden), ("3", hidden, hidden),
                                  ("5", hidden, hidden), ("6", hidden, 29)):  # fmt: skip
        made[f"layer_{name}.weight"] = normal(outputs, inputs, scale=inputs**-0.5)
        made[f"layer_{name}.bias"] = normal(outputs)
        if norms and name != "6":
            made[f"norms.{name}.weight"], made[f"norms.{name}.bias"] = normal(hidden), normal(hidden)
    for layer in range(layers):
        for kind in ("ih", "hh"):
            made[f"lstm.weight_{kind}_l{layer}"] = normal(4 * hidden, hidden, scale=hidden**-0.5)
            made[f"lstm.bias_{kind}_l{layer}"] = normal(4 * hidden)
    return quantize(made)


def written(path: Path, made: dict[str, Any], hidden: int, layers: int, clip: float = 20.0) -> ModelCard:
    shape = DeepSpeechConfig(hidden=hidden, lstm_layers=layers, context_frames=CONTEXT, relu_clip=clip)
    features = MfccConfig(coefficients=COEFFICIENTS)
    card = ModelCard(ENGLISH, features, shape.described(), shape.chunk, precision="int8")
    model = build(made, shape, card)
    write_card(model, card)
    onnx.save(model, path)
    return card


def windows(clips: int, frames: int, seed: int = 1) -> Float32:
    return np.random.default_rng(seed).normal(size=(clips, frames, 5, COEFFICIENTS)).astype(np.float32)


def rounded(x: Float32) -> Float32:
    """Each row to 0…255 and back, as the kernel does."""
    low, high = np.minimum(x.min(1, keepdims=True), 0), np.maximum(x.max(1, keepdims=True), 0)
    scale = np.where(high > low, (high - low) / np.float32(255), np.float32(1))
    zero = np.round(-low / scale)
    return ((np.clip(np.round(x / scale) + zero, 0, 255) - zero) * scale).astype(np.float32)


def expected(made: dict[str, Any], x: Float32, clip: float) -> tuple[Float32, Float32, Float32]:
    """What the network answers for one clip's windows [frames, …], from a state of zeros: probabilities, h and c."""

    def matrix(name: str) -> Float32:
        value = made[name]
        exact: Float32 = value.to_float() if isinstance(value, Quantized) else value
        return exact

    def dense(name: str, x: Float32) -> Float32:
        x = np.clip(x @ matrix(f"layer_{name}.weight").T + made[f"layer_{name}.bias"], 0, clip)
        if f"norms.{name}.weight" not in made:
            return x
        x = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-12)
        scaled: Float32 = x * made[f"norms.{name}.weight"] + made[f"norms.{name}.bias"]
        return scaled

    def sigmoid(x: Float32) -> Float32:
        return 1 / (1 + np.exp(-x))

    x = ((x - made["feature_mean"]) * made["feature_scale"]).reshape(len(x), -1)
    x = dense("3", rounded(dense("2", rounded(dense("1", x)))))
    states = []
    layer = 0
    while f"lstm.weight_ih_l{layer}" in made:
        given = rounded(x) @ matrix(f"lstm.weight_ih_l{layer}").T
        given += made[f"lstm.bias_ih_l{layer}"] + made[f"lstm.bias_hh_l{layer}"]
        h = c = np.zeros((1, x.shape[1]), np.float32)
        rows = []
        for frame in given:
            i, f, g, o = np.split(frame + rounded(h) @ matrix(f"lstm.weight_hh_l{layer}").T, 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            rows.append(h[0])
        x = np.stack(rows)
        states.append((h[0], c[0]))
        layer += 1
    x = rounded(dense("5", rounded(x))) @ matrix("layer_6.weight").T + made["layer_6.bias"]
    x = np.exp(x - x.max(1, keepdims=True))
    return x / x.sum(1, keepdims=True), np.stack([h for h, _ in states]), np.stack([c for _, c in states])


@kernels
@pytest.mark.parametrize(("hidden", "layers", "norms"), [(64, 1, False), (5, 1, True), (100, 2, True), (33, 3, False)])
def test_the_arithmetic_is_the_promised_one(hidden: int, layers: int, norms: bool, kernel: str) -> None:
    made = weights(hidden, layers, norms)
    network = native(made, layers, relu_clip=1.5, kernel=kernel)
    x = windows(2, 9)
    zeros = np.zeros((layers, 2, hidden), np.float32)
    found = network.step(x.reshape(2, 9, -1), zeros, zeros)
    for clip in range(2):
        due = expected(made, x[clip], 1.5)
        gaps = np.abs(found[0][clip] - due[0])
        # A number between two roundings may fall either way, by the last bit of a sum in another order.
        assert np.median(gaps) < 1e-6
        assert gaps.max() < 0.02
        np.testing.assert_allclose(found[1][:, clip], due[1], atol=0.02)
        np.testing.assert_allclose(found[2][:, clip], due[2], atol=0.04)


def test_kernels_are_in_order_of_speed() -> None:
    found = Int8Network.kernels()
    assert found == [name for name in ORDER if name in found]
    assert found[-1] == "portable"
    assert Int8Network.runs_here() == (len(found) > 1)


def test_a_kernel_that_is_not_here_is_refused() -> None:
    with pytest.raises(RuntimeError, match="no kernel for 8-bit networks named mmx"):
        native(weights(16, 1, False), kernel="mmx")


@fast_kernels
@given(st.integers(1, 130), st.integers(1, 3), st.integers(1, 9), st.integers(1, 4), st.booleans(), st.integers(0, 99))
@settings(max_examples=20)
def test_the_kernels_give_the_same_bits(
    kernel: str, hidden: int, layers: int, clips: int, frames: int, norms: bool, seed: int
) -> None:
    made = weights(hidden, layers, norms, seed)
    x = 3 * windows(clips, frames, seed).reshape(clips, frames, -1)
    state = np.random.default_rng(seed).normal(size=(2, layers, clips, hidden)).astype(np.float32)
    found, due = (native(made, layers, kernel=name).step(x, *state) for name in (kernel, "portable"))
    for a, b in zip(found, due, strict=True):
        np.testing.assert_array_equal(a, b)


@fast_kernels
def test_sums_of_the_largest_bytes_are_exact(kernel: str) -> None:
    """Products of bytes, added in 16 bits, would saturate."""
    made = weights(130, 1, False)
    for weight in (one for one in made.values() if isinstance(one, Quantized)):
        weight.values[:] = np.where(np.arange(len(weight.values)) % 3 == 0, -128, 127)[:, None]
    x = np.full((3, 4, 35), 9, np.float32)
    state = np.ones((1, 3, 130), np.float32)
    found, due = (native(made, kernel=name).step(x, state, state) for name in (kernel, "portable"))
    for a, b in zip(found, due, strict=True):
        np.testing.assert_array_equal(a, b)


@fast_kernels
def test_the_kernels_agree_on_what_is_hardly_a_number(kernel: str) -> None:
    made = weights(16, 1, False)
    networks = [native(made, kernel=name) for name in (kernel, "portable")]
    for value in (np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-42):
        for place in (0, 20):
            x = windows(1, 4).reshape(1, 4, -1)
            x[0, 1, place] = value
            found, due = (network.step(x, ROW.reshape(1, 1, 16), ROW.reshape(1, 1, 16)) for network in networks)
            for a, b in zip(found, due, strict=True):
                np.testing.assert_array_equal(a, b)


@fast
@pytest.mark.parametrize(("hidden", "layers", "norms"), [(64, 1, False), (100, 2, True)])
def test_a_model_file_is_opened_as_what_was_written(tmp_path: Path, hidden: int, layers: int, norms: bool) -> None:
    made = weights(hidden, layers, norms)
    card = written(tmp_path / "a.onnx", made, hidden, layers, clip=1.5)
    opened, x = open_int8(tmp_path / "a.onnx", card), windows(2, 9).reshape(2, 9, -1)
    assert opened
    zeros = np.zeros((layers, 2, hidden), np.float32)
    due = native(made, layers, relu_clip=1.5).step(x, zeros, zeros)
    for a, b in zip(opened._network.step(x, zeros, zeros), due, strict=True):
        np.testing.assert_array_equal(a, b)


@fast
def test_it_is_near_what_onnx_runtime_answers(tmp_path: Path) -> None:
    written(tmp_path / "a.onnx", weights(48, 2, True), 48, 2)
    answers = []
    for own in (True, False):
        session = Session(tmp_path / "a.onnx", own_int8=own)
        answers.append(by_window(session, windows(3, 16), session.start(3)))
    (probabilities, state), (others, other_state) = answers
    assert np.abs(probabilities - others).mean() < 0.002
    np.testing.assert_allclose(state["state_c"], other_state["state_c"], atol=0.1)


@kernels
@settings(max_examples=20)
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(1, 20), st.sampled_from([6, 64, 70]), st.booleans()
)
def test_pieces_and_batches_change_no_bit(kernel: str, pieces: list[int], clips: int, hidden: int, norms: bool) -> None:
    network = native(weights(hidden, 1, norms), kernel=kernel)
    x = windows(clips, sum(pieces)).reshape(clips, sum(pieces), -1)
    zeros = np.zeros((1, clips, hidden), np.float32)
    whole = network.step(x, zeros, zeros)
    state, parts, start = (zeros, zeros), [], 0
    for size in pieces:
        found, *state_ = network.step(np.ascontiguousarray(x[:, start : start + size]), *state)
        state = (state_[0], state_[1])
        parts.append(found)
        start += size
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole[0])
    np.testing.assert_array_equal(state[1], whole[2])
    alone = network.step(x[-1:], zeros[:, :1], zeros[:, :1])
    np.testing.assert_array_equal(alone[0][0], whole[0][-1])


def native(made: dict[str, Any], layers: int = 1, **changes: Any) -> Int8Network:
    """The network of `made` without a file."""

    def dense(name: str, change: str = "") -> Any:
        weight = made[f"{name}.weight"]
        return np.ascontiguousarray(weight.values.T), weight.scale, made[f"{name}.bias"]

    def gates(layer: int, kind: str, bias: Float32) -> Any:
        weight = made[f"lstm.weight_{kind}_l{layer}"]
        order = np.concatenate([np.split(np.arange(len(weight.values)), 4)[k] for k in (0, 3, 1, 2)])
        return np.ascontiguousarray(weight.values[order].T), weight.scale[order], bias[order]

    def lstm(layer: int) -> Any:
        bias = made[f"lstm.bias_ih_l{layer}"] + made[f"lstm.bias_hh_l{layer}"]
        return gates(layer, "ih", bias), gates(layer, "hh", np.zeros_like(bias))

    none = np.zeros(0, np.float32)
    given: dict[str, Any] = {
        "mean": made["feature_mean"],
        "scale": made["feature_scale"],
        "first": (np.ascontiguousarray(made["layer_1.weight"].T), made["layer_1.bias"]),
        "dense": [dense(f"layer_{n}") for n in "235"],
        "lstm": [lstm(layer) for layer in range(layers)],
        "last": dense("layer_6"),
        "norms": [(made.get(f"norms.{n}.weight", none), made.get(f"norms.{n}.bias", none)) for n in "1235"],
        "relu_clip": 20.0,
    }
    return Int8Network(**(given | changes))


@kernels
def test_threads_share_a_network(kernel: str) -> None:
    network = native(weights(64, 1, False), kernel=kernel)
    clips = [windows(1, 16, seed).reshape(1, 16, -1) for seed in range(64)]
    zeros = np.zeros((1, 1, 64), np.float32)
    due = [network.step(clip, zeros, zeros)[0] for clip in clips]
    with ThreadPoolExecutor(64) as pool:
        for _ in range(5):
            for found, expected in zip(
                pool.map(lambda clip: network.step(clip, zeros, zeros)[0], clips), due, strict=True
            ):
                np.testing.assert_array_equal(found, expected)


ROW = np.zeros(16, np.float32)


@pytest.mark.parametrize(
    "changes",
    [
        {"mean": np.zeros(3, np.float32)},
        {"mean": np.zeros(0, np.float32), "scale": np.zeros(0, np.float32)},
        {"dense": []},
        {"lstm": []},
        {"norms": [(ROW, ROW[:3])] * 4},
        {"first": (np.zeros((35, 15), np.float32), ROW[:15])},
        {"first": (np.zeros((35, 16), np.float32), ROW[:15])},
        {"last": (np.zeros((15, 29), np.int8), ROW[:1], np.zeros(29, np.float32))},
        {"last": (np.zeros((16, 29), np.int8), ROW[:2], np.zeros(29, np.float32))},
        {"last": (np.zeros((16, 0), np.int8), ROW[:1], ROW[:0])},
    ],
)
def test_sizes_that_do_not_fit_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="fit"):
        native(weights(16, 1, False), kernel="portable", **changes)


def test_arrays_of_another_type_are_refused() -> None:
    made = weights(16, 1, False)
    with pytest.raises(TypeError):
        native(made, kernel="portable", last=(np.zeros((16, 29), np.float32), ROW[:1], np.zeros(29, np.float32)))
    network = native(made, kernel="portable")
    with pytest.raises(TypeError):
        network.step(windows(1, 3).astype(np.float64).reshape(1, 3, -1), ROW.reshape(1, 1, 16), ROW.reshape(1, 1, 16))
    with pytest.raises(ValueError, match="state"):
        network.step(windows(2, 3).reshape(2, 3, -1), ROW.reshape(1, 1, 16), ROW.reshape(1, 1, 16))


@kernels
def test_what_is_not_finite_is_survived(kernel: str) -> None:
    network = native(weights(16, 1, False), kernel=kernel)
    x = windows(1, 4).reshape(1, 4, -1)
    for value in (np.nan, np.inf, -np.inf, 3e38):
        x[0, 1, 3] = value
        found, _, _ = network.step(x, ROW.reshape(1, 1, 16), ROW.reshape(1, 1, 16))
        assert found.shape == (1, 4, 29)


def test_other_graphs_are_left_to_onnx_runtime(tmp_path: Path) -> None:
    made = weights(16, 1, False)
    made["layer_5.weight"] = made["layer_5.weight"].to_float()
    card = written(tmp_path / "a.onnx", made, 16, 1)
    assert open_int8(tmp_path / "a.onnx", card) is None
    session = Session(tmp_path / "a.onnx")
    probabilities, state = by_window(session, windows(2, 3), session.start(2))
    assert probabilities.shape == (2, 3, 29)
    assert isinstance(state, States)
