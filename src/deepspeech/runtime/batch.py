"""Batched inference: features of clips in, probabilities of their segments out. Finished clips leave the batch."""

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from deepspeech.features.chunks import ChunkBuffer, ChunkSpec
from deepspeech.runtime.endpoints import Ending, Endpointer
from deepspeech.runtime.session import Session

Float32 = NDArray[np.float32]


class BatchItem:
    """A clip of a batch. `pieces` collects segments: (first frame, probabilities [frames, classes]).

    With an `endpointer` a pause ends a segment; the next one starts from the initial states with the latest step
    repeated, as in an EndpointedStream.
    """

    def __init__(self, features: Float32, chunk: ChunkSpec, endpointer: Endpointer | None = None) -> None:
        buffer = ChunkBuffer(chunk, features.shape[1])
        self._coming: Iterator[Float32] = chain(buffer.feed(features), buffer.finish())
        self.chunk = next(self._coming, None)  # the next input; None: the clip has ended
        self.frame = 0  # the first output of that chunk
        self._endpointer, self._first = endpointer, 0
        self._token_frames: tuple[int, int] | None = None
        self._parts: list[Float32] = []
        self.pieces: list[tuple[int, Float32]] = []

    def add(self, probabilities: Float32, is_token: NDArray[np.bool_]) -> bool:
        """Add the probabilities of a step and the mask of token frames; returns whether to reset the clip's states."""
        self._parts.append(probabilities)
        following = next(self._coming, None)
        found = self.frame + np.flatnonzero(is_token)
        self.frame += len(probabilities)
        if len(found):
            self._token_frames = (
                int(found[0]) if self._token_frames is None else self._token_frames[0],
                int(found[-1]),
            )
        ended = following is None or self._pauses()
        if ended:
            self.pieces.append((self._first, np.concatenate(self._parts)))
            self._parts = []
        if following is None or not ended:
            self.chunk = following
            return False
        # Repeat the same chunk before the following one.
        self._coming = chain([following], self._coming)
        self.frame -= len(probabilities)
        self._first, self._token_frames = self.frame, None
        return True

    def _pauses(self) -> bool:
        return (
            self._endpointer is not None and self._endpointer.ending(self.frame, self._token_frames) is Ending.SILENCE
        )


def run_batch(session: Session, items: Sequence[BatchItem]) -> None:
    """Run the network on the clips of `items` as one batch, which finished clips leave."""
    tokens, spec, states = session.card.tokens, session.card.chunk, session.start(len(items))
    while live := [(number, item.chunk) for number, item in enumerate(items) if item.chunk is not None]:
        numbers, chunks = [number for number, _ in live], [chunk for _, chunk in live]
        outputs_B = np.array([spec.within(len(chunk)) for chunk in chunks], np.int32)
        chunks_BTF = _stacked(chunks, spec.frames if spec.hop else 0)
        probabilities, after = session.step(chunks_BTF, states.of(numbers), outputs_B)
        states.put(numbers, after)
        best = probabilities.argmax(axis=-1)
        is_token = (best != tokens.blank) & (best != (tokens.blank if tokens.space is None else tokens.space))
        for place, (number, outputs) in enumerate(zip(numbers, outputs_B, strict=True)):
            if items[number].add(probabilities[place, :outputs], is_token[place, :outputs]):
                states.put([number], session.start())


def _stacked(chunks: Sequence[Float32], least: int) -> Float32:
    """Stack chunks to [clips, frames, dimensions], zero-padded to at least `least` frames."""
    frames = max(least, *map(len, chunks))
    stacked = np.zeros((len(chunks), frames, chunks[0].shape[1]), np.float32)
    for place, chunk in enumerate(chunks):
        stacked[place, : len(chunk)] = chunk
    return stacked
