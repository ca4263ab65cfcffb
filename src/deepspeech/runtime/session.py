"""Session: an exported network: chunks of features and states in, probabilities and states out. Thread-safe.

The engine depends on file and processor: int8 networks run in the package's own C++ kernel if the processor
supports it, all others in ONNX Runtime. Networks that take whole clips have no states.
"""

import os
from collections.abc import Callable
from copy import copy
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepspeech.errors import ModelFileError
from deepspeech.modelfile.arrays import read_metadata
from deepspeech.modelfile.card import ModelCard
from deepspeech.modelfile.checksum import verify_checksum
from deepspeech.remote.catalogue import near
from deepspeech.runtime.engines.engine import Engine, Float32, States
from deepspeech.runtime.engines.int8 import open_int8
from deepspeech.runtime.engines.onnx import OnnxEngine, on_cuda


class Session:
    """The network of a model file. Raises ModelFileError where the file is not one."""

    def __init__(self, path: str | Path, threads: int = 1, own_int8: bool = True, device: str = "cpu") -> None:
        """`threads`: of ONNX Runtime, per step; `own_int8` False: run int8 networks in ONNX Runtime, too.

        `device`: auto, cpu or cuda (`on_cuda`). With auto, int8 networks of the own kernel stay on the processor.
        """
        cuda = on_cuda(device)
        if os.path.isdir(path):
            raise ModelFileError(f"{path}: is a folder; a checkpoint becomes a model by `deepspeech export`")
        if not os.path.isfile(path):
            if os.path.exists(path):
                raise ModelFileError(f"{path}: a pipe or device, but models are read more than once; save it to a file")
            raise ModelFileError(f"{path}: there is no such file; name a model made by `deepspeech export`{near(path)}")
        verify_checksum(path)
        try:
            self.card = ModelCard.from_metadata(_metadata(path))
        except ModelFileError as error:
            raise ModelFileError(f"{path}: {error}") from None
        own = open_int8(path, self.card) if own_int8 and device != "cuda" else None
        # ONNX Runtime scales the activations of an int8 network over the whole batch.
        self.independent_rows = own is not None or self.card.precision != "int8"
        self._engine: Engine = own or OnnxEngine(path, self.card, threads, cuda)

    def through(self, wrap: Callable[[Engine], Engine]) -> "Session":
        """The same network with its engine wrapped, for example by one that joins the steps of several streams."""
        other = copy(self)
        other._engine = wrap(self._engine)
        return other

    def start(self, clips: int = 1) -> States:
        """The states before the first frame of `clips` clips."""
        return self._engine.start(clips)

    def step(
        self, chunk_BTF: Float32, states: States, outputs_B: NDArray[np.int32] | None = None
    ) -> tuple[Float32, States]:
        """Probabilities [B, outputs, classes] of chunks (see ChunkSpec), and the states after them.

        `outputs_B`: valid outputs of clips that end within the chunk; others are padding.
        """
        if outputs_B is None:
            outputs_B = np.full(len(chunk_BTF), self.card.chunk.within(chunk_BTF.shape[1]), np.int32)
        return self._engine.step(chunk_BTF, states, outputs_B)


def _metadata(path: str | Path) -> dict[str, str]:
    try:
        return read_metadata(path)
    except ModelFileError as error:
        raise ModelFileError(
            f"not a readable ONNX model ({error}); convert models of DeepSpeech 0.7 to 0.9 and Coqui STT with "
            "`deepspeech convert`"
        ) from None
