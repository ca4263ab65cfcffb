"""What all front ends have in common: however sound is cut, its features are those of the whole clip, bit for bit."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepspeech.errors import ConfigError
from deepspeech.features.front_end import Float32, FrontEnd
from deepspeech.features.normalization import Normalization
from deepspeech.features.registry import FRONT_ENDS, config_of_kind, new_front_end, read_front_end

SOUND = np.random.default_rng(3).uniform(-1, 1, 4000).astype(np.float32)
SHAPES = (
    (8000, 32, 20),
    (8000, 16, 4),
    (8000, 25, 10),
    (16000, 20, 20),
    (48000, 25, 10),
)  # rate, window and step in ms


def front_end(kind: str, rate_hz: int = 8000, window_ms: float = 32, step_ms: float = 20, **more: Any) -> FrontEnd:
    entries = {"kind": kind, "sample_rate_hz": rate_hz, "window_ms": window_ms, "step_ms": step_ms, "mel_bands": 30}
    config, values = config_of_kind(entries | more)
    return new_front_end(config(**values))


def normalized(plain: FrontEnd) -> FrontEnd:
    random = np.random.default_rng(plain.dimensions)
    mean, deviation = random.normal(-8, 4, plain.dimensions), random.uniform(0.5, 4, plain.dimensions)
    return new_front_end(plain.config, Normalization(tuple(mean.tolist()), tuple(deviation.tolist())))


def centred(plain: FrontEnd) -> FrontEnd:
    """With online CMN."""
    return normalized(new_front_end(replace(plain.config, online_cmn_s=2)))  # type: ignore[type-var]


def ends(plain: FrontEnd) -> list[FrontEnd]:
    padded = new_front_end(replace(plain.config, end="pad"))  # type: ignore[type-var]
    found = [plain, padded, normalized(plain), normalized(padded)]
    return found if plain.config.kind == "mfcc" else [*found, centred(plain), centred(padded)]


FOUND = [end for kind in FRONT_ENDS for shape in SHAPES for end in ends(front_end(kind, *shape))]
numbers = st.integers(0, len(FOUND) - 1)  # Hypothesis would keep the front ends themselves until Python ends
every_kind = pytest.mark.parametrize("kind", FRONT_ENDS)


def streamed(front_end: FrontEnd, pieces: list[Float32]) -> Float32:
    stream = front_end.stream()
    joined: Float32 = np.concatenate([*(stream.feed(piece) for piece in pieces), stream.finish()])
    return joined


@settings(max_examples=120)
@given(
    numbers,
    st.integers(0, len(SOUND)),
    st.lists(st.integers(0, len(SOUND)), max_size=12),
)
def test_any_cutting_equals_the_whole(number: int, length: int, cuts: list[int]) -> None:
    end, whole = FOUND[number], SOUND[:length]
    edges = [0, *sorted(min(cut, length) for cut in cuts), length]  # equal neighbours: a chunk of 0 samples
    pieces = [whole[a:b] for a, b in pairwise(edges)]
    np.testing.assert_array_equal(streamed(end, pieces), end.whole(whole))


@pytest.mark.parametrize("size", [1, 159, 160, 161, 256])
@every_kind
def test_equal_chunks_equal_the_whole(kind: str, size: int) -> None:
    whole = SOUND[:1500]
    pieces = [whole[i : i + size] for i in range(0, len(whole), size)]
    for end in ends(front_end(kind)):
        np.testing.assert_array_equal(streamed(end, pieces), end.whole(whole))


@settings(max_examples=60)
@given(numbers, st.integers(0, len(SOUND)))
def test_the_middle_stage_leads_to_the_same_bits_and_frames_are_foretold(number: int, length: int) -> None:
    end = FOUND[number]
    whole = end.whole(SOUND[:length])
    np.testing.assert_array_equal(end.frames(end.power(SOUND[:length])), whole)
    assert whole.shape == (end.config.frames(length), end.dimensions)
    assert whole.dtype == np.float32


@pytest.mark.parametrize("shape", SHAPES)
@every_kind
def test_a_frame_is_the_same_to_the_bit_whatever_its_neighbours(kind: str, shape: tuple[int, float, float]) -> None:
    end = normalized(front_end(kind, *shape))
    window, step = end.config.window_samples, end.config.step_samples
    samples = np.random.default_rng(4).uniform(-1, 1, 10 * step + window).astype(np.float32)
    power, features = end.power(samples), end.whole(samples)
    for frame in range(len(features)):
        alone = samples[frame * step : frame * step + window]
        np.testing.assert_array_equal(end.power(alone), power[frame : frame + 1])
        np.testing.assert_array_equal(end.frames(power[frame : frame + 1]), features[frame : frame + 1])
        np.testing.assert_array_equal(end.whole(alone), features[frame : frame + 1])


@every_kind
def test_a_frame_is_there_as_soon_as_its_window_is_full(kind: str) -> None:
    stream = front_end(kind, end="pad").stream()  # windows of 256 samples, 160 apart
    found = [len(stream.feed(SOUND[:n])) for n in (255, 1, 159, 1, 0, 320)]
    assert found == [0, 1, 0, 1, 0, 2]


@every_kind
def test_a_stream_is_empty_after_its_end(kind: str) -> None:
    end = front_end(kind, end="pad")
    stream = end.stream()
    stream.feed(SOUND[:700])
    stream.finish()
    again = np.concatenate([stream.feed(SOUND[:1000]), stream.finish()])
    np.testing.assert_array_equal(again, end.whole(SOUND[:1000]))


@every_kind
def test_a_stream_keeps_no_hold_of_the_callers_array(kind: str) -> None:
    end, chunk = front_end(kind), SOUND[:200].copy()
    stream = end.stream()
    stream.feed(chunk)
    chunk[:] = 0
    np.testing.assert_array_equal(stream.feed(SOUND[200:300]), end.whole(SOUND[:300]))


@every_kind
def test_nothing_fed_ends_by_the_rule(kind: str) -> None:
    for end, frames in (("drop", 0), ("pad", 1)):
        found = front_end(kind, end=end)
        assert found.stream().finish().shape == (frames, found.dimensions)


@every_kind
def test_input_of_other_layout_and_type_gives_the_same(kind: str) -> None:
    end = front_end(kind)
    stereo = np.stack([SOUND, -SOUND], axis=1)
    np.testing.assert_array_equal(end.whole(stereo[:, 0]), end.whole(SOUND))
    np.testing.assert_array_equal(end.whole(SOUND.astype(np.float64)), end.whole(SOUND))  # type: ignore[arg-type]


@every_kind
def test_normalized_features_are_those_of_the_definition_less_the_mean_over_the_deviation(kind: str) -> None:
    plain = front_end(kind)
    end, raw = normalized(plain), plain.whole(SOUND)
    np.testing.assert_array_equal(plain.unnormalized(SOUND), raw)
    np.testing.assert_array_equal(end.unnormalized(SOUND), raw)
    np.testing.assert_array_equal(end.normalize(raw), end.whole(SOUND))
    np.testing.assert_array_equal(plain.normalize(raw), raw)
    assert end.normalization
    expected = (raw - np.array(end.normalization.mean)) / np.array(end.normalization.deviation)
    np.testing.assert_allclose(end.whole(SOUND), expected, rtol=1e-5, atol=1e-5)


def test_online_cmn_is_the_definition_frame_by_frame() -> None:
    plain = normalized(front_end("log_mel", step_ms=20))
    end = new_front_end(replace(plain.config, online_cmn_s=2), plain.normalization)  # type: ignore[type-var]
    keep, sums, count = 1 - 0.02 / 2, np.zeros(plain.dimensions), 50.0  # the mean before the clip counts as a second
    expected = []
    for frame in plain.whole(SOUND).astype(np.float64):
        sums, count = keep * sums + frame, keep * count + 1
        expected.append(frame - sums / count)
    np.testing.assert_array_equal(end.whole(SOUND), np.array(expected, np.float32))


def test_without_normalization_online_cmn_begins_with_the_first_frame() -> None:
    end = new_front_end(replace(front_end("log_mel").config, online_cmn_s=2))  # type: ignore[type-var]
    found = end.whole(SOUND)
    np.testing.assert_array_equal(found[0], 0)
    assert np.abs(found[1:]).min(axis=1).max() > 0


def test_online_cmn_takes_a_filter_of_the_microphone_off_in_the_end() -> None:
    plain = front_end("log_mel", step_ms=20)
    loud, quiet = np.tile(SOUND, 60), np.tile(SOUND / 8, 60)  # 30 s

    def difference(end: FrontEnd) -> float:
        return float(np.abs(end.whole(loud)[-50:] - end.whole(quiet)[-50:]).mean())

    assert difference(centred(plain)) < 0.01 * difference(normalized(plain))


@every_kind
def test_a_front_end_is_read_back_from_what_it_wrote(kind: str) -> None:
    for end in (front_end(kind, end="pad"), normalized(front_end(kind))):
        again = read_front_end(json.loads(json.dumps(end.to_dict())))
        assert type(again) is type(end)
        assert (again.config, again.normalization) == (end.config, end.normalization)
        np.testing.assert_array_equal(again.whole(SOUND), end.whole(SOUND))


@every_kind
def test_seconds_and_dimensions_are_those_of_the_settings(kind: str) -> None:
    end = front_end(kind, 48000, 25, 10)
    assert end.step_s == end.config.step_s == 0.01
    assert end.dimensions == end.config.dimensions


@every_kind
def test_a_normalization_of_another_width_is_refused(kind: str) -> None:
    end = front_end(kind)
    with pytest.raises(ConfigError, match=f"features have {end.dimensions} values a frame, their normalization 3"):
        new_front_end(end.config, Normalization((0.0,) * 3, (1.0,) * 3))


IMPOSSIBLE = ({"high_hz": 9000}, {"low_hz": -1}, {"low_hz": 8000}, {"low_hz": float("nan")}, {"mel_bands": 0})


@pytest.mark.parametrize("settings", IMPOSSIBLE, ids=str)
@every_kind
def test_impossible_filters_are_refused_before_the_first_clip(kind: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="features: "):
        front_end(kind, 16000, **settings)
