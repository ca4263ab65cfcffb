"""Forced alignment: which frames of an emission say which token of a known text.

In: log probabilities of a network and token ids. Out: the best CTC path, frame by frame. The search is C++:
`native/src/ctc_align.cc`. Shapes: T frames, V classes.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from deepspeech import _native
from deepspeech.decoder.emission import Float32
from deepspeech.errors import ConfigError, TextError

WILDCARD: int = _native.WILDCARD  # a token id that stands for any sound


@dataclass(frozen=True)
class PathCosts:
    """What a path pays where text and sound do not fit, in natural logarithms relative to a frame's best class."""

    star: float = math.inf  # per frame of sound that is not in the text, between units; infinity: there is none
    wildcard: float = 0.05  # per frame of a wildcard: it should take no more than it needs
    floor: float = -12.0  # the lowest score of a class in a frame: one frame proves nothing alone
    pause: float = 0.0  # per frame between units of a group, sound or silence
    inside: float = 0.0  # per frame between tokens of a unit
    group_share: float = math.inf  # a whole group may be left out for this share of what its units cost

    def __post_init__(self) -> None:
        for name in ("star", "wildcard", "pause", "inside", "group_share"):
            if not getattr(self, name) >= 0:
                raise ConfigError(
                    f"{name}, a cost of an alignment, is {getattr(self, name):g}; it must not be negative"
                )
        if not self.floor < 0:
            raise ConfigError(f"floor, of the scores of an alignment, is {self.floor:g}; it must be negative")


@dataclass(frozen=True)
class Unit:
    """Tokens that are said or left out together: a word, or the space between two."""

    tokens: Sequence[int]  # ids, or WILDCARD
    omit_cost: float = math.inf  # infinity: it must be said
    group: int = 0  # units in a row with the same one, a sentence, are a group


@dataclass(frozen=True, eq=False)
class TokenPath:
    """The best path. State 2 i is the gap before token i, state 2 i + 1 token i."""

    states_T: NDArray[np.int32]
    score: float  # sum over frames, relative to the best class of each, less the costs; at most 0

    def token_frames(self, tokens: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The first frame of each of the `tokens`, and the frame after its last one; -1 for tokens left out."""
        starts, ends = np.full(tokens, -1), np.full(tokens, -1)
        frames = np.flatnonzero(self.states_T & 1)
        said = self.states_T[frames] // 2
        ends[said] = frames + 1
        starts[said[::-1]] = frames[::-1]
        return starts, ends


def force_align(
    log_probs_TV: Float32,
    units: Sequence[Unit],
    blank: int,
    costs: PathCosts | None = None,
    band: int = 20_000,
    memory_bytes: int = 1 << 26,
) -> TokenPath:
    """The best path of `units`, in order, through all frames.

    `band`: states (two for each token) searched in each frame, along the diagonal. `memory_bytes`: of back-pointers,
    two bits each; more are computed twice. Raises TextError where the text does not fit into the frames.
    """
    costs = costs or PathCosts()
    units = [unit for unit in units if len(unit.tokens)]
    groups = [(len(own), sum(unit.omit_cost for unit in own)) for own in _groups(units)]
    ends = np.cumsum([len(unit.tokens) for unit in units], dtype=np.int64)
    try:
        states, score = _native.ctc_align(
            np.ascontiguousarray(log_probs_TV, np.float32),
            [int(token) for unit in units for token in unit.tokens],
            ends.tolist(),
            [float(unit.omit_cost) for unit in units],
            ends[np.cumsum([count for count, _ in groups], dtype=np.int64) - 1].tolist(),
            [costs.group_share * cost if cost else 0.0 for _, cost in groups],
            _gap_costs(units, costs),
            blank,
            costs.star,
            costs.wildcard,
            costs.floor,
            band,
            memory_bytes,
        )
    except ValueError as error:
        raise TextError(f"the text cannot be aligned: {error}") from None
    return TokenPath(states, score)


def _groups(units: Sequence[Unit]) -> Iterator[list[Unit]]:
    return (list(own) for _, own in groupby(units, key=lambda unit: unit.group))


def _gap_costs(units: Sequence[Unit], costs: PathCosts) -> list[float]:
    """Of the gap before each token and after the last one; between groups there is none."""
    gaps = [0.0]
    for unit, following in pairwise([*units, None]):
        gaps += [costs.inside] * (len(unit.tokens) - 1) if unit else []
        gaps.append(costs.pause if unit and following and unit.group == following.group else 0.0)
    return gaps
