"""One exported network: windows and state in, probabilities and state out. Threads may share it.

Networks with 8-bit weights run in C++ of our own where the processor has the instructions, all others in ONNX Runtime.
A bidirectional network keeps no state: it takes whole clips.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepspeech.errors import ModelFileError
from deepspeech.modelfile.arrays import check_graph, read_metadata
from deepspeech.modelfile.card import ModelCard
from deepspeech.modelfile.seal import check_seal
from deepspeech.runtime.int8 import open_int8
from deepspeech.runtime.onnx_runtime import InferenceSession, SessionOptions

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class State:
    """What the recurrent layer remembers: two arrays [layers, B, hidden]."""

    h: Float32
    c: Float32


class Session:
    """The network of a model file. Raises ModelFileError where the file is not one."""

    def __init__(self, path: str | Path, threads: int = 1, own_int8: bool = True) -> None:
        """`threads` share a step in ONNX Runtime; `own_int8` False leaves networks with 8-bit weights to it, too."""
        if not os.path.isfile(path):
            raise ModelFileError(f"{path}: there is no such file; name a model made by `deepspeech export`")
        check_seal(path)
        try:
            self.card = ModelCard.from_metadata(_metadata(path))
        except ModelFileError as error:
            raise ModelFileError(f"{path}: {error}") from None
        self._path = path
        self._int8 = open_int8(path, self.card) if own_int8 else None
        self._session = None if self._int8 else _onnx_session(path, threads)

    def start(self, clips: int = 1) -> State:
        """The state before the first frame of `clips` clips."""
        zeros = np.zeros((self.card.lstm_layers, clips, self.card.hidden), np.float32)
        return State(zeros, zeros)

    def step(self, windows_BTCF: Float32, state: State) -> tuple[Float32, State]:
        """Probabilities [B, T, classes] of windows [B, T, 2·context + 1, coefficients], and the state after them."""
        if self._int8:
            flat_BTW = np.ascontiguousarray(windows_BTCF, np.float32).reshape(*windows_BTCF.shape[:2], -1)
            probabilities, h, c = self._int8.step(
                flat_BTW, np.ascontiguousarray(state.h), np.ascontiguousarray(state.c)
            )
            return probabilities, State(h, c)
        feed = {"windows": windows_BTCF, "state_h": state.h, "state_c": state.c}
        probabilities, h, c = self._run(["probabilities", "new_state_h", "new_state_c"], feed)
        return probabilities, State(h, c)

    def whole(self, windows_BTCF: Float32, lengths_B: NDArray[np.int32]) -> Float32:
        """Probabilities [B, T, classes] of whole clips, padded to the longest, by a bidirectional network."""
        probabilities: Float32 = self._run(["probabilities"], {"windows": windows_BTCF, "lengths": lengths_B})[0]
        return probabilities

    def _run(self, names: list[str], feed: dict[str, NDArray[Any]]) -> Any:
        """What the graph computes; whatever it is, probabilities are [B, T, classes]."""
        assert self._session
        try:
            outputs = self._session.run(names, feed)
        except Exception as error:  # as in _onnx_session
            raise ModelFileError(f"{self._path}: its network does not run ({_reason(error)})") from None
        found, classes = outputs[0], self.card.alphabet.classes
        if found.dtype != np.float32 or found.ndim != 3 or found.shape[2] != classes:
            raise ModelFileError(f"{self._path}: gives {found.dtype} {found.shape}, where {classes} classes are due")
        return outputs


def _metadata(path: str | Path) -> dict[str, str]:
    try:
        return read_metadata(path)
    except ModelFileError as error:
        raise ModelFileError(f"not a readable ONNX model ({error})") from None


def _onnx_session(path: str | Path, threads: int) -> InferenceSession:
    options = SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that spin while waiting would starve the decoder's.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Processors without VNNI add products of 8-bit numbers in 16 bits, which overflow: they take a longer way.
    options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        check_graph(path)
        return InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own errors share no base class with a public name
        raise ModelFileError(f"{path}: not a readable ONNX model ({_reason(error)})") from None


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
