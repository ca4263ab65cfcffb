"""Splits samples into train, dev and test without common speakers, or without common sentences.

In: samples with durations. Out: the samples of each set. The same samples, fractions and seed give the same sets: the
order of groups is a hash of group name and seed.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from deepspeech.datasets.sample import Sample
from deepspeech.datasets.survey.survey import sentence
from deepspeech.errors import ConfigError, DataError

SETS = ("train", "dev", "test")
SPEAKER, SENTENCE = "speaker", "sentence"


@dataclass(frozen=True)
class SplitOptions:
    """Fractions of the duration, 0 to 1; train gets the rest. `by`: SPEAKER, SENTENCE, or "" (speaker if known)."""

    dev: float = 0.1
    test: float = 0.1
    seed: int = 4568
    by: str = ""

    def __post_init__(self) -> None:
        if not (self.dev >= 0 and self.test >= 0 and self.dev + self.test < 1):
            raise ConfigError(f"--dev {self.dev:g} --test {self.test:g}: must be fractions, together below 1")
        if self.by not in ("", SPEAKER, SENTENCE):
            raise ConfigError(f"--by {self.by}: use {SPEAKER} or {SENTENCE}")


@dataclass(frozen=True)
class Split:
    """The sets, the kind of group (`by`), and the number of samples without speaker (all in train)."""

    sets: dict[str, list[Sample]]  # in the samples' order; without dev or test if their fraction is 0
    by: str
    groups: dict[str, int]  # speakers or sentences in each set
    nameless: int


def split(samples: Sequence[Sample], options: SplitOptions) -> Split:
    """Split `samples`, all with durations.

    Groups are assigned in random order to the held-out set that lacks most and has room; all others go to train. No
    held-out set exceeds its fraction, or misses it by more than the smallest group in train. Raises DataError if groups
    are too few or too large.
    """
    by = options.by or (SPEAKER if any(sample.speaker for sample in samples) else SENTENCE)
    nameless = sum(not sample.speaker for sample in samples) if by == SPEAKER else 0
    if by == SPEAKER and nameless == len(samples):
        raise DataError("no sample names its speaker; use --speaker-pattern, or --by sentence")
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(_group(sample, by), []).append(sample)
    lengths = {name: sum(_duration_s(sample) for sample in group) for name, group in groups.items()}
    total = sum(lengths.values())
    lacking = {name: share * total for name, share in (("test", options.test), ("dev", options.dev)) if share}
    chosen = dict.fromkeys(groups, "train")
    for name in sorted(groups, key=lambda name: _turn(options.seed, name)):
        fitting = [one for one in lacking if lengths[name] <= lacking[one] + 1e-9]
        if fitting and name:  # "": unknown speakers may be in train
            chosen[name] = max(fitting, key=lambda one: lacking[one])
            lacking[chosen[name]] -= lengths[name]
    sets: dict[str, list[Sample]] = {name: [] for name in SETS if name == "train" or name in lacking}
    for sample in samples:
        sets[chosen[_group(sample, by)]].append(sample)
    _refuse_empty(sets, by, len(groups))
    counts = {name: sum(one == name for one in chosen.values()) for name in sets}
    counts["train"] -= bool(nameless)
    return Split(sets, by, counts, nameless)


def _group(sample: Sample, by: str) -> str:
    """Group of a sample, which must not be split."""
    return sample.speaker if by == SPEAKER else sentence(sample.transcript) or sample.id


def _duration_s(sample: Sample) -> float:
    assert sample.duration_s is not None, "examine the samples first"
    return sample.duration_s


def _turn(seed: int, name: str) -> bytes:
    return hashlib.blake2b(f"{seed}:{name}".encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _refuse_empty(sets: dict[str, list[Sample]], by: str, groups: int) -> None:
    for name, chosen in sets.items():
        if not chosen:
            other = ", or --by sentence" if by == SPEAKER else ""
            raise DataError(
                f"no {by} is left for the {name} set: there are {groups}, none may be in two sets; "
                f"use more samples, other fractions{other}"
            )
