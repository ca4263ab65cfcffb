"""The mean of several opinions: exact, in any order of clips, and refused where they cannot be compared."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.audio.shift import shifted
from deepspeech.datasets.sample import Sample
from deepspeech.decoder.emission import Emission
from deepspeech.errors import ConfigError
from deepspeech.evaluation import averaged as room
from deepspeech.evaluation.averaged import averaged, shifts
from deepspeech.evaluation.evaluate import Emitted

SAMPLES = [Sample(f"{name}.wav", Path(f"{name}.wav"), "a", 1) for name in "abcde"]


def opinion(seed: int, classes: int = 4, frame_s: float = 0.02, frames: int = 6) -> room.AcousticModel:
    """An acoustic model that gives the samples in an order of its own."""

    def emit(samples: Sequence[Sample], /) -> Iterator[Emitted]:
        for place in np.random.default_rng(seed).permutation(len(samples)):
            yield Emitted(samples[place], said(seed, samples[place]), 1.0)

    def said(seed: int, sample: Sample) -> Emission:
        values = np.random.default_rng([seed, ord(sample.id[0])]).dirichlet(np.ones(classes), frames)
        return Emission(values.astype(np.float32), frame_s)

    return emit


@pytest.mark.parametrize("chunk", [1, 2, 256])
def test_it_is_the_mean_of_each_clip(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "CHUNK", chunk)
    each = [{item.sample: item.emission.probabilities_TV for item in opinion(seed)(SAMPLES)} for seed in (1, 2, 3)]
    found = {item.sample: item for item in averaged([opinion(seed) for seed in (1, 2, 3)])(SAMPLES)}
    assert set(found) == set(SAMPLES)
    for sample, item in found.items():
        np.testing.assert_allclose(item.emission.probabilities_TV, sum(one[sample] for one in each) / 3, rtol=1e-6)
        np.testing.assert_allclose(item.emission.probabilities_TV.sum(-1), 1, rtol=1e-6)
        assert item.loss is None


def test_one_alone_stays_as_it_is() -> None:
    one = opinion(1)
    assert averaged([one]) is one


def test_what_is_given_is_not_changed() -> None:
    kept = list(opinion(1)(SAMPLES))
    before = [item.emission.probabilities_TV.copy() for item in kept]
    list(averaged([lambda samples: iter(kept), opinion(2)])(SAMPLES))
    for item, old in zip(kept, before, strict=True):
        np.testing.assert_array_equal(item.emission.probabilities_TV, old)


@pytest.mark.parametrize("other", [{"classes": 5}, {"frame_s": 0.04}, {"frames": 3}])
def test_networks_that_do_not_match_are_refused_in_one_line(other: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="frames of 20 ms with 4 classes, another") as refused:
        list(averaged([opinion(1), opinion(2, **other)])(SAMPLES))  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)


def test_a_clip_listed_twice_is_decoded_for_each_transcript() -> None:
    twice = [SAMPLES[0], replace(SAMPLES[0], transcript="b")]
    assert len(list(averaged([opinion(1), opinion(2)])(twice))) == 2


def test_jitter_is_counted_in_samples() -> None:
    assert shifts(5, 16000) == (-80, 0, 80)
    assert shifts(0, 16000) == (0,)


@given(st.lists(st.floats(-1, 1, width=32), max_size=12), st.integers(-15, 15))
def test_a_moved_clip_is_as_long_and_silent_where_it_left(values: list[float], by: int) -> None:
    samples = np.array(values, np.float32)
    moved = shifted(samples, by)
    places = np.arange(len(samples)) - by
    inside = (places >= 0) & (places < len(samples))
    np.testing.assert_array_equal(moved[inside], samples[places[inside]])
    assert not moved[~inside].any()
