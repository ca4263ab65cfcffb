"""What tests of networks with 8-bit weights share: kernels of this processor, inputs, and runs of several chunks."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from deepspeech._native import Int8Network
from deepspeech.modelfile.card import ModelCard
from deepspeech.runtime.engines.engine import Engine
from deepspeech.runtime.session import Session

Float32 = NDArray[np.float32]
KERNELS = Int8Network.kernels()
fast = pytest.mark.skipif(not KERNELS[:-1], reason="this processor lacks AVX2 or NEON's dot products")


def features(card: ModelCard, clips: int, chunks: int, seed: int = 1) -> list[Float32]:
    shape = (chunks, clips, card.chunk.frames, card.features.dimensions)
    return list((np.random.default_rng(seed).normal(size=shape) * 2 - 8).astype(np.float32))


def through(engine: Engine | Session, chunks: list[Float32], outputs: int | None = None) -> tuple[Float32, Any]:
    """Probabilities [B, O, V] of all chunks, and the states after them. `outputs`: valid ones of the last chunk."""
    states, found = engine.start(len(chunks[0])), []
    for number, chunk in enumerate(chunks):
        valid = chunk.shape[1] // 4 if outputs is None or number < len(chunks) - 1 else outputs
        probabilities, states = engine.step(chunk, states, np.full(len(chunk), valid, np.int32))
        found.append(probabilities)
    return np.concatenate(found, axis=1), states


def check_that_a_batch_changes_no_bit(engine: Engine, portable: Engine, card: ModelCard) -> None:
    chunks = features(card, 7, 3)
    together, states = through(engine, chunks)
    for clip in (0, 6):
        alone, own = through(engine, [chunk[clip : clip + 1] for chunk in chunks])
        np.testing.assert_array_equal(alone[0], together[clip])
        for name, value in own.items():
            np.testing.assert_array_equal(value, states.of([clip])[name])
    due, _ = through(portable, chunks)
    np.testing.assert_array_equal(together, due)


def check_that_it_stays_in_its_clip(engine: Engine, card: ModelCard, value: float) -> None:
    chunks = features(card, 2, 2)
    due, _ = through(engine, chunks)
    chunks[0][0, 5, 7] = value
    found, _ = through(engine, chunks)
    np.testing.assert_array_equal(found[1], due[1])


def zeros(*shape: int) -> Float32:
    return np.zeros(shape, np.float32)


def dense(inputs: int, outputs: int) -> Any:
    """A quantized matrix of zeros."""
    return np.zeros((inputs, outputs), np.int8), zeros(1), zeros(outputs)
