"""Chunks of frames: the same however these are fed, each output's frames in one of them, zeros beyond both ends."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.features.chunks import ChunkBuffer, ChunkSpec

SPECS = [
    ChunkSpec.of_windows(9, 1, 16), ChunkSpec.of_windows(2, 3, 4), ChunkSpec.of_windows(0, 1, 1),
    ChunkSpec.of_windows(2, 2, 0), ChunkSpec(8, 8, right=1, stride=2), ChunkSpec(32, 32, stride=4),
    ChunkSpec(11, 8, 3, 0, 4),
]  # fmt: skip


def frames(count: int) -> np.ndarray:
    return np.arange(1, count + 1, dtype=np.float32)[:, None]


@given(st.sampled_from(SPECS), st.lists(st.integers(0, 40), max_size=6))
def test_outputs_come_in_order_with_the_frames_that_are_theirs(spec: ChunkSpec, sizes: list[int]) -> None:
    count = sum(sizes)
    buffer, chunks, first = ChunkBuffer(spec, 1), [], 0
    for size in sizes:
        chunks += buffer.feed(frames(count)[first : first + size])
        first += size
    if spec.hop:
        assert len(chunks) == max(0, (spec.left + count - spec.frames) // spec.hop + 1)
        assert {len(chunk) for chunk in chunks} <= {spec.frames}
    chunks += buffer.finish()
    padded = np.pad(frames(count), ((spec.left, spec.right), (0, 0)))
    found = [chunk[n * spec.stride :][: spec.receptive] for chunk in chunks for n in range(spec.within(len(chunk)))]
    assert len(found) == spec.outputs(count)
    for number, seen in enumerate(found):
        np.testing.assert_array_equal(seen, padded[number * spec.stride :][: spec.receptive])


@pytest.mark.parametrize("stride", [1, 2, 3, 5])
def test_windows_stand_around_every_so_many_frames(stride: int) -> None:
    spec = ChunkSpec.of_windows(2, stride, 4)
    assert [spec.outputs(count) for count in range(12)] == [-(-count // stride) for count in range(12)]
    assert spec.outputs(np.arange(12)).tolist() == [-(-count // stride) for count in range(12)]
    assert (spec.step_outputs, spec.receptive, spec.span(4)) == (4, 5, spec.frames)


def test_what_is_there_can_be_had_before_a_chunk_is_full() -> None:
    buffer = ChunkBuffer(ChunkSpec.of_windows(1, 1, 4), 1)
    assert list(buffer.feed(frames(3))) == []
    (early,) = buffer.flush()
    assert early[:, 0].tolist() == [0, 1, 2, 3]  # the third frame's neighbour is not there yet
    assert list(buffer.flush()) == []
    (rest,) = buffer.finish()
    assert rest[:, 0].tolist() == [2, 3, 0]


def test_a_chunk_stays_what_it_is() -> None:
    buffer = ChunkBuffer(ChunkSpec(2, 2), 1)
    chunks = [*buffer.feed(frames(5)), *buffer.feed(10 + frames(5)), *buffer.finish()]
    assert [chunk[:, 0].tolist() for chunk in chunks] == [[1, 2], [3, 4], [5, 11], [12, 13], [14, 15]]


@pytest.mark.parametrize(
    "values", [(0, 1), (4, -1), (4, 4, -1), (4, 4, 0, -1), (4, 4, 0, 0, 0), (4, 3, 0, 0, 2), (2, 8, 0, 0, 1), ("4", 4)]
)
def test_chunks_that_cannot_be_are_refused(values: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="chunk"):
        ChunkSpec(*values)


def test_a_clip_that_is_one_chunk_is_put_together_once() -> None:
    buffer = ChunkBuffer(ChunkSpec.of_windows(1, 1, 0), 1)
    assert [chunk for n in range(4) for chunk in buffer.feed(n + frames(2))] == []
    (whole,) = buffer.finish()
    assert whole[:, 0].tolist() == [0, 1, 2, 2, 3, 3, 4, 4, 5, 0]


SIZED = ChunkSpec(11, 8, 3, 0, 4, hops=(4, 16))


@given(st.sampled_from(SIZED.sizes), st.integers(0, 60))
def test_chunks_of_every_size_hold_the_same_outputs(hop: int, count: int) -> None:
    spec = SIZED.sized(hop)
    assert (spec.receptive, spec.step_outputs, spec.outputs(count)) == (SIZED.receptive, hop // 4, SIZED.outputs(count))
    buffer = ChunkBuffer(spec, 1)
    chunks = [*buffer.feed(frames(count)), *buffer.finish()]
    found = [chunk[n * 4 :][: spec.receptive, 0].tolist() for chunk in chunks for n in range(spec.within(len(chunk)))]
    padded = np.pad(frames(count)[:, 0], (3, 0)).tolist()
    assert found == [padded[n * 4 : n * 4 + spec.receptive] for n in range(spec.outputs(count))]


def test_sizes_are_those_that_are_named() -> None:
    assert SIZED.sizes == (4, 8, 16)
    assert ChunkSpec(8, 8).sizes == (8,)
    assert SIZED.sized(8) == SIZED
    with pytest.raises(ValueError, match="may be 4, 8, 16 frames apart, not 12"):
        SIZED.sized(12)


@pytest.mark.parametrize("spec", [SIZED, ChunkSpec(8, 8)])
def test_a_page_gives_the_chunks_back(spec: ChunkSpec) -> None:
    page = json.loads(json.dumps(spec.to_dict()))
    assert ChunkSpec.from_dict(page) == spec
    assert ("hops" in page) == bool(spec.hops)


@pytest.mark.parametrize("hops", [(3,), (0,), (-4,), ("8",), (8.0,)])
def test_sizes_that_are_none_are_refused(hops: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=r"chunk\.hops"):
        ChunkSpec(11, 8, 3, 0, 4, hops=hops)


def test_whole_clips_have_no_sizes() -> None:
    with pytest.raises(ValueError, match=r"chunk\.hops"):
        ChunkSpec(11, 0, hops=(8,))
