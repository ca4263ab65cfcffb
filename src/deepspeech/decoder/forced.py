"""Forced alignment: which frames of an emission say which token of a known text.

In: log probabilities of a network and token ids. Out: the best CTC path, frame by frame. The search is C++:
`native/src/ctc_align.cc`. Shapes: T frames, V classes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

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

    def __post_init__(self) -> None:
        if not (self.star >= 0 and self.wildcard >= 0 and self.floor < 0):
            raise ConfigError(
                f"costs of an alignment are star {self.star:g}, wildcard {self.wildcard:g}, floor {self.floor:g}; "
                "the first two must not be negative, the floor must be"
            )


@dataclass(frozen=True)
class Unit:
    """Tokens that are said or left out together: a word, or the space between two."""

    tokens: Sequence[int]  # ids, or WILDCARD
    omit_cost: float = math.inf  # infinity: it must be said


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
    try:
        states, score = _native.ctc_align(
            np.ascontiguousarray(log_probs_TV, np.float32),
            [int(token) for unit in units for token in unit.tokens],
            np.cumsum([len(unit.tokens) for unit in units], dtype=np.int64).tolist(),
            [float(unit.omit_cost) for unit in units],
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
