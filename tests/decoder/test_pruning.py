"""Pruning by score and by token: off it changes no bit, on it finds no more than there is; chunks change nothing."""

from collections import defaultdict
from itertools import groupby, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from small_scorer import Ngrams, language_model, scorer

from deepspeech.decoder.beam import BeamDecoder, decode
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.phrases import HotPhrases
from deepspeech.decoder.scorer import Scorer
from deepspeech.errors import ConfigError
from deepspeech.text.tokens import ENGLISH, Characters
from tests.decoder.test_beam import AB, probabilities, spoken
from tests.decoder.test_scorer import small
from tests.fakes import exact

KEPT = 64  # as in beam_prune.cc
THRESHOLDS = st.sampled_from([0.0, 0.5, 3.0, 10.0])
LEAST = st.sampled_from([0.0, -1.0, -3.0, -10.0])


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    path = tmp_path_factory.mktemp("scorer") / "small.scorer"
    path.write_bytes(small())
    return Scorer.open(path)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1, 7, 200]), st.booleans(), st.booleans())
def test_thresholds_that_nothing_reaches_change_no_bit(
    opened: Scorer, seed: int, width: int, scored: bool, boosted: bool
) -> None:
    emission = Emission(probabilities(40, AB.classes, seed), 0.02)
    further = {"scorer": opened if scored else None, "phrases": HotPhrases({"ab": 0.5}) if boosted else None}
    wide = DecodeOptions(width, beam_threshold=1e30, token_min_logp=-1e30)
    assert decode(emission, AB, wide, 20, **further) == decode(emission, AB, exact(width), 20, **further)


def searched(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """The frames after leading silence. The search passes over that (kSilence in beam.cc) and counts its blanks as
    certain, up to 0.001 more for each frame than they are: a text's confidence is that of the frames after it."""
    sounds = array[:, AB.blank] < np.float32(0.999)
    return array[sounds.argmax() :] if sounds.any() else array[:0]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.5, 3.0, 6.0]), THRESHOLDS, LEAST)
@example(1681, 6.0, 0.0, 0.0)  # the blank of the first frame has a probability of 0.9996
def test_it_finds_no_more_than_all_alignments_hold(seed: int, sharpness: float, threshold: float, least: float) -> None:
    array = probabilities(5, AB.classes, seed, sharpness)
    sums: dict[str, float] = defaultdict(float)
    heard = searched(array)
    for path in product(range(AB.classes), repeat=len(heard)):
        text = AB.decode(label for label, _ in groupby(path) if label != AB.blank)
        sums[text] += float(np.prod(heard[np.arange(len(heard)), path].astype(np.float64)))
    options = DecodeOptions(2000, beam_threshold=threshold, token_min_logp=least)
    found = decode(Emission(array, 0.02), AB, options, candidates=2000)
    for transcript in found:  # alignments are lost, never gained
        assert transcript.confidence <= np.log(sums[transcript.text]) + 1e-4
    assert found[0].confidence <= np.log(max(sums.values())) + 1e-4


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), THRESHOLDS, LEAST)
def test_it_finds_nothing_better_than_the_whole_search(
    opened: Scorer, seed: int, threshold: float, least: float
) -> None:
    emission = Emission(probabilities(7, AB.classes, seed), 0.02)
    options = DecodeOptions(3000, beam_threshold=threshold, token_min_logp=least)
    pruned = decode(emission, AB, options, scorer=opened)[0]
    best = decode(emission, AB, exact(3000), scorer=opened)[0]
    assert pruned.confidence <= best.confidence + 1e-3


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 60), max_size=8), st.integers(0, 10_000), st.sampled_from([1, 30, 500]), THRESHOLDS, LEAST,
    st.booleans(), st.booleans(),
)  # fmt: skip
def test_chunks_of_any_size_equal_the_whole(
    opened: Scorer, cuts: list[int], seed: int, width: int, threshold: float, least: float, scored: bool, boosted: bool
) -> None:
    array = probabilities(60, AB.classes, seed)
    options = DecodeOptions(width, beam_threshold=threshold, token_min_logp=least)
    further = opened if scored else None, None, HotPhrases({"ab": 0.5}) if boosted else None
    decoder = BeamDecoder(AB, options, 0.02, *further)
    for chunk in np.split(array, sorted(cuts)):
        decoder.feed(chunk)
        decoder.candidates(3)  # looking does not change what follows
    assert decoder.candidates(5) == decode(Emission(array, 0.02), AB, options, 5, *further)


