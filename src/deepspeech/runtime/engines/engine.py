"""Engine: what runs an exported network, chunk by chunk. Threads may share one, for states are the caller's.

Shapes: B clips, T frames of features, F dimensions of a frame, O frames of output, V classes.
"""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]


class States(dict[str, NDArray[np.generic]]):
    """What a network remembers between two chunks, by the names that its file gives; `axes` tells the axis of clips."""

    def __init__(self, values: Mapping[str, NDArray[np.generic]], axes: Mapping[str, int]) -> None:
        super().__init__(values)
        self.axes = axes

    def of(self, clips: list[int]) -> "States":
        """Those of some clips, in that order."""
        return States({name: value.take(clips, self.axes[name]) for name, value in self.items()}, self.axes)

    def put(self, clips: list[int], states: "States") -> None:
        """Make `states` those of these clips."""
        for name, value in self.items():
            value[self._place(name, clips)] = states[name]

    def _place(self, name: str, clips: list[int]) -> tuple[slice | list[int], ...]:
        return (*[slice(None)] * self.axes[name], clips)


class Engine(Protocol):
    """A network ready to run."""

    def start(self, clips: int) -> States:
        """The states before the first chunk of so many clips."""
        ...

    def step(self, chunk_BTF: Float32, states: States, outputs_B: NDArray[np.int32]) -> tuple[Float32, States]:
        """Probabilities [B, O, V] of chunks, and the states after them. `outputs_B`: how many of O are a clip's own."""
        ...


def windows_of(chunk_BTF: Float32, context: int, stride: int) -> Float32:
    """Windows [B, O, 2·context + 1, F] around every so many frames of chunks, oldest frame first: a view."""
    views_BTFC = np.lib.stride_tricks.sliding_window_view(chunk_BTF, 2 * context + 1, axis=1)
    return views_BTFC[:, ::stride].transpose(0, 1, 3, 2)
