"""Forced alignment against a plain walk over the whole lattice."""

import math
from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.decoder.forced import WILDCARD, PathCosts, TokenPath, Unit, force_align
from deepspeech.errors import ConfigError, TextError

BLANK = 3


@st.composite
def cases(draw: st.DrawFn, extended: bool = True) -> tuple[np.ndarray, list[Unit], PathCosts]:
    frames = draw(st.integers(1, 9))
    seed = draw(st.integers(0, 2**16))
    log_probs = np.log(np.random.default_rng(seed).dirichlet(np.full(BLANK + 1, 0.4), frames) + 1e-9)
    ids = st.sampled_from([0, 1, 2, WILDCARD] if extended else [0, 1, 2])
    costs = st.sampled_from([0.5, 2.0, 7.0, math.inf]) if extended else st.just(math.inf)
    groups = st.integers(0, 1) if extended else st.just(0)
    units = draw(st.lists(st.builds(Unit, st.lists(ids, min_size=1, max_size=3), costs, groups), max_size=5))
    if not extended:
        return log_probs.astype(np.float32), units, PathCosts(math.inf, 0.25, -6.0)
    star, pause, inside = (draw(st.sampled_from(few)) for few in ([0.1, 1.0, math.inf], [0.0, 0.3], [0.0, 0.7]))
    share = draw(st.sampled_from([0.4, 2.0, math.inf]))
    return log_probs.astype(np.float32), units, PathCosts(star, 0.25, -6.0, pause, inside, share)


def relative(log_probs: np.ndarray, costs: PathCosts) -> np.ndarray:
    values = log_probs.astype(np.float64)
    return np.maximum(values - values.max(axis=1, keepdims=True), costs.floor)


def emitted(scores_V: np.ndarray, state: int, units: list[Unit], costs: PathCosts) -> float:
    (tokens, borders), token = lattice(units), state // 2
    if state % 2:
        return -costs.wildcard if tokens[token] == WILDCARD else scores_V[tokens[token]]
    if token not in borders:
        return scores_V[BLANK] - costs.inside
    place = borders.index(token)
    within = 0 < place < len(units) and units[place - 1].group == units[place].group
    return max(scores_V[BLANK], -costs.star) - costs.pause * within


def groups(units: list[Unit], costs: PathCosts) -> list[tuple[int, int, float]]:
    """Of each group the borders at which it begins and ends, as numbers, and what it costs to leave it out."""
    found, place = list[tuple[int, int, float]](), 0
    for _, own in groupby(units, key=lambda unit: unit.group):
        members = list(own)
        found.append((place, place + len(members), costs.group_share * sum(unit.omit_cost for unit in members)))
        place += len(members)
    return found


def lattice(units: list[Unit]) -> tuple[list[int], list[int]]:
    tokens = [token for unit in units for token in unit.tokens]
    return tokens, np.cumsum([0, *(len(unit.tokens) for unit in units)]).tolist()


