"""The stream of frames: however the sound is cut, the features are those of the whole clip, bit for bit."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepspeech.features.config import FeatureConfig
from deepspeech.features.frames import FrameStream
from deepspeech.features.mfcc import FeatureExtractor, Float32

CONFIGS = {
    (end, window, step): FeatureConfig(8000, window, step, end=end)
    for end in ("drop", "pad")
    for window, step in ((32, 20), (16, 4), (20, 20))
}
EXTRACTORS = {key: FeatureExtractor(config) for key, config in CONFIGS.items()}
SOUND = np.random.default_rng(3).uniform(-1, 1, 4000).astype(np.float32)


def streamed(extractor: FeatureExtractor, pieces: list[Float32]) -> Float32:
    stream = FrameStream(extractor)
    joined: Float32 = np.concatenate([*(stream.feed(piece) for piece in pieces), stream.finish()])
    return joined


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(CONFIGS)),
    st.integers(0, len(SOUND)),
    st.lists(st.integers(0, len(SOUND)), max_size=12),
)
def test_any_cutting_equals_the_whole(key: tuple[str, int, int], length: int, cuts: list[int]) -> None:
    extractor, whole = EXTRACTORS[key], SOUND[:length]
    edges = [0, *sorted(min(cut, length) for cut in cuts), length]  # equal neighbours: a chunk of 0 samples
    pieces = [whole[a:b] for a, b in pairwise(edges)]
    np.testing.assert_array_equal(streamed(extractor, pieces), extractor(whole))


@pytest.mark.parametrize("key", sorted(CONFIGS))
@pytest.mark.parametrize("size", [1, 159, 160, 161, 256])
def test_equal_chunks_equal_the_whole(key: tuple[str, int, int], size: int) -> None:
    extractor, whole = EXTRACTORS[key], SOUND[:1500]
    pieces = [whole[i : i + size] for i in range(0, len(whole), size)]
    np.testing.assert_array_equal(streamed(extractor, pieces), extractor(whole))


def test_a_frame_is_there_as_soon_as_its_window_is_full() -> None:
    stream = FrameStream(EXTRACTORS["pad", 32, 20])  # windows of 256 samples, 160 apart
    found = [len(stream.feed(SOUND[:n])) for n in (255, 1, 159, 1, 0, 320)]
    assert found == [0, 1, 0, 1, 0, 2]


def test_a_stream_is_empty_after_its_end() -> None:
    stream = FrameStream(EXTRACTORS["pad", 32, 20])
    stream.feed(SOUND[:700])
    stream.finish()
    again = np.concatenate([stream.feed(SOUND[:1000]), stream.finish()])
    np.testing.assert_array_equal(again, EXTRACTORS["pad", 32, 20](SOUND[:1000]))


def test_a_stream_keeps_no_hold_of_the_callers_array() -> None:
    extractor, chunk = EXTRACTORS["drop", 32, 20], SOUND[:200].copy()
    stream = FrameStream(extractor)
    stream.feed(chunk)
    chunk[:] = 0
    np.testing.assert_array_equal(stream.feed(SOUND[200:300]), extractor(SOUND[:300]))


def test_nothing_fed_ends_by_the_rule() -> None:
    assert FrameStream(EXTRACTORS["drop", 32, 20]).finish().shape == (0, 26)
    assert FrameStream(EXTRACTORS["pad", 32, 20]).finish().shape == (1, 26)
