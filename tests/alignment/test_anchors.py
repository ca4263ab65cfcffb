"""Anchors: what they promise for any words, and that they find a text in a recording of it."""

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from deepspeech.alignment.anchors import match, runs

WORDS = st.lists(st.sampled_from("abcde"), max_size=40)


@given(WORDS, WORDS)
def test_matches_are_equal_words_in_ascending_order(text: list[str], heard: list[str]) -> None:
    pairs = match(text, heard)
    assert all(text[i] == heard[j] for i, j in pairs)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(pairs))


@given(st.lists(st.integers(0, 10**6).map(str), min_size=4, max_size=60, unique=True))
def test_a_text_matches_itself(text: list[str]) -> None:
    assert match(text, text) == [(i, i) for i in range(len(text))]


def test_preambles_skipped_lines_and_errors_leave_the_rest_matched() -> None:
    draw = random.Random(1)
    text = [f"w{draw.randrange(300)}" for _ in range(2000)]
    heard = [f"p{i}" for i in range(50)] + text[:700] + text[900:]
    for place in draw.sample(range(50, len(heard)), 90):
        heard[place] = "wrong"
    pairs = match(text, heard)
    assert all(j == i + 50 if i < 700 else j == i - 150 for i, j in pairs)
    assert len(pairs) > 0.85 * 1800


def test_runs_follow_each_other_in_both() -> None:
    assert runs([(0, 0), (1, 1), (2, 3), (3, 4), (5, 5)]) == [[(0, 0), (1, 1)], [(2, 3), (3, 4)], [(5, 5)]]
