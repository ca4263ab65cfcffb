"""Calibration of word confidence: measures against their definitions, table and plot."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.evaluation.calibration import calibration
from deepspeech.evaluation.calibration_picture import draw
from deepspeech.evaluation.score import Scored, score


def sample(*pairs: tuple[float, bool]) -> Scored:
    return Scored("1", "", "", 0, 0, 0, 0, None, pairs)


def test_a_word_is_right_where_the_alignment_with_fewest_errors_matches_it() -> None:
    scored = score("1", "a b c d", "a x c d d", None, (0.9, 0.8, 0.7, 0.6, 0.5))
    assert sum(right for _, right in scored.confidences) == 3
    assert [confidence for confidence, _ in scored.confidences] == [0.9, 0.8, 0.7, 0.6, 0.5]
    assert [right for _, right in scored.confidences][:3] == [True, False, True]
    assert "confidences" not in scored.to_dict()
    assert score("1", "a", "a").confidences == ()


def test_measures_of_a_few_words() -> None:
    found = calibration([sample((0.95, True), (0.92, True)), sample((0.92, False), (0.15, False))])
    assert (found.words, found.right) == (4, 2)
    assert [(one.words, one.right) for one in found.bins] == [(1, 0.0), (3, pytest.approx(2 / 3))]
    assert found.bins[1].confidence == pytest.approx(0.93)
    assert found.ece == pytest.approx(0.25 * 0.15 + 0.75 * (0.93 - 2 / 3))
    entropy = -math.log(0.95) - math.log(0.92) - math.log(0.08) - math.log(0.85)
    assert found.nce == pytest.approx(1 - entropy / (4 * math.log(2)))
    assert found.auc == pytest.approx((1 + 1 + 0.5 + 1) / 4)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_measures_are_in_their_ranges_and_auc_is_its_definition(pairs: list[tuple[float, bool]]) -> None:
    found = calibration([sample(*pairs)])
    assert sum(one.words for one in found.bins) == len(pairs)
    assert found.ece is not None
    assert 0 <= found.ece <= 1
    good, bad = ([c for c, right in pairs if right is wanted] for wanted in (True, False))
    if not good or not bad:
        assert found.nce is found.auc is None
        return
    assert found.nce is not None
    assert found.nce <= 1
    wins = np.subtract.outer(good, bad)
    assert found.auc == pytest.approx(float(np.mean((wins > 0) + 0.5 * (wins == 0))))


def test_calibrated_confidences_are_seen_as_such() -> None:
    random = np.random.default_rng(1)
    confidences = random.random(20_000)
    calibrated = calibration([sample(*zip(confidences, random.random(20_000) < confidences, strict=True))])
    assert calibrated.ece < 0.02  # type: ignore[operator]
    assert calibrated.nce > 0.25  # type: ignore[operator]
    same = calibration([sample(*((0.5, bool(number % 2)) for number in range(100)))])
    assert (same.ece, same.auc) == (0, 0.5)
    assert same.nce == pytest.approx(0)


@pytest.mark.parametrize("pairs", [(), ((1.0, True),), ((0.0, False), (1.0, True), (0.5, True))])
def test_it_is_told_and_drawn(tmp_path: Path, pairs: tuple[tuple[float, bool], ...]) -> None:
    found = calibration([sample(*pairs)])
    assert found.table().startswith(f"Word confidence: {len(pairs)} words")
    assert found.to_dict()["words"] == len(pairs)
    draw(found, tmp_path / "c.svg")
    assert "fraction of right words" in (tmp_path / "c.svg").read_text()
