"""Words that are there, others said in their place, and sentences that are not there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.alignment.placing import WORST, Places, burdened, placed
from deepspeech.decoder.word_alignment import WordFrames

FRAME_S = 0.02


def word(start: int, score: float = -0.1, length: int = 10) -> WordFrames:
    return WordFrames(start, start + length, score)


def place(words: Places, sentences: list[int], sound: list[int]) -> Places:
    return placed(words, [3] * len(words), sentences, np.array(sound, np.int64), FRAME_S)


def test_words_that_fit_badly_are_not_there() -> None:
    words: Places = [word(0), word(20, -7.0), word(40)]
    assert place(words, [3], []) == [words[0], None, words[2]]


def test_a_sentence_of_which_little_is_there_is_not_there() -> None:
    words: Places = [word(0), None, None, word(30), word(50)]
    assert place(words, [3, 2], []) == [None, None, None, words[3], words[4]]
    assert place([word(0, -5.0), word(20, -4.0)], [2], []) == [None, None]


def test_another_word_said_in_its_place() -> None:
    words: Places = [word(0), None, word(40)]
    assert place(words, [3], list(range(18, 30)))[1] == WordFrames(18, 30, WORST)
    assert place(words, [3], [])[1] is None
    far: Places = [word(0), None, word(400)]
    assert place(far, [3], list(range(18, 390)))[1] is None


def test_two_others_share_the_sound_by_their_lengths() -> None:
    words: Places = [word(0), None, None, word(60), word(80)]
    found = placed(words, [3, 2, 4, 3, 3], [5], np.arange(20, 50), FRAME_S)
    assert found[1:3] == [WordFrames(20, 30, WORST), WordFrames(30, 50, WORST)]


def test_at_the_edges_of_a_sentence_only_what_is_near() -> None:
    words: Places = [word(0), word(20), None, word(200), word(220), None]
    sound = [*range(60, 90), *range(180, 192), *range(235, 245), *range(300, 330)]
    found = place(words, [2, 4], sound)
    assert found[2] == WordFrames(180, 192, WORST)
    assert found[5] == WordFrames(235, 245, WORST)


def test_a_long_word_in_place_of_a_short_sound_lasts_longer_than_it() -> None:
    words: Places = [None, word(60), word(80)]
    found = placed(words, [12, 3, 3], [3], np.arange(50, 52), FRAME_S)
    assert found[0] == WordFrames(50, 56, WORST)
    assert placed(words, [12, 3, 3], [3], np.arange(56, 58), FRAME_S)[0] is None  # there is no time for it


def test_a_sentence_begins_with_its_sound_even_if_its_first_word_fits_only_a_part_of_it() -> None:
    sound = [*range(10, 18), *range(50, 60), *range(62, 72), *range(80, 90)]
    good, bad = word(62, -0.2), word(62, -2.0)
    assert place([word(8), good, word(80)], [1, 2], sound)[1] == good
    assert place([word(8), bad, word(80)], [1, 2], sound)[1] == WordFrames(50, 72, -2.0)
    far: Places = [word(8), word(20, -2.0, 40), word(80)]  # begins in another sound, before a silence
    assert place(far, [1, 2], [10, 11, 20, *range(52, 60), *range(80, 90)])[1] == WordFrames(52, 60, -2.0)
    late: Places = [word(8), word(45, -2.0, 15), word(80)]  # its first token is hardly heard
    assert place(late, [1, 2], [10, 11, *range(52, 60), *range(80, 90)])[1] == late[1]


def test_a_sentence_of_one_word_takes_the_only_sound_in_its_place() -> None:
    words: Places = [word(0), None, word(100)]
    assert place(words, [1, 1, 1], list(range(40, 50)))[1] == WordFrames(40, 50, WORST)
    assert place(words, [1, 1, 1], [*range(20, 30), *range(70, 80)])[1] is None
    assert place([word(0), None, None, word(100)], [1, 2, 1], list(range(40, 50)))[1:3] == [None, None]


def test_sound_beside_a_word_that_no_word_explains_lowers_its_score() -> None:
    words: Places = [word(0, 0.0), None, word(40, -1.0)]
    left = np.array([11, 12, 25, 38, 39, 51], np.int64)  # 25 is far from both, 51 beside the last word
    first, missing, last = burdened(words, left, FRAME_S)
    assert missing is None
    assert first == WordFrames(0, 10, pytest.approx(2 * WORST / 12))
    assert last == WordFrames(40, 50, pytest.approx((-10 + 3 * WORST) / 13))
    assert burdened(words, left[:0], FRAME_S) == words
    assert burdened([None], left, FRAME_S) == [None]


@given(
    st.lists(st.tuples(st.integers(1, 20), st.integers(0, 30), st.floats(-12, 0), st.booleans()), max_size=30),
    st.lists(st.integers(0, 900), max_size=200),
    st.integers(1, 7),
)
def test_words_stay_in_order_without_overlap(
    drawn: list[tuple[int, int, float, bool]], sound: list[int], length: int
) -> None:
    words, at = list[WordFrames | None](), 0
    for frames, pause, score, there in drawn:
        words.append(WordFrames(at, at + frames, score) if there else None)
        at += (frames + pause) * there
    sentences = [min(length, len(words) - first) for first in range(0, len(words), length)]
    found = [one for one in place(words, sentences, sorted(set(sound))) if one]
    ends = [edge for one in found for edge in (one.start, one.end)]
    assert ends == sorted(ends)
    assert all(one.start < one.end for one in found)