def oracle(log_probs: np.ndarray, units: list[Unit], costs: PathCosts) -> float:
    """The score of the best path."""
    tokens, borders = lattice(units)
    before = np.full(2 * len(tokens) + 1, -math.inf)
    for frame, scores_V in enumerate(relative(log_probs, costs)):
        now = before.copy()
        for state in range(len(now)):
            if state:
                now[state] = max(now[state], before[state - 1])
            if state % 2 and state > 1 and tokens[state // 2] != tokens[state // 2 - 1]:
                now[state] = max(now[state], before[state - 2])
            if frame == 0:
                now[state] = 0.0 if state < 2 else -math.inf
            now[state] += emitted(scores_V, state, units, costs)
        for place, unit in enumerate(units, 1):
            end = 2 * borders[place]
            now[end] = max(now[end], now[2 * borders[place - 1]] - unit.omit_cost)
            for first, last, cost in groups(units, costs):
                if last == place:
                    now[end] = max(now[end], now[2 * borders[first]] - cost)
        before = now
    return max(before[-2:])


def rescored(path: TokenPath, log_probs: np.ndarray, units: list[Unit], costs: PathCosts) -> float:
    """The score of the states of a path."""
    tokens, borders = lattice(units)
    total, last = 0.0, 0
    for scores_V, state in zip(relative(log_probs, costs), path.states_T.tolist(), strict=True):
        total += emitted(scores_V, state, units, costs)
    starts, _ = path.token_frames(len(tokens))
    left_out = list[bool]()
    for start, end in pairwise(borders):
        said = starts[start:end] >= 0
        assert said.all() or not said.any(), "a unit is said whole or not at all"
        left_out.append(not said.any())
    for first, end, cost in groups(units, costs):
        own = sum(unit.omit_cost for unit, out in zip(units[first:end], left_out[first:end], strict=True) if out)
        total -= min(own, cost) if all(left_out[first:end]) else own
    for state in path.states_T.tolist():
        assert state >= last
        last = state
    return total


@given(cases())
def test_scores_are_those_of_the_best_path(case: tuple[np.ndarray, list[Unit], PathCosts]) -> None:
    log_probs, units, costs = case
    best = oracle(log_probs, units, costs)
    if best == -math.inf:
        with pytest.raises(TextError, match="no path"):
            force_align(log_probs, units, BLANK, costs)
        return
    path = force_align(log_probs, units, BLANK, costs)
    assert path.score == pytest.approx(best, abs=1e-5)
    assert rescored(path, log_probs, units, costs) == pytest.approx(best, abs=1e-5)


@given(cases(extended=False))
def test_without_costs_it_is_plain_ctc(case: tuple[np.ndarray, list[Unit], PathCosts]) -> None:
    log_probs, units, costs = case
    tokens = [token for unit in units for token in unit.tokens]
    if len(log_probs) < len(tokens) + sum(a == b for a, b in pairwise(tokens)):
        return
    states = force_align(log_probs, units, BLANK, costs).states_T.tolist()
    classes = [BLANK if state % 2 == 0 else tokens[state // 2] for state in states]
    runs = [one for place, one in enumerate(classes) if place == 0 or states[place] != states[place - 1]]
    assert [one for one in runs if one != BLANK] == tokens


@given(cases(), st.integers(1, 30))
def test_back_pointers_in_blocks_give_the_same_path(
    case: tuple[np.ndarray, list[Unit], PathCosts], memory_bytes: int
) -> None:
    log_probs, units, costs = case
    try:
        whole = force_align(log_probs, units, BLANK, costs)
    except TextError:
        return
    assert np.array_equal(
        force_align(log_probs, units, BLANK, costs, memory_bytes=memory_bytes).states_T, whole.states_T
    )


def spoken(tokens: list[int], frames_each: int = 3) -> np.ndarray:
    """Log probabilities of a network that is sure of `tokens`, a blank between each two."""
    classes = [one for token in tokens for one in (BLANK, *[token] * frames_each)]
    rows = np.full((len(classes), BLANK + 1), np.log(0.01), np.float32)
    rows[range(len(classes)), classes] = np.log(0.97)
    return rows


def test_a_narrow_band_finds_an_even_path_in_little_memory() -> None:
    random = np.random.default_rng(3)
    tokens = random.integers(0, 3, 3000).tolist()
    units = [Unit(tokens[start : start + 5]) for start in range(0, 3000, 5)]
    path = force_align(spoken(tokens), units, BLANK, band=200, memory_bytes=4000)
    starts, ends = path.token_frames(len(tokens))
    assert starts.tolist() == list(range(1, 4 * 3000, 4))
    assert ends.tolist() == list(range(4, 4 * 3000 + 1, 4))


def test_a_band_too_narrow_is_an_error_not_a_crash() -> None:
    early = spoken([0, 1] * 50, 1)[:150]
    late = np.concatenate([early, np.tile(spoken([0])[:1], (5000, 1))])
    path = force_align(late, [Unit([0, 1] * 37)], BLANK, band=3)
    assert path.score < -100


def test_missing_text_and_foreign_sound_are_found() -> None:
    said, foreign, missing = [0, 1, 2], [2, 2, 0, 0, 1, 1], [2, 1] * 5
    log_probs = spoken([*said, *foreign, *said])
    costs = PathCosts(star=0.4)
    units = [Unit(said, 10.0), Unit(missing, 10.0), Unit(said, 10.0)]
    starts, ends = force_align(log_probs, units, BLANK, costs).token_frames(16)
    assert starts.tolist() == [1, 5, 9, *[-1] * 10, 37, 41, 45]
    assert ends.tolist()[:3] == [4, 8, 12]


def test_a_group_is_left_out_for_less_than_its_units() -> None:
    first, second = [[0, 1], [2, 0], [1, 2]], [[2, 1], [0, 2], [1, 0]]
    log_probs = spoken([token for word in second for token in word])
    units = [Unit(word, 30.0, group) for group, words in enumerate((first, second)) for word in words]
    path = force_align(log_probs, units, BLANK, PathCosts(star=2.0, group_share=0.25))
    assert path.token_frames(12)[0].tolist() == [*[-1] * 6, *range(1, 24, 4)]
    assert path.score == pytest.approx(-0.25 * 90)
    smeared = force_align(log_probs, units, BLANK, PathCosts(star=2.0))
    assert (smeared.token_frames(12)[0] >= 0).all()  # the sentence that is not there takes a part of the other's sound


def test_sounds_that_lie_together_are_preferred() -> None:
    """Of two equal sounds a word takes the one near its neighbor, and a token that near its word."""
    log_probs = spoken([0, 1, 0, 1])
    log_probs[8:9] = log_probs[0]
    for units in ([Unit([0]), Unit([1])], [Unit([0, 1])]):
        costs = PathCosts(star=0.1, pause=0.05, inside=0.05)
        starts, _ = force_align(np.concatenate([log_probs[:4], log_probs[8:]]), units, BLANK, costs).token_frames(2)
        assert starts[1] - starts[0] == 4


def test_a_wildcard_takes_the_sound_between_its_neighbours() -> None:
    starts, ends = force_align(
        spoken([0, 1, 2, 1, 0]), [Unit([0]), Unit([WILDCARD]), Unit([0])], BLANK, PathCosts(star=0.4)
    ).token_frames(3)
    assert (starts.tolist(), ends.tolist()) == ([1, 5, 17], [4, 16, 20])


def test_nothing_to_align() -> None:
    assert force_align(spoken([0]), [], BLANK).states_T.tolist() == [0, 0, 0, 0]
    assert len(force_align(np.zeros((0, 4), np.float32), [], BLANK).states_T) == 0
    with pytest.raises(TextError, match="no path"):
        force_align(np.zeros((0, 4), np.float32), [Unit([1])], BLANK)


@pytest.mark.parametrize("token", [-2, BLANK, 9])
def test_tokens_out_of_range(token: int) -> None:
    with pytest.raises(TextError, match="out of range"):
        force_align(spoken([0]), [Unit([token])], BLANK)


def test_numbers_that_are_none() -> None:
    broken = spoken([0])
    broken[1, 1] = math.nan
    with pytest.raises(TextError, match="must be numbers"):
        force_align(broken, [Unit([0])], BLANK)


def test_no_class_at_all_counts_as_any() -> None:
    rows = np.full((4, 4), -math.inf, np.float32)
    assert force_align(rows, [Unit([0])], BLANK).score == pytest.approx(-48.0)


@pytest.mark.parametrize("name", ["star", "wildcard", "pause", "inside", "group_share"])
def test_costs_below_zero_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name}.* must not be negative"):
        PathCosts(**{name: -1.0})


def test_a_floor_of_zero_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"floor.* must be negative"):
        PathCosts(floor=0.0)
