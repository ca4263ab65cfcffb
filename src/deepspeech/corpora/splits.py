"""Splits into training, development and test sets: those of the old importers, the same at every import.

In: items of a corpus, in order. Out: the items of train, dev and test, each exactly once.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np

from deepspeech.corpora.clip import Clip
from deepspeech.datasets.survey.survey import sentence

Item = TypeVar("Item")


def by_tens(items: Iterable[Item]) -> dict[str, list[Item]]:
    """Of every ten clips the first to test, the second to dev, eight to train: the split of several old importers."""
    sets: dict[str, list[Item]] = {"train": [], "dev": [], "test": []}
    for number, item in enumerate(items):
        sets[{0: "test", 1: "dev"}.get(number % 10, "train")].append(item)
    return sets


def by_sentence(clips: Iterable[Clip], label: Callable[[str], str | None]) -> dict[str, list[Clip]]:
    """`by_tens` of sentences: clips whose `label` is the same, whatever its case and punctuation, are in one set."""
    groups: dict[str, list[Clip]] = {}
    for clip in clips:
        said = label(" ".join(clip.sentence.split())) or clip.sentence
        groups.setdefault(sentence(said) or str(clip.source), []).append(clip)
    return {name: [clip for group in some for clip in group] for name, some in by_tens(groups.values()).items()}


def by_order(items: Sequence[Item]) -> dict[str, list[Item]]:
    """The first 64 % to train, the next 16 % to dev, the rest to test: Fisher's and Switchboard's split."""
    test = int(0.8 * len(items))
    dev = int(0.8 * test)
    return {"train": list(items[:dev]), "dev": list(items[dev:test]), "test": list(items[test:])}


def at_random(items: Sequence[Item], held_out: int, seed: int) -> dict[str, list[Item]]:
    """`held_out` each for dev and test, at most a tenth, drawn with NumPy's generator as in the old importers."""
    held_out = min(held_out, len(items) // 10)
    mixed = [items[i] for i in np.random.RandomState(seed).permutation(len(items))]
    train = len(items) - 2 * held_out
    return {"train": mixed[:train], "dev": mixed[train : train + held_out], "test": mixed[train + held_out :]}


def by_speaker(clips: Sequence[Clip]) -> dict[str, list[Clip]]:
    """Speaker-disjoint dev and test sets, from the speakers with the fewest clips.

    With one speaker or too few, clips are drawn at random.
    """
    wanted = sample_size(len(clips))
    groups: dict[str, list[Clip]] = {}
    for clip in clips:
        groups.setdefault(clip.speaker, []).append(clip)
    waiting = sorted(groups.values(), key=len)
    sets: dict[str, list[Clip]] = {"train": [], "dev": [], "test": []}
    while waiting and min(len(sets["dev"]), len(sets["test"])) < wanted:
        smaller = min("dev", "test", key=lambda name: len(sets[name]))
        sets[smaller] += waiting.pop(0)
    sets["train"] = [clip for group in waiting for clip in group]
    if sets["train"]:
        return sets
    mixed = random.Random(42).sample(clips, len(clips))
    return {"dev": mixed[:wanted], "test": mixed[wanted : 2 * wanted], "train": mixed[2 * wanted :]}


def sample_size(population: int) -> int:
    """Sample size that estimates the error rate of `population` within 1 % at 99 % confidence, for two sets."""
    infinite = 2.58**2 * 0.25 / 0.01**2
    for train in range(population, 0, -1):
        size = int(infinite / (1 + infinite / train))
        if 2 * size + train <= population:
            return size
    return 0
