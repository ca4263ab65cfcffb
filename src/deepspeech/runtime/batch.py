"""Clips through the network together: features in, probabilities of pieces out. Clips that end leave the batch.

A batch reads the network's weights from memory once for all its clips.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepspeech.features.chunks import ChunkSpec
from deepspeech.modelfile.card import ModelCard
from deepspeech.runtime.session import Session

Float32 = NDArray[np.float32]


class BatchItem:
    """A clip on its way through the network. `pieces` holds (first frame, probabilities [frames, classes]).

    With `pause_frames` a pause so long after a letter ends a piece; the next one begins with a fresh state and hears
    the latest step again, as in an EndpointedStream.
    """

    def __init__(self, features: Float32, chunk: ChunkSpec, pause_frames: int | None = None) -> None:
        self.features, self.frame = features, 0
        self.frames = chunk.outputs(len(features))  # of probabilities
        self._pause_frames = pause_frames
        self._first = 0
        self._last_letter: int | None = None
        self._parts: list[Float32] = []
        self.pieces: list[tuple[int, Float32]] = []

    def take(self, probabilities: Float32, letters: NDArray[np.bool_]) -> bool:
        """The next step's probabilities, and which frames are a letter's; whether to go on with a fresh state."""
        self._parts.append(probabilities)
        self.frame += len(probabilities)
        if self.frame >= self.frames:
            self._end()
            return False
        if self._pause_frames is None:
            return False
        if letters.any():
            self._last_letter = self.frame - int(letters[::-1].argmax()) - 1
        if self._last_letter is None or self.frame - 1 - self._last_letter < self._pause_frames:
            return False
        self._end()
        self.frame -= len(probabilities)
        self._first, self._last_letter = self.frame, None
        return True

    def _end(self) -> None:
        self.pieces.append((self._first, np.concatenate(self._parts)))
        self._parts = []


def run_batch(session: Session, items: Sequence[BatchItem]) -> None:
    """Take the clips of `items` through the network, as one batch which those that end leave."""
    alphabet, chunk = session.card.alphabet, session.card.chunk
    padded_BTF, states = _padded(session.card, items), session.start(len(items))
    while live := [number for number, item in enumerate(items) if item.frame < item.frames]:
        left_B = np.array([items[number].frames - items[number].frame for number in live], np.int32)
        counts_B = np.minimum(left_B, chunk.step_outputs or left_B)
        size = chunk.frames if chunk.hop else chunk.span(int(left_B.max()))
        firsts = [items[number].frame * chunk.stride for number in live]
        chunks_BTF = np.stack([padded_BTF[n, first : first + size] for n, first in zip(live, firsts, strict=True)])
        probabilities, after = session.step(chunks_BTF, states.of(live), counts_B)
        states.put(live, after)
        best = probabilities.argmax(axis=-1)
        letters = (best != alphabet.blank) & (best != (alphabet.blank if alphabet.space is None else alphabet.space))
        for place, (number, count) in enumerate(zip(live, counts_B, strict=True)):
            if items[number].take(probabilities[place, :count], letters[place, :count]):
                states.put([number], session.start())


def _padded(card: ModelCard, items: Sequence[BatchItem]) -> Float32:
    """Frames [clips, frames, dimensions] of all clips, zeros beyond both ends, enough for the longest's last step."""
    chunk = card.chunk
    frames = chunk.left + max(len(item.features) for item in items) + chunk.right + chunk.frames
    padded = np.zeros((len(items), frames, card.features.dimensions), np.float32)
    for number, item in enumerate(items):
        padded[number, chunk.left : chunk.left + len(item.features)] = item.features
    return padded
