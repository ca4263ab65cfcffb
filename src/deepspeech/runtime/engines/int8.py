"""`open_int8`: int8 networks in C++ kernels, on processors with the instructions; twice as fast as ONNX Runtime.

int8_deep_lstm.py and int8_conformer.py run networks of these kinds, this file DeepSpeech's. In: a model file whose
matrices are Quantized (`acoustic/deepspeech/graph.py`). Out: its network in C++ (`native/src/int8_network.hh`), which
quantizes activations per row. So the output of a frame does not depend on its batch: files, streams and batches give
the same result, bit for bit.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepspeech._native import Int8Network
from deepspeech.errors import ModelFileError
from deepspeech.modelfile.arrays import read_constants
from deepspeech.modelfile.card import ModelCard
from deepspeech.runtime.engines.engine import Engine, Float32, States, windows_of
from deepspeech.runtime.engines.int8_conformer import Int8ConformerEngine
from deepspeech.runtime.engines.int8_deep_lstm import Int8DeepLstmEngine
from deepspeech.runtime.engines.int8_weights import Arrays, dense, lstm

AXES = {"state_h": 1, "state_c": 1}  # batch axis
ENGINES: dict[str, Callable[[Arrays, ModelCard, str], Engine]] = {
    "deep_lstm": Int8DeepLstmEngine,
    "conformer": Int8ConformerEngine,
}
NONE = np.zeros(0, np.float32)


class Int8Engine:
    """A network of kind "deepspeech" with an LSTM, created by `open_int8`."""

    def __init__(self, network: Int8Network, card: ModelCard) -> None:
        self._network, self._layers = network, card.model["lstm_layers"]
        self._context, self._stride = card.chunk.left, card.chunk.stride

    def start(self, clips: int) -> States:
        shape = (self._layers, clips, self._network.hidden)
        return States({name: np.zeros(shape, np.float32) for name in AXES}, AXES)

    def step(self, chunk_BTF: Float32, states: States, outputs_B: NDArray[np.int32]) -> tuple[Float32, States]:
        windows = windows_of(chunk_BTF, self._context, self._stride)
        flat_BTW = np.ascontiguousarray(windows, np.float32).reshape(*windows.shape[:2], -1)
        h, c = (np.ascontiguousarray(states[name]) for name in AXES)
        probabilities, h, c = self._network.step(flat_BTW, h, c)
        return probabilities, States({"state_h": h, "state_c": c}, AXES)


def open_int8(path: str | Path, card: ModelCard, kernel: str = "") -> Engine | None:
    """Open a model file; None if processor or graph is not supported.

    `kernel`: one of `Int8Network.kernels()`; "": the fastest that the processor has.
    """
    shape = card.model
    own = shape["kind"] in ENGINES or (shape["kind"], shape.get("recurrent")) == ("deepspeech", "lstm")
    if card.precision != "int8" or not own or not Int8Network.runs_here():
        return None
    try:
        arrays = read_constants(path)
        if shape["kind"] in ENGINES:
            return ENGINES[shape["kind"]](arrays, card, kernel)
        return Int8Engine(_network(arrays, card, kernel), card)
    except (KeyError, IndexError, TypeError, ValueError, ModelFileError):
        return None  # ONNX Runtime supports any graph, or reports the error


def _network(arrays: Arrays, card: ModelCard, kernel: str) -> Int8Network:
    shape = card.model
    layers = [lstm(arrays, f"lstm.{layer}") for layer in range(shape["lstm_layers"])]
    norms = [(_norm(arrays, name, "weight"), _norm(arrays, name, "bias")) for name in "1235"]
    first = (arrays["layer_1.weight"], arrays["layer_1.bias"])
    clip = float(arrays["layer_1.high"].reshape(-1)[0])
    network = Int8Network(
        arrays["feature_mean"], arrays["feature_scale"], first, [dense(arrays, f"layer_{n}") for n in "235"], layers,
        dense(arrays, "layer_6"), norms, clip, kernel,
    )  # fmt: skip
    size = (2 * shape["context_frames"] + 1) * card.features.dimensions
    if (network.window, network.hidden, network.classes) != (size, shape["hidden"], card.tokens.classes):
        raise ModelFileError("the network has another size than its card says")
    return network


def _norm(arrays: Arrays, name: str, part: str) -> NDArray[Any]:
    return arrays.get(f"norms.{name}.{part}", NONE)
