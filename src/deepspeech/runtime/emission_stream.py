"""EmissionStream: audio in as it arrives, class probabilities of frames out.

    audio ─▶ FrameStream ─ frames ─▶ ChunkBuffer ─ chunks ─▶ network ─▶ probabilities
             (samples short of       (frames short of
              a window)               a chunk)

Each stage buffers what it cannot pass on yet; `finish` flushes them from left to right. All chunks have the same size,
so results do not depend on how the audio was cut. A bidirectional network gets the whole clip in one chunk. A stream
belongs to one thread; the session behind it is shared.
"""

from collections.abc import Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from deepspeech.features.chunks import ChunkBuffer, ChunkSpec
from deepspeech.features.front_end import FrontEnd
from deepspeech.runtime.session import Session

Float32 = NDArray[np.float32]


class EmissionStream:
    """Resampled audio to class probabilities: features, chunks, network."""

    def __init__(self, session: Session, extractor: FrontEnd, chunk: ChunkSpec | None = None) -> None:
        """`chunk`: another chunk size, one of the card's `sizes`."""
        self._session = session
        self._frames = extractor.stream()
        self._chunks = ChunkBuffer(chunk or session.card.chunk, extractor.dimensions)
        self._latest = np.zeros((0, extractor.dimensions), np.float32)
        self._states = session.start()

    def feed(self, samples: Float32) -> Float32:
        """Probabilities [frames, classes] that `samples` (mono float32 at the model's rate) complete."""
        return self._joined(self.steps(samples))

    def finish(self) -> Float32:
        """Probabilities of the frames still held."""
        return self._joined(self.last_steps())

    @property
    def lacking(self) -> int:
        """Samples still to come until the next step of the network."""
        return self._frames.lacking(self._chunks.lacking)

    def steps(self, samples: Float32) -> Iterator[Float32]:
        """Like `feed`, one result per step of the network."""
        return map(self._step, self._chunks.feed(self._frames.feed(samples)))

    def last_steps(self) -> Iterator[Float32]:
        """Like `finish`, one result per step of the network."""
        tail = self._chunks.feed(self._frames.finish())
        return map(self._step, chain(tail, self._chunks.finish()))

    def flush(self) -> Iterator[Float32]:
        """Probabilities of frames with complete context, without waiting for a full chunk."""
        return map(self._step, self._chunks.flush())

    def restart(self) -> Float32:
        """Reset the states and repeat the latest step: its probabilities [frames, classes].

        The network, trained on short clips, always sees a short one, and the start of a word is not lost.
        """
        self._states = self._session.start()
        return self._step(self._latest)

    def _step(self, chunk: Float32) -> Float32:
        self._latest = chunk
        probabilities, self._states = self._session.step(chunk[None], self._states)
        rows: Float32 = probabilities[0]
        return rows

    def _joined(self, steps: Iterator[Float32]) -> Float32:
        none = np.zeros((0, self._session.card.tokens.classes), np.float32)
        rows: Float32 = np.concatenate([none, *steps])
        return rows
