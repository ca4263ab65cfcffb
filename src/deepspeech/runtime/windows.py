"""Frames → windows of the network: each frame with its neighbours, zeros beyond both ends of the clip."""

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]


class WindowStream:
    """Feeds of frames [n, F] in, windows [m, 2·context + 1, F] out, oldest frame first. One stream, one thread.

    There is a window around every `stride`-th frame, from the first on.
    """

    def __init__(self, context_frames: int, coefficients: int, stride: int = 1) -> None:
        self._context, self._stride, self._skip = context_frames, stride, 0
        self._held = np.zeros((context_frames, coefficients), np.float32)

    def feed(self, frames: Float32) -> Float32:
        """Windows whose right context is complete with `frames`."""
        size = 2 * self._context + 1
        held = np.concatenate([self._held, frames])
        count = max(0, len(held) - size + 1)
        self._held = held[count:].copy()
        if not count:
            return np.zeros((0, size, held.shape[1]), np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(held, size, axis=0)[:count].transpose(0, 2, 1)
        first, self._skip = self._skip, (self._skip - count) % self._stride
        return windows[first :: self._stride]

    def finish(self) -> Float32:
        """Windows of the last frames, zeros to their right."""
        return self.feed(np.zeros((self._context, self._held.shape[1]), np.float32))
