"""DecodeOptions: settings of the beam search."""

import math
from dataclasses import dataclass

from deepspeech.errors import ConfigError
from deepspeech.settings import setting

LARGEST_WEIGHT = 1e6  # larger weights may overflow sums of float32
PRUNING = ("beam_threshold", "token_min_logp")  # options that 0.9.3 did not have


@dataclass(frozen=True)
class DecodeOptions:
    """Settings of the beam search; the defaults are those of DeepSpeech 0.9.3's client, and pruning.

    Pruning drops what can hardly win: by score as flashlight's `beamthreshold`, by token as pyctcdecode's
    `token_min_logp`. It makes the search several times faster; decision 25 has figures.
    """

    beam_width: int = setting(500, "label sequences kept after each frame", "100 or less for speed", "sequences")
    cutoff_prob: float = setting(
        1.0, "per frame, use the most probable classes up to this cumulative probability; 1: all", "seldom"
    )
    cutoff_top_n: int = setting(
        40, "and at most this many; no effect where cutoff_prob is 1, as in 0.9.3", "with cutoff_prob", "classes"
    )
    alpha: float | None = setting(
        None, "weight of the scorer's language model; not set: what the scorer recommends", "after `deepspeech lm tune`"
    )
    beta: float | None = setting(
        None,
        "added for each word; not set: what the scorer recommends",
        "after `deepspeech lm tune`",
        "natural logarithm",
    )
    beam_threshold: float = setting(
        16.0,
        "drop sequences whose score is this far below the best, but for 64; 0: none",
        "0 to search as 0.9.3 did",
        "natural logarithm",
    )
    token_min_logp: float = setting(
        -14.0,
        "per frame, use tokens of at least this logarithm of a probability; 0: all",
        "0 to search as 0.9.3 did",
        "natural logarithm",
    )

    def __post_init__(self) -> None:
        for name in ("beam_width", "cutoff_top_n"):
            if getattr(self, name) < 1:
                raise ConfigError(f"decoding.{name} is {getattr(self, name)}; it must be at least 1")
        if not 0 < self.cutoff_prob <= 1:
            raise ConfigError(f"decoding.cutoff_prob is {self.cutoff_prob:g}; it must be above 0 and at most 1")
        if not 0 <= self.beam_threshold < math.inf:
            raise ConfigError(
                f"decoding.beam_threshold is {self.beam_threshold:g}; it must be positive, or 0: no pruning"
            )
        if not -math.inf < self.token_min_logp <= 0:
            raise ConfigError(
                f"decoding.token_min_logp is {self.token_min_logp:g}; it must be negative, or 0: all tokens"
            )
        for name in ("alpha", "beta"):
            value = getattr(self, name)
            if value is not None and not abs(value) < LARGEST_WEIGHT:
                raise ConfigError(f"decoding.{name} is {value:g}; it must be a number below {LARGEST_WEIGHT:g}")
