"""Chunking for streaming inference: the feature frames of one network step, and a buffer that cuts a stream into them.

─ left ─┬──────────── frames of a clip ────────────┬─ right ─      left and right: zeros beyond both ends
[────── frames ──────]
        hop ─▶[────── frames ──────]                 one output every `stride` frames
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Count = TypeVar("Count", bound=Any)


@dataclass(frozen=True)
class ChunkSpec:
    """Chunk geometry of a network, in frames. With `hop` 0 it takes whole clips and cannot stream."""

    frames: int  # in a step; the last one of a clip may be shorter
    hop: int  # frames by which the next step's begin later
    left: int = 0  # zeros before a clip's first frame
    right: int = 0  # zeros after its last
    stride: int = 1  # frames for each output
    hops: tuple[int, ...] = ()  # what `hop` may be instead, where a stream chooses; none: it is fixed

    def __post_init__(self) -> None:
        least = {"frames": 1, "hop": 0, "left": 0, "right": 0, "stride": 1}
        for name, value in least.items():
            if not isinstance(getattr(self, name), int) or getattr(self, name) < value:
                raise ValueError(f"chunk.{name} is {getattr(self, name)!r}; it must be a number of at least {value}")
        if self.hop % self.stride or self.receptive < 1:
            raise ValueError(f"a chunk of {self.frames} frames, {self.hop} apart, has no output every {self.stride}")
        if not all(isinstance(hop, int) and self.hop and hop > 0 and hop % self.stride == 0 for hop in self.hops):
            raise ValueError(f"chunk.hops is {self.hops!r}; they must be numbers of frames, each whole outputs")

    @classmethod
    def of_windows(cls, context: int, stride: int, outputs: int) -> "ChunkSpec":
        """Geometry for spliced frames: `outputs` windows per step of 2 context + 1 frames; 0: whole clips."""
        return cls(max(0, outputs - 1) * stride + 2 * context + 1, outputs * stride, context, context, stride)

    @property
    def sizes(self) -> tuple[int, ...]:
        """All that `hop` may be, smallest first."""
        return tuple(sorted({self.hop, *self.hops}))

    def sized(self, hop: int) -> "ChunkSpec":
        """The same network's chunks so many frames apart, one of `sizes`."""
        if hop not in self.sizes:
            raise ValueError(f"chunks may be {', '.join(map(str, self.sizes))} frames apart, not {hop}")
        return replace(self, frames=self.frames + hop - self.hop, hop=hop)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, without `hops` where there are none: so earlier versions read the card."""
        entries = asdict(self)
        return entries | {"hops": list(self.hops)} if self.hops else {k: v for k, v in entries.items() if k != "hops"}

    @classmethod
    def from_dict(cls, entries: dict[str, Any]) -> "ChunkSpec":
        """What `to_dict` gave. Raises ValueError or TypeError for anything else."""
        return cls(**entries | {"hops": tuple(entries.get("hops", ()))})

    @property
    def step_outputs(self) -> int:
        """Output frames per step."""
        return self.hop // self.stride

    @property
    def receptive(self) -> int:
        """Receptive field of one output, in frames."""
        return self.frames - max(0, self.step_outputs - 1) * self.stride

    def span(self, outputs: int) -> int:
        """Frames, padding included, needed for this many outputs."""
        return self.receptive + (outputs - 1) * self.stride

    def outputs(self, frames: Count) -> Count:
        """Output frames of a clip of `frames` frames (a number or an array)."""
        outputs: Count = self.within(frames + self.left + self.right)
        return outputs

    def within(self, frames: Count) -> Count:
        """Output frames of a chunk of `frames` frames, padding included."""
        outputs = (frames - self.receptive) // self.stride + 1
        above: Count = outputs * (outputs > 0)
        return above


class ChunkBuffer:
    """Cuts a stream of frames [n, F] into chunks [at most `spec.frames`, F], with padding at both ends of the clip.

    A chunk may be a view; later calls do not modify it. One stream, one thread; exhaust each iterator before the next
    call.
    """

    def __init__(self, spec: ChunkSpec, dimensions: int) -> None:
        self._spec = spec
        self._held = np.zeros((spec.left, dimensions), np.float32)
        self._parts: list[Float32] = []  # of a clip that is one chunk, after `_held`

    def feed(self, frames: Float32) -> Iterator[Float32]:
        """Add frames; yield the chunks that they complete."""
        size, hop = self._spec.frames, self._spec.hop
        if not hop:
            self._parts.append(frames)
            return
        self._held = np.concatenate([self._held, frames])
        if len(self._held) < size:
            return
        while len(self._held) >= size:
            chunk, self._held = self._held[:size], self._held[hop:]
            yield chunk
        self._held = self._held.copy()  # releases the caller's array

    @property
    def lacking(self) -> int:
        """Frames still to come until a chunk is whole; 1 where the whole clip is one."""
        return self._spec.frames - len(self._held) if self._spec.hop else 1

    def flush(self) -> Iterator[Float32]:
        """A shorter chunk, of all outputs whose frames are there."""
        if self._parts:
            self._held, self._parts = np.concatenate([self._held, *self._parts]), []
        outputs = self._spec.within(len(self._held))
        if outputs:
            chunk, self._held = self._held[: self._spec.span(outputs)], self._held[outputs * self._spec.stride :]
            yield chunk

    def finish(self) -> Iterator[Float32]:
        """Pad the end and yield the remaining chunks, the last one shorter."""
        yield from self.feed(np.zeros((self._spec.right, self._held.shape[1]), np.float32))
        yield from self.flush()
