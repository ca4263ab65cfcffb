"""The learning curve: a power law is found again, its interval covers, and a result that is none is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.errors import DataError
from deepspeech.evaluation.expect import Expected, Measured, expect, fit, held_back, law_of, read_measured
from deepspeech.evaluation.expect_picture import draw


def measured(hours: float, wer: float, clips: int = 200, seed: int = 1) -> Measured:
    words = np.full(clips, 10.0)
    return Measured(hours, np.random.default_rng(seed).binomial(10, wer, clips).astype(float), words)


@given(st.floats(0.01, 0.9), st.floats(0.05, 0.9))
def test_a_law_is_found_again(at_one_hour: float, exponent: float) -> None:
    hours, words = [0.1, 1.0, 10.0], [1e9] * 3
    law = fit(hours, [1e9 * at_one_hour * h**-exponent - 0.5 for h in hours], words)
    assert law.factor == pytest.approx(at_one_hour, rel=1e-6)
    assert law.exponent == pytest.approx(exponent, rel=1e-6)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    truth, covered = 0.3 * 8.0**-0.4, 0
    for seed in range(40):
        points = [measured(h, 0.3 * h**-0.4, seed=10 * seed + n) for n, h in enumerate((0.5, 1.0, 2.0))]
        (one,) = expect(points, [8.0], seed)
        covered += one.low <= truth <= one.high
    assert covered >= 29  # of 40; 90 % would be 36, and fewer than 29 has a probability below 0.001


def test_between_points_it_interpolates() -> None:
    points = [measured(1.0, 0.4), measured(4.0, 0.2)]
    (one,) = expect(points, [2.0])
    assert points[1].wer < one.wer < points[0].wer
    assert one.low < one.wer < one.high


def test_the_largest_training_is_held_back_to_check() -> None:
    points = [measured(h, 0.3 * h**-0.5, clips=2000, seed=n) for n, h in enumerate((4.0, 0.5, 1.0))]
    check = held_back(points)
    assert check is not None
    assert check.hours == 4.0
    assert check.wer == pytest.approx(points[0].wer, rel=0.15)
    assert held_back(points[:2]) is None


def test_no_error_at_all_has_a_logarithm() -> None:
    assert law_of([measured(1.0, 0.5), measured(2.0, 0.0)]).at(4.0) >= 0


def test_one_number_of_hours_is_too_few() -> None:
    with pytest.raises(DataError, match="at least two different numbers of hours"):
        expect([measured(1.0, 0.3), measured(1.0, 0.2)], [2.0])


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"samples": [{}]}', '{"samples": [{"word_errors": "x", "words": 1}]}']
)
def test_what_is_no_result_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(DataError, match="no result with samples"):
        read_measured(1.0, tmp_path / "a.json")
    with pytest.raises(DataError, match="cannot read"):
        read_measured(1.0, tmp_path / "b.json")


def test_a_result_without_words_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"samples": [{"word_errors": 0, "words": 0}]}))
    with pytest.raises(DataError, match="no words"):
        read_measured(1.0, tmp_path / "a.json")


def test_it_is_drawn(tmp_path: Path) -> None:
    curve = [Expected(h, 0.3 / h, 0.2 / h, 0.4 / h) for h in (1.0, 2.0, 4.0)]
    draw([measured(1.0, 0.3), measured(2.0, 0.15)], curve, tmp_path / "a.svg")
    assert "hours of speech" in (tmp_path / "a.svg").read_text()
