"""The ONNX graph from arrays: what it answers with 8-bit weights is near what their numbers stand for."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx

from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig
from deepspeech.acoustic.deepspeech.graph import build
from deepspeech.features.config import MfccConfig
from deepspeech.modelfile.card import ModelCard
from deepspeech.modelfile.graph import Quantised, write_card
from deepspeech.runtime.session import Session
from deepspeech.text.tokens import ENGLISH
from tests.fakes import by_window

HIDDEN = 16
SHAPE = DeepSpeechConfig(hidden=HIDDEN)
CARD = ModelCard(ENGLISH, MfccConfig(), SHAPE.described(), SHAPE.chunk, precision="int8")


def weights() -> dict[str, Any]:
    """A network by chance, whose matrices are Quantised."""
    random = np.random.default_rng(3)
    shapes = {"layer_1": (HIDDEN, 494), "layer_2": (HIDDEN, HIDDEN), "layer_3": (HIDDEN, HIDDEN),
              "layer_5": (HIDDEN, HIDDEN), "layer_6": (29, HIDDEN)}  # fmt: skip
    made: dict[str, Any] = {"feature_mean": np.zeros(26, np.float32), "feature_scale": np.ones(26, np.float32)}
    for name, shape in shapes.items():
        made[f"{name}.weight"] = Quantised(
            random.integers(-127, 128, shape).astype(np.int8), np.array([0.4 / shape[1]], np.float32)
        )
        made[f"{name}.bias"] = random.normal(size=shape[0]).astype(np.float32)
    for kind in ("ih", "hh"):
        values = random.integers(-127, 128, (4 * HIDDEN, HIDDEN)).astype(np.int8)
        made[f"lstm.weight_{kind}_l0"] = Quantised(values, np.array([0.003], np.float32))
        made[f"lstm.bias_{kind}_l0"] = random.normal(size=4 * HIDDEN).astype(np.float32)
    return made


def answer(made: dict[str, Any], path: Path) -> tuple[Any, Any]:
    model = build(made, SHAPE, CARD)
    write_card(model, CARD)
    onnx.save(model, path)
    session = Session(path)
    windows = np.random.default_rng(4).normal(size=(2, 16, 19, 26)).astype(np.float32)
    probabilities, state = by_window(session, windows, session.start(2))
    return probabilities, state["state_c"]


def test_weights_of_8_bits_answer_nearly_as_the_numbers_they_stand_for(tmp_path: Path) -> None:
    made = weights()
    floats = {name: value.to_float() if isinstance(value, Quantised) else value for name, value in made.items()}
    rounded, exact = answer(made, tmp_path / "int8.onnx"), answer(floats, tmp_path / "float.onnx")
    assert np.abs(rounded[0] - exact[0]).mean() < 0.01
    assert np.abs(rounded[1] - exact[1]).mean() < 0.02 * np.abs(exact[1]).mean()
    assert (tmp_path / "int8.onnx").stat().st_size < (tmp_path / "float.onnx").stat().st_size / 2


def test_only_the_matrices_that_are_quantised_are_in_8_bits(tmp_path: Path) -> None:
    made = weights()
    made["layer_6.weight"] = made["layer_6.weight"].to_float()
    answer(made, tmp_path / "a.onnx")
    kinds = {item.name: item.data_type for item in onnx.load(tmp_path / "a.onnx").graph.initializer}
    assert kinds["layer_6.weight"] == onnx.TensorProto.FLOAT
    assert kinds["layer_5.weight"] == kinds["lstm.0.R"] == onnx.TensorProto.INT8
