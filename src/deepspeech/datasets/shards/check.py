"""Checks a sharded set before training: transcripts and durations only; audio was checked when it was written."""

from collections.abc import Callable
from typing import Any

import numpy as np

from deepspeech.audio.formats import AudioInfo
from deepspeech.datasets.check import Fault, look
from deepspeech.datasets.shards.shard_set import ShardSet
from deepspeech.features.config import FrontEndConfig
from deepspeech.progress import Progress
from deepspeech.text.tokens import TokenSet


def examine_shards(
    samples: ShardSet,
    alphabet: TokenSet | None,
    features: FrontEndConfig,
    label: str,
    outputs: Callable[[Any], Any] = lambda frames: frames,
) -> tuple[ShardSet, list[Fault]]:
    """Usable samples and faults, like `check.examine_all`, without reading audio.

    `outputs` maps feature frames (a number or an array) to output frames of the network.
    """
    places = samples.contents.suspects(alphabet, features, outputs) if samples.contents else range(len(samples))
    good = np.ones(len(samples), bool)
    faults: list[Fault] = []
    with Progress(len(places), f"checking {label}", "clips") as progress:
        for place in progress.over(places):
            sample = samples[place]
            duration_s = sample.duration_s or 0.0
            found = look(sample, alphabet, features, outputs, AudioInfo(0, 1, 0, duration_s)).faults
            good[place] = not found
            faults += found[:1]
    return samples if good.all() else samples.take(np.flatnonzero(good)), faults
