"""Int8DeepLstmEngine: runs int8 networks of kind "deep_lstm" in a C++ kernel.

In: a model file as `acoustic/deep_lstm/graph.py` writes it. Out: its network in C++
(`native/src/int8_deep_lstm.hh`). The output of a frame does not depend on its batch, as int8.py says.
"""

import numpy as np
from numpy.typing import NDArray

from deepspeech._native import Int8DeepLstm
from deepspeech.errors import ModelFileError
from deepspeech.modelfile.card import ModelCard
from deepspeech.runtime.engines.engine import Float32, States
from deepspeech.runtime.engines.int8_weights import Arrays, dense, lstm, parts, subsampling, taps

AXES = {"frame": 0, "convolved": 0, "seen": 0, "state_h": 1, "state_c": 1}  # batch axes


class Int8DeepLstmEngine:
    """Created by `open_int8`."""

    def __init__(self, arrays: Arrays, card: ModelCard, kernel: str = "") -> None:
        """Raises KeyError, ValueError, TypeError or ModelFileError for other graphs."""
        shape = card.model
        look_ahead = None
        if shape["look_ahead"]:
            depthwise = taps(arrays, "look_ahead.depthwise")
            look_ahead = depthwise, dense(arrays, "look_ahead.output"), parts(arrays, "look_ahead.norm")
        names = [f"block_{number + 1}" for number in range(shape["blocks"])]
        self._network = Int8DeepLstm(
            subsampling(arrays),
            dense(arrays, "subsampling.output"),
            look_ahead,
            [(*lstm(arrays, f"{name}.lstm"), parts(arrays, f"{name}.norm")) for name in names],
            dense(arrays, "output"),
            kernel,
        )
        n = self._network
        found = (n.dimensions, n.width, n.blocks, n.ahead, n.classes)
        sizes = (shape["width"], shape["blocks"], shape["look_ahead"])
        if found != (card.features.dimensions, *sizes, card.tokens.classes):
            raise ModelFileError("the network has another size than its card says")

    def start(self, clips: int) -> States:
        n = self._network
        recurrent = (n.blocks, clips, n.width)
        shapes: dict[str, tuple[int, ...]] = {
            "frame": (clips, 1, n.dimensions),
            "convolved": (clips, n.channels, 1, n.halved),
            "seen": (clips, n.ahead, n.width),
            "state_h": recurrent,
            "state_c": recurrent,
        }
        return States({name: np.zeros(size, np.float32) for name, size in shapes.items()}, AXES)

    def step(self, chunk_BTF: Float32, states: States, outputs_B: NDArray[np.int32]) -> tuple[Float32, States]:
        given = [np.ascontiguousarray(states[name], np.float32) for name in AXES]
        probabilities, *after = self._network.step(np.ascontiguousarray(chunk_BTF, np.float32), *given)
        return probabilities, States(dict(zip(AXES, after, strict=True)), AXES)
