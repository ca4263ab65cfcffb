"""Thresholds as people write them, and those that cannot be."""

import pytest

from deepspeech.errors import LmError
from deepspeech.lm.prune import parse_thresholds, thresholds


@pytest.mark.parametrize("values", [["0", "0", "2"], ["0 0 2"], ["0|0|2"], ["0,0,2"], [" 0 | 0 , 2 "]])
def test_all_notations_are_equal(values: list[str]) -> None:
    assert parse_thresholds(values, 5) == (0, 0, 2)


def test_the_default_is_cut_to_a_small_order_and_nothing_else_is() -> None:
    assert parse_thresholds(["0", "0", "1"], 2) == (0, 0)
    assert parse_thresholds(["0", "0", "2"], 2) == (0, 0, 2)
    with pytest.raises(LmError, match="more thresholds than the order 2"):
        thresholds((0, 0, 2), 2)


def test_the_last_is_repeated() -> None:
    assert thresholds((0, 0, 1), 5) == [0, 0, 1, 1, 1]
    assert thresholds((), 2) == [0, 0]


@pytest.mark.parametrize(
    ("prune", "reason"), [((0, -1), "negative"), ((0, 2, 1), "decreases; longer n-grams need their shorter parts")]
)
def test_what_would_leave_holes_is_refused(prune: tuple[int, ...], reason: str) -> None:
    with pytest.raises(LmError, match=reason):
        thresholds(prune, 3)


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(LmError, match="--prune 0 one: these are no numbers"):
        parse_thresholds(["0", "one"], 3)
