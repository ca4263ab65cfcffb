"""Batches: every clip once, similar lengths together, the same for the same key."""

from collections.abc import Sequence
from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.datasets.config import ORDERS
from deepspeech.datasets.sampler import JITTER, batches

LENGTHS = [1 + (i * 37 % 101) / 10 for i in range(101)]  # 1 s to 11 s, all different


def spread(lengths: Sequence[float], groups: Sequence[Sequence[int]]) -> float:
    """The mean over batches of the longest clip's length by the shortest one's."""
    ratios = [max(lengths[i] for i in group) / min(lengths[i] for i in group) for group in groups]
    return sum(ratios) / len(ratios)


@given(
    st.lists(st.floats(0, 100), max_size=40),
    st.integers(1, 7),
    st.sampled_from(ORDERS),
    st.integers(0, 5),
    st.integers(0, 5),
)
def test_each_position_exactly_once(lengths: list[float], size: int, order: str, seed: int, epoch: int) -> None:
    groups = batches(lengths, size, order, seed, epoch)
    assert sorted(chain.from_iterable(groups)) == list(range(len(lengths)))
    full = [group for group in groups if len(group) == size]
    assert len(full) >= len(groups) - 1
    assert all(groups)


@pytest.mark.parametrize("order", ORDERS)
def test_the_same_for_the_same_key(order: str) -> None:
    assert batches(LENGTHS, 8, order, 3, 5) == batches(LENGTHS, 8, order, 3, 5)


def test_shuffled_batches_differ_by_epoch_and_by_seed() -> None:
    plans = [batches(LENGTHS, 8, "shuffled", seed, epoch) for seed, epoch in ((1, 1), (1, 2), (2, 1))]
    company = [{frozenset(group) for group in plan} for plan in plans]
    assert len(company[0] & company[1]) < 3  # not only the order of batches: clips meet other clips
    assert len(company[0] & company[2]) < 3


@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_fixed_orders_know_no_epoch(order: str) -> None:
    assert batches(LENGTHS, 8, order, 1, 1) == batches(LENGTHS, 8, order, 2, 9)


def test_ascending_goes_from_short_to_long_and_equals_keep_their_order() -> None:
    lengths = [3.0, 1.0, 2.0, 1.0, 3.0]
    assert batches(lengths, 2, "ascending", 0, 0) == [[1, 3], [2, 0], [4]]
    assert batches([2.0, 1.0] * 50, 50, "ascending", 0, 0) == [list(range(1, 100, 2)), list(range(0, 100, 2))]


def test_descending_starts_with_the_longest() -> None:
    groups = batches(LENGTHS, 8, "descending", 0, 0)
    found = [LENGTHS[i] for i in chain.from_iterable(groups)]
    assert found == sorted(LENGTHS, reverse=True)


def test_shuffled_batches_hold_similar_lengths_in_mixed_order() -> None:
    groups = batches(LENGTHS, 4, "shuffled", 1, 1)
    assert spread(LENGTHS, groups) < (1 + JITTER) / (1 - JITTER) * 1.25
    scattered = [list(range(i, min(i + 4, len(LENGTHS)))) for i in range(0, len(LENGTHS), 4)]
    assert spread(LENGTHS, scattered) > 2 * spread(LENGTHS, groups)
    means = [sum(LENGTHS[i] for i in group) / len(group) for group in groups]
    rises = sum(a < b for a, b in pairwise(means))
    assert 0.25 < rises / (len(means) - 1) < 0.75


def test_clips_of_one_length_are_mixed_all_the_same() -> None:
    first, second = (batches([2.0] * 40, 4, "shuffled", 1, epoch) for epoch in (1, 2))
    assert {frozenset(group) for group in first} != {frozenset(group) for group in second}


def test_no_clips_no_batches() -> None:
    assert all(batches([], 4, order, 0, 0) == [] for order in ORDERS)


@given(
    st.lists(st.floats(0.1, 100), max_size=40),
    st.floats(0.1, 300),
    st.sampled_from(ORDERS),
    st.integers(0, 5),
    st.integers(0, 5),
)
def test_batches_of_so_many_seconds_count_padding(
    lengths: list[float], limit: float, order: str, seed: int, epoch: int
) -> None:
    groups = batches(lengths, 1, order, seed, epoch, limit)
    assert sorted(chain.from_iterable(groups)) == list(range(len(lengths)))
    assert all(len(group) == 1 or len(group) * max(lengths[i] for i in group) <= limit for group in groups)


def test_batches_of_so_many_seconds_are_as_full_as_can_be() -> None:
    assert batches([1.0, 2.0, 4.0, 1.0, 9.0], 1, "ascending", 0, 0, 6.0) == [[0, 3, 1], [2], [4]]
