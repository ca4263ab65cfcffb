"""The old client's arithmetic for weights of 8 bits, step by step: test only, to prove that it is understood.

Each row of inputs is rounded to 8 bits by itself (`tensorflow/lite/kernels/fully_connected.cc`), the LSTM's input and
state as one row; e^x and tanh are the C library's in single precision, sigmoid as in TFLite's `reference/logistic.h`.
"""

import ctypes
import ctypes.util
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepspeech.modelfile.graph import Quantised
from deepspeech.old_models.old_model import OldModel

Float32 = NDArray[np.float32]
ONE = np.float32(1)
TIE_ULPS = 2  # so far from a tie, sums in another order may have put a number on its other side


def c_library(name: str) -> Callable[[Any], Float32]:
    """A function of one float of the C library, for arrays. Raises OSError where there is none."""
    function = getattr(ctypes.CDLL(ctypes.util.find_library("m")), name)
    function.restype, function.argtypes = ctypes.c_float, [ctypes.c_float]
    over = np.frompyfunc(function, 1, 1)
    return lambda x: over(np.asarray(x, np.float32)).astype(np.float32)


class HybridNetwork:
    """An old model as TFLite's hybrid kernels computed it."""

    def __init__(self, model: OldModel) -> None:
        self._exp, self._tanh = c_library("expf"), c_library("tanhf")
        self._model = model
        halves = [model.weights[f"lstm.weight_{kind}_l0"] for kind in ("ih", "hh")]
        self._matrices: dict[str, Any] = {
            name: (value.values.astype(np.float32), value.scale[0]) if isinstance(value, Quantised) else value
            for name, value in model.weights.items()
        }
        both = np.concatenate([half.values for half in halves if isinstance(half, Quantised)], 1)
        self._matrices["kernel"] = (both.astype(np.float32), halves[0].scale[0])  # type: ignore[union-attr]

    def states(self, windows: Float32) -> Float32:
        """The LSTM's h [T, H] for windows [T, 19, 26], from a state of zeros."""
        x = windows.reshape(len(windows), -1)
        for name in "123":
            x = self._dense(name, x)
        c = h = np.zeros(self._model.network.hidden, np.float32)
        rows = []
        for row in x:
            gates = self._product("kernel", np.concatenate([row, h])[None], self._model.weights["lstm.bias_ih_l0"])[0]
            i, f, g, o = np.split(gates, 4)
            c = self._sigmoid(f) * c + self._sigmoid(i) * self._tanh(g)
            h = self._sigmoid(o) * self._tanh(c)
            rows.append(h)
        return np.array(rows)

    def answer(self, states: Float32, tipped: dict[str, int] | None = None) -> Float32:
        """Probabilities [T, V] of states [T, H]. `tipped` names a column of a layer's input to round the other way."""
        tipped = tipped or {}
        x = self._dense("5", _tipped(states, tipped.get("layer_5")))
        logits = self._product("layer_6.weight", _tipped(x, tipped.get("layer_6")), self._model.weights["layer_6.bias"])
        powers = self._exp(logits - logits.max(-1, keepdims=True))
        found: Float32 = powers / powers.sum(-1, keepdims=True)
        return found

    def answers_near_ties(self, state: Float32) -> Iterator[Float32]:
        """For one state [H]: the probabilities [V] with each number that nearly lies on a tie on its other side."""
        inputs = {"layer_5": state[None], "layer_6": self._dense("5", state[None])}
        for layer, x in inputs.items():
            scaled = np.abs(x[0] * (np.float32(127) / np.abs(x).max()))
            near = np.abs(scaled % ONE - np.float32(0.5)) <= TIE_ULPS * np.spacing(scaled)
            for column in np.flatnonzero(near):
                yield self.answer(state[None], {layer: int(column)})[0]

    def _dense(self, name: str, x: Float32) -> Float32:
        x = self._product(f"layer_{name}.weight", x, self._model.weights[f"layer_{name}.bias"])
        return np.minimum(np.maximum(x, np.float32(0)), np.float32(self._model.network.relu_clip))

    def _product(self, name: str, x: Float32, bias: Any) -> Float32:
        matrix = self._matrices[name]
        if not isinstance(matrix, tuple):
            exact: Float32 = x @ matrix.T + bias
            return exact
        largest = np.abs(x).max(-1, keepdims=True)
        safe = np.where(largest > 0, largest, ONE)
        scaled = x * (np.float32(127) / safe)
        rounded = np.clip(np.sign(scaled) * np.floor(np.abs(scaled).astype(np.float64) + 0.5), -127, 127)
        sums = _whole_product(rounded.astype(np.float32), matrix[0])
        given: Float32 = np.where(largest > 0, sums * (safe / np.float32(127) * matrix[1]), np.float32(0)) + bias
        return given

    def _sigmoid(self, x: Float32) -> Float32:
        middle = ONE / (ONE + self._exp(-x))
        low = np.where(x < np.float32(-9), self._exp(np.minimum(x, np.float32(0))), middle)
        return np.where(x > np.float32(16.619047), ONE, low).astype(np.float32)


def _tipped(x: Float32, column: int | None) -> Float32:
    """`x` with one column moved over the tie that it nearly lies on."""
    if column is None:
        return x
    x = x.copy()
    scale = np.float32(127) / np.abs(x).max(-1)
    fraction = np.abs(x[:, column] * scale) % ONE
    towards = np.where(fraction < np.float32(0.5), np.sign(x[:, column]) * np.inf, np.float32(0)).astype(np.float32)
    for _ in range(2 * TIE_ULPS + 1):
        x[:, column] = np.nextafter(x[:, column], towards)
    return x


def _whole_product(x: Float32, matrix: Float32) -> Float32:
    """x @ matrix.T of whole numbers up to 127: in single precision 1024 such products are still added exactly."""
    parts = [x[..., k : k + 1024] @ matrix[:, k : k + 1024].T for k in range(0, x.shape[-1], 1024)]
    return np.sum(np.array(parts, np.float64), axis=0).astype(np.float32)
