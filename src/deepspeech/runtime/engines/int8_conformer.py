"""Int8ConformerEngine: runs int8 networks of kind "conformer" in a C++ kernel.

In: a model file as `acoustic/conformer/graph.py` writes it. Out: its network in C++ (`native/src/int8_conformer.hh`).
The output of a frame does not depend on its batch, as int8.py says; it depends on the size of the chunks, as the
network's attention does.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepspeech._native import Int8Conformer
from deepspeech.errors import ModelFileError
from deepspeech.modelfile.card import ModelCard
from deepspeech.runtime.engines.engine import Float32, States
from deepspeech.runtime.engines.int8_weights import Arrays, dense, parts, subsampling, taps

AXES = {"seen": 0, "frame": 0, "convolved": 0, "keys": 1, "values": 1, "convolution": 1}  # batch axes


class Int8ConformerEngine:
    """Created by `open_int8`."""

    def __init__(self, arrays: Arrays, card: ModelCard, kernel: str = "") -> None:
        """Raises KeyError, ValueError, TypeError or ModelFileError for other graphs."""
        shape = card.model
        blocks = [_block(arrays, f"block_{number + 1}") for number in range(shape["blocks"])]
        self._network = Int8Conformer(
            subsampling(arrays), dense(arrays, "subsampling.output"), blocks, dense(arrays, "output"),
            shape["left_frames"], np.split(arrays["rotation.speeds"], 2)[1], kernel,
        )  # fmt: skip
        n = self._network
        found = (n.dimensions, n.width, n.blocks, n.heads, n.taps, n.classes)
        sizes = (shape["width"], shape["blocks"], shape["heads"], shape["kernel"])
        if found != (card.features.dimensions, *sizes, card.tokens.classes):
            raise ModelFileError("the network has another size than its card says")

    def start(self, clips: int) -> States:
        n = self._network
        cached = (n.blocks, clips, n.left, n.width)
        shapes: dict[str, tuple[int, ...]] = {
            "seen": (clips,),
            "frame": (clips, 1, n.dimensions),
            "convolved": (clips, n.channels, 1, n.halved),
            "keys": cached,
            "values": cached,
            "convolution": (n.blocks, clips, n.taps - 1, n.width),
        }
        return States({name: np.zeros(size, np.float32) for name, size in shapes.items()}, AXES)

    def step(self, chunk_BTF: Float32, states: States, outputs_B: NDArray[np.int32]) -> tuple[Float32, States]:
        given = [np.ascontiguousarray(states[name], np.float32) for name in AXES]
        lengths_B = np.ascontiguousarray(outputs_B, np.int32)
        probabilities, *after = self._network.step(np.ascontiguousarray(chunk_BTF, np.float32), lengths_B, *given)
        return probabilities, States(dict(zip(AXES, after, strict=True)), AXES)


def _block(arrays: Arrays, name: str) -> Any:
    def feed_forward(part: str) -> Any:
        return parts(arrays, f"{part}.norm"), dense(arrays, f"{part}.up"), dense(arrays, f"{part}.down")

    attention, convolution = f"{name}.attention", f"{name}.convolution"
    return (
        feed_forward(f"{name}.forward_1"),
        (parts(arrays, f"{attention}.norm"), dense(arrays, f"{attention}.input"), dense(arrays, f"{attention}.output")),
        (
            parts(arrays, f"{convolution}.norm"), dense(arrays, f"{convolution}.input"),
            taps(arrays, f"{convolution}.depthwise"), parts(arrays, f"{convolution}.inner_norm"),
            dense(arrays, f"{convolution}.output"),
        ),
        feed_forward(f"{name}.forward_2"),
        parts(arrays, f"{name}.norm"),
    )  # fmt: skip
