"""Splits: nobody is heard in two sets, shares are kept, the same seed gives the same sets."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.datasets.sample import Sample
from deepspeech.datasets.split import SplitOptions, split
from deepspeech.datasets.survey.survey import sentence
from deepspeech.errors import ConfigError, DataError


def sample(number: int, speaker: str = "", said: str = "a", duration_s: float = 1.0) -> Sample:
    return Sample(f"{number}.wav", Path(f"{number}.wav"), said, 1, speaker, duration_s)


@st.composite
def corpora(draw: st.DrawFn) -> list[Sample]:
    voices = draw(st.lists(st.sampled_from("abcdefghijklmnop"), min_size=1, max_size=60))
    lengths = draw(st.lists(st.floats(0.1, 20), min_size=len(voices), max_size=len(voices)))
    said = draw(
        st.lists(st.sampled_from(["one", "One ", "two", "three", ""]), min_size=len(voices), max_size=len(voices))
    )
    return [sample(n, *of) for n, of in enumerate(zip(voices, said, lengths, strict=True))]


@given(corpora(), st.sampled_from(["", "speaker", "sentence"]), st.integers(0, 9), st.floats(0, 0.4), st.floats(0, 0.4))
def test_groups_stay_together_and_shares_are_kept(
    samples: list[Sample], by: str, seed: int, dev: float, test: float
) -> None:
    try:
        done = split(samples, SplitOptions(dev, test, seed, by))
    except DataError:
        return
    assert sorted(s.id for chosen in done.sets.values() for s in chosen) == sorted(s.id for s in samples)
    total = sum(s.duration_s or 0 for s in samples)
    keys = {name: {key(s, done.by) for s in chosen} for name, chosen in done.sets.items()}
    smallest_left = min(sum(s.duration_s or 0 for s in samples if key(s, done.by) == one) for one in keys["train"])
    for name, share in (("dev", dev), ("test", test)):
        if name in done.sets:
            length = sum(s.duration_s or 0 for s in done.sets[name])
            assert length <= share * total + 1e-6
            assert share * total - length < smallest_left + 1e-6
            assert not keys[name] & keys["train"]
            assert len(keys[name]) == done.groups[name]
    assert not keys.get("dev", set()) & keys.get("test", set())


def key(one: Sample, by: str) -> str:
    return one.speaker if by == "speaker" else sentence(one.transcript) or one.id


def test_the_same_seed_gives_the_same_sets_whatever_the_order() -> None:
    samples = [sample(n, f"voice {n % 40}") for n in range(400)]
    one = split(samples, SplitOptions(seed=1))
    again = split(samples[::-1], SplitOptions(seed=1))
    assert {name: {s.id for s in chosen} for name, chosen in one.sets.items()} == {
        name: {s.id for s in chosen} for name, chosen in again.sets.items()
    }
    assert split(samples, SplitOptions(seed=2)).sets != one.sets
    assert {name: len(chosen) for name, chosen in one.sets.items()} == {"train": 320, "dev": 40, "test": 40}


def test_samples_without_a_speaker_are_trained_on() -> None:
    done = split([sample(n, f"{n}" if n < 30 else "") for n in range(60)], SplitOptions())
    assert done.by == "speaker"
    assert done.nameless == 30
    assert all(s.speaker for name in ("dev", "test") for s in done.sets[name])
    assert done.groups["train"] + done.groups["dev"] + done.groups["test"] == 30


def test_without_speakers_no_sentence_is_in_two_sets() -> None:
    done = split([sample(n, said=f"s{n % 50}") for n in range(100)], SplitOptions())
    assert done.by == "sentence"
    assert not {s.transcript for s in done.sets["dev"]} & {s.transcript for s in done.sets["train"]}


def test_a_share_of_0_makes_no_set() -> None:
    assert set(split([sample(n, f"{n}") for n in range(10)], SplitOptions(test=0)).sets) == {"train", "dev"}


def test_too_few_speakers_are_told() -> None:
    with pytest.raises(DataError, match=r"no speaker is left for the dev set.*--by sentence"):
        split([sample(n, "ab"[n % 2]) for n in range(10)], SplitOptions())
    with pytest.raises(DataError, match="names its speaker"):
        split([sample(1)], SplitOptions(by="speaker"))


@pytest.mark.parametrize("wrong", [{"dev": -0.1}, {"dev": 0.5, "test": 0.5}, {"dev": float("nan")}, {"by": "age"}])
def test_impossible_shares_are_refused(wrong: dict) -> None:
    with pytest.raises(ConfigError):
        SplitOptions(**wrong)
