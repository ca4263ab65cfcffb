"""Engine: interface to run an exported network chunk by chunk. Thread-safe: the caller holds the states.

Shapes: B clips, T frames of features, F dimensions of a frame, O frames of output, V classes.
"""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]


class States(dict[str, NDArray[np.generic]]):
    """Recurrent states by name; `axes`: the batch axis of each."""

    def __init__(self, values: Mapping[str, NDArray[np.generic]], axes: Mapping[str, int]) -> None:
        super().__init__(values)
        self.axes = axes

    def of(self, clips: list[int]) -> "States":
        """Select the states of some clips, in that order."""
        return States({name: value.take(clips, self.axes[name]) for name, value in self.items()}, self.axes)

    def put(self, clips: list[int], states: "States") -> None:
        """Store `states` for these clips."""
        for name, value in self.items():
            value[self._index(name, clips)] = states[name]

    def _index(self, name: str, clips: list[int]) -> tuple[slice | list[int], ...]:
        return (*[slice(None)] * self.axes[name], clips)


class Engine(Protocol):
    """A network ready to run."""

    def start(self, clips: int) -> States:
        """Initial states for a number of clips."""
        ...

    def step(self, chunk_BTF: Float32, states: States, outputs_B: NDArray[np.int32]) -> tuple[Float32, States]:
        """Probabilities [B, O, V] of chunks, and the states after them. `outputs_B`: valid outputs per clip."""
        ...


def windows_of(chunk_BTF: Float32, context: int, stride: int) -> Float32:
    """Splice frames: windows [B, O, 2·context + 1, F] around every `stride`-th frame of chunks, as a view."""
    views_BTFC = np.lib.stride_tricks.sliding_window_view(chunk_BTF, 2 * context + 1, axis=1)
    return views_BTFC[:, ::stride].transpose(0, 1, 3, 2)
