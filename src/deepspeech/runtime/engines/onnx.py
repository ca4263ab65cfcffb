"""OnnxEngine: runs networks in ONNX Runtime: graphs with inputs `features` (in older files `windows`) and states.

Each other input except `lengths` is a state: dimension "clips" is the batch, the others are fixed, initial values are
zeros, and output `new_NAME` is the input of the next step.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepspeech.errors import ConfigError, ModelFileError
from deepspeech.modelfile.arrays import check_graph
from deepspeech.modelfile.card import ModelCard
from deepspeech.runtime.engines.engine import Float32, States, windows_of
from deepspeech.runtime.onnx_runtime import InferenceSession, SessionOptions, get_available_providers

CLIPS = "clips"
CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
DEVICES = ("auto", "cpu", "cuda")
TYPES = {"tensor(float)": np.float32, "tensor(int64)": np.int64, "tensor(int32)": np.int32}


def on_cuda(device: str) -> bool:
    """Whether networks run on a GPU: "auto" means where ONNX Runtime is installed with CUDA. Raises ConfigError."""
    if device not in DEVICES:
        raise ConfigError(f"the device is {device!r:.40}; choose one of {', '.join(DEVICES)}")
    there = device != "cpu" and CUDA in get_available_providers()
    if device == "cuda" and not there:
        raise ConfigError(
            "the device is cuda, but ONNX Runtime is installed without CUDA: pip install onnxruntime-gpu in place of "
            "onnxruntime, or choose auto"
        )
    return there


class OnnxEngine:
    """A model file in ONNX Runtime; `threads`: per step; `cuda`: on a GPU. Raises ModelFileError for other graphs."""

    def __init__(self, path: str | Path, card: ModelCard, threads: int = 1, cuda: bool = False) -> None:
        self._path, self._classes, self._session = path, card.tokens.classes, _session(path, threads, cuda)
        inputs = {value.name: value for value in self._session.get_inputs()}
        self._context = card.chunk.left if "windows" in inputs else None
        self._stride = card.chunk.stride
        self._takes_lengths = "lengths" in inputs
        self._states = {name: value for name, value in inputs.items() if name not in ("features", "windows", "lengths")}
        try:
            self._axes = {name: value.shape.index(CLIPS) for name, value in self._states.items()}
            self._types = {name: TYPES[value.type] for name, value in self._states.items()}
            self._shapes = {name: [n if n == CLIPS else int(n) for n in v.shape] for name, v in self._states.items()}
        except (KeyError, ValueError, TypeError) as error:
            raise ModelFileError(f"{path}: its graph has a state of no known shape or type ({error})") from None
        self._outputs = ["probabilities", *(f"new_{name}" for name in self._states)]

    def start(self, clips: int) -> States:
        shapes = {name: [clips if n == CLIPS else n for n in shape] for name, shape in self._shapes.items()}
        return States({name: np.zeros(shape, self._types[name]) for name, shape in shapes.items()}, self._axes)

    def step(self, chunk_BTF: Float32, states: States, outputs_B: NDArray[np.int32]) -> tuple[Float32, States]:
        feed = dict(states)
        if self._context is None:
            feed["features"] = chunk_BTF
        else:
            feed["windows"] = windows_of(chunk_BTF, self._context, self._stride)
        if self._takes_lengths:
            feed["lengths"] = outputs_B
        probabilities, *after = self._run(feed)
        return probabilities, States(dict(zip(self._states, after, strict=True)), self._axes)

    def _run(self, feed: dict[str, NDArray[Any]]) -> Any:
        """Run the graph and check the shape of probabilities, [B, T, classes]."""
        try:
            outputs = self._session.run(self._outputs, feed)
        except Exception as error:  # as in _session
            raise ModelFileError(f"{self._path}: its network does not run ({_reason(error)})") from None
        found = outputs[0]
        if found.dtype != np.float32 or found.ndim != 3 or found.shape[2] != self._classes:
            raise ModelFileError(f"{self._path}: outputs {found.dtype} {found.shape}, expected {self._classes} classes")
        return outputs


def _session(path: str | Path, threads: int, cuda: bool) -> InferenceSession:
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
        return InferenceSession(str(path), options, providers=[CUDA, CPU] if cuda else [CPU])
    except Exception as error:  # onnxruntime's own errors share no base class with a public name
        raise ModelFileError(f"{path}: not a readable ONNX model ({_reason(error)})") from None


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
