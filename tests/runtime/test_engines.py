"""Engines behind one face: states named by the file, windows where a file takes them, and which engine takes what."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig
from deepspeech.acoustic.deepspeech.graph import build, to_onnx
from deepspeech.errors import ModelFileError
from deepspeech.features.config import MfccConfig
from deepspeech.modelfile.card import ModelCard
from deepspeech.modelfile.graph import Graph, write_card
from deepspeech.runtime.engines import int8
from deepspeech.runtime.engines.engine import States, windows_of
from deepspeech.runtime.engines.onnx import OnnxEngine
from deepspeech.runtime.session import Session
from deepspeech.text.tokens import ENGLISH
from tests.modelfile.test_graph import CARD, SHAPE, weights

CHUNK = np.random.default_rng(5).normal(size=(3, 34, 26)).astype(np.float32)


class Recorded:
    """In the place of the native network, which only some processors run: it adds 1 to h, 2 to c, and remembers."""

    window, hidden, classes = 494, SHAPE.hidden, ENGLISH.classes

    def __init__(self, *parts: Any) -> None:
        self.first, self.heard = parts[2], list[Any]()

    @staticmethod
    def runs_here() -> bool:
        return True

    def step(self, windows: Any, h: Any, c: Any) -> tuple[Any, Any, Any]:
        assert all(array.flags.c_contiguous and array.dtype == np.float32 for array in (windows, h, c))
        self.heard.append(windows)
        return np.zeros((*windows.shape[:2], self.classes), np.float32), h + 1, c + 2


@pytest.fixture
def written(tmp_path: Path) -> Path:
    model = build(weights(), SHAPE, CARD)
    write_card(model, CARD)
    onnx.save(model, tmp_path / "a.onnx")
    return tmp_path / "a.onnx"


def test_eight_bits_go_to_the_own_network_where_that_runs(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(int8, "Int8Network", Recorded)
    session = Session(written)
    assert isinstance(session._engine, int8.Int8Engine)
    assert session._engine._network.first[0].shape == (494, SHAPE.hidden)
    states = session.start(3)
    probabilities, after = session.step(CHUNK, states)
    assert probabilities.shape == (3, 16, ENGLISH.classes)
    assert {name: (value.shape, value.max()) for name, value in after.items()} == {
        "state_h": ((1, 3, SHAPE.hidden), 1), "state_c": ((1, 3, SHAPE.hidden), 2),
    }  # fmt: skip
    windows = np.stack([[clip[t : t + 19] for t in range(16)] for clip in CHUNK])
    np.testing.assert_array_equal(session._engine._network.heard[0], windows.reshape(3, 16, -1))
    assert isinstance(Session(written, own_int8=False)._engine, OnnxEngine)


@pytest.mark.parametrize("change", [{"precision": "float32"}, {"model": {"kind": "other", "hidden": 3}}])
def test_other_networks_go_to_onnx_runtime(
    written: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    monkeypatch.setattr(int8, "Int8Network", Recorded)
    card = ModelCard(**{**vars(CARD), **change})
    assert int8.open_int8(written, card) is None


@pytest.mark.parametrize("size", [3, 34, 19])
@pytest.mark.parametrize("stride", [1, 2, 5])
def test_windows_are_views_of_frames(size: int, stride: int) -> None:
    context = (size - 1) // 2 if size < 19 else 1
    views = windows_of(CHUNK, context, stride)
    assert np.shares_memory(views, CHUNK)
    due = [CHUNK[:, t : t + 2 * context + 1] for t in range(0, CHUNK.shape[1] - 2 * context, stride)]
    np.testing.assert_array_equal(views, np.stack(due, 1))


def test_states_are_taken_and_put_by_clip_whichever_axis_that_is() -> None:
    axes = {"a": 0, "b": 2}
    states = States({"a": np.arange(8).reshape(4, 2), "b": np.arange(12).reshape(1, 3, 4)}, axes)
    some = states.of([3, 1])
    assert some["a"].tolist() == [[6, 7], [2, 3]]
    assert some["b"].tolist() == [[[3, 1], [7, 5], [11, 9]]]
    states.put([0, 2], some)
    assert states["a"].tolist() == [[6, 7], [2, 3], [2, 3], [6, 7]]
    assert states["b"][0, 0].tolist() == [3, 1, 1, 3]


def graph_of(state: tuple[Any, ...]) -> Any:
    graph = Graph()
    graph.add("Softmax", ["features"], "probabilities", axis=-1)
    graph.add("Identity", ["memory"], "new_memory")
    frames = ("clips", "frames", ENGLISH.classes)
    return graph.model({"features": frames, "memory": state}, {"probabilities": frames, "new_memory": state})


def test_a_state_is_what_the_file_says(tmp_path: Path) -> None:
    card = ModelCard(ENGLISH, MfccConfig(), {"kind": "softmax"}, CARD.chunk)
    onnx.save(graph_of((2, "clips", 3)), tmp_path / "a.onnx")
    engine = OnnxEngine(tmp_path / "a.onnx", card)
    states = engine.start(5)
    assert {name: value.shape for name, value in states.items()} == {"memory": (2, 5, 3)}
    found, after = engine.step(np.ones((5, 7, ENGLISH.classes), np.float32), states, np.full(5, 7, np.int32))
    assert (found.shape, after["memory"].shape, after.axes) == ((5, 7, ENGLISH.classes), (2, 5, 3), {"memory": 1})


@pytest.mark.parametrize("state", [(2, 3), ("clips", "width"), ()])
def test_a_state_of_no_known_shape_is_refused(tmp_path: Path, state: tuple[Any, ...]) -> None:
    card = ModelCard(ENGLISH, MfccConfig(), {"kind": "softmax"}, CARD.chunk)
    onnx.save(graph_of(state), tmp_path / "a.onnx")
    with pytest.raises(ModelFileError, match=r"a\.onnx: its graph has a state of no known shape"):
        OnnxEngine(tmp_path / "a.onnx", card)


def test_a_file_keeps_the_card_of_the_format_that_can_say_it() -> None:
    floats = {name: getattr(value, "to_float", lambda v=value: v)() for name, value in weights().items()}
    model = to_onnx(floats, DeepSpeechConfig(hidden=SHAPE.hidden), CARD)
    write_card(model, CARD)
    (entry,) = model.metadata_props
    assert '"format": 1' in entry.value