def unsure(frames: int) -> NDArray[np.float32]:
    return np.full((frames, ENGLISH.classes), 1 / ENGLISH.classes, np.float32)


def test_a_threshold_keeps_what_is_near_and_a_few_others() -> None:
    array = np.concatenate([unsure(1), spoken("ab", ENGLISH)])
    array[0, :10] *= 2  # nine more within 1 of the best
    array[0] /= array[0].sum()

    def count(threshold: float) -> int:
        options = DecodeOptions(5000, beam_threshold=threshold, token_min_logp=0.0)
        return len(decode(Emission(array, 0.02), ENGLISH, options, candidates=5000))

    assert KEPT <= count(0.001) < 3 * KEPT  # equals of the last one kept stay too
    assert count(0.001) < count(12.0) < count(0.0)


def test_a_token_below_the_minimum_is_not_used_unless_it_is_the_most_probable_or_the_blank() -> None:
    array = np.array([[0.5, 0.2, 0.0, 0.3]], np.float32)

    def texts(least: float) -> set[str]:
        options = DecodeOptions(beam_threshold=0.0, token_min_logp=least)
        return {found.text for found in decode(Emission(array, 0.02), AB, options, candidates=9)}

    assert texts(0.0) == {"a", "", "b", " "}
    assert texts(np.log(0.1)) == {"a", "", "b"}
    assert texts(np.log(0.25)) == {"a", ""}
    assert texts(np.log(0.9)) == {"a", ""}


def test_a_sure_network_that_spells_no_word_still_gives_one(opened: Scorer) -> None:
    """The word it meant is far behind when the first choice turns out to begin none."""
    array = np.maximum(spoken("ba ab", AB, frames_per_label=2), 2e-5)
    array[[0, 2]] = 1e-9
    array[[0, 2], AB.encode("ba")] = 0.9999
    array[2, AB.encode("b")] = 1e-4
    found = decode(Emission(array, 0.02), AB, DecodeOptions(beam_threshold=0.5, token_min_logp=0.0), scorer=opened)[0]
    assert found.text == decode(Emission(array, 0.02), AB, exact(), scorer=opened)[0].text == "bb ab"


@pytest.mark.parametrize(
    "setting",
    [{"beam_threshold": -1.0}, {"beam_threshold": float("nan")}, {"beam_threshold": float("inf")},
     {"token_min_logp": 0.5}, {"token_min_logp": float("nan")}, {"token_min_logp": float("-inf")}],
)  # fmt: skip
def test_impossible_thresholds_are_refused(setting: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(setting))):
        DecodeOptions(**setting)  # type: ignore[arg-type]


def test_few_tokens_and_few_arcs_give_the_same(tmp_path: Path) -> None:
    """Where fewer tokens are left than the dictionary has arcs, the search walks over tokens, else over arcs."""
    alphabet = Characters([*"abcdefghij", " "])
    words = [first + second for first in "abcdefghij" for second in "abc"]
    grams: Ngrams = {("<unk>",): (-2.0, 0.0), ("<s>",): (-1.5, 0.0), ("</s>",): (-1.0, 0.0), ("<s>", "aa"): (-1.0, 0.0)}
    grams = {**grams, **{(word,): (-1.5, 0.0) for word in words}}
    path = tmp_path / "many.scorer"
    path.write_bytes(scorer(language_model(grams, 2), [alphabet.encode(word + " ") for word in words]))
    array = probabilities(8, alphabet.classes, 3, sharpness=2.0)
    cut = np.where(np.log(array) >= -3.0, array, 0).astype(np.float32)
    cut[:, alphabet.blank] = array[:, alphabet.blank]
    options = DecodeOptions(20_000, token_min_logp=-3.0, beam_threshold=0.0)
    pruned = decode(Emission(array, 0.02), alphabet, options, 5, Scorer.open(path))
    whole = decode(Emission(cut, 0.02), alphabet, exact(20_000), 5, Scorer.open(path))
    assert [found.text for found in pruned] == [found.text for found in whole]
    assert [found.confidence for found in pruned] == pytest.approx([found.confidence for found in whole], abs=1e-3)
