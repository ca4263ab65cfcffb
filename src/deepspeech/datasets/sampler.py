"""Batch sampler: groups samples of similar length, determined by lengths and (seed, epoch)."""

from collections.abc import Sequence

import numpy as np

from deepspeech.datasets.augment.spec import keyed_random

JITTER = 0.25  # random relative change of lengths before sorting


def batches(
    lengths: Sequence[float], size: int, order: str, seed: int, epoch: int, limit: float = 0.0
) -> list[list[int]]:
    """Positions in the data set, grouped by similar length into batches of `size`; the last one may be smaller.

    With a `limit`, `size` is ignored: a batch holds samples up to a total length of `limit`, padding included; a longer
    sample is a batch of its own.

    `order` is "ascending", "descending" (by length, the same each epoch) or "shuffled": lengths are
    jittered, sorted, cut into batches, and the batches shuffled; the first epoch is ascending (SortaGrad, Amodei et al.
    2015).
    """
    values = np.asarray(lengths, dtype=np.float64)
    if order == "shuffled" and epoch == 0:
        order = "ascending"
    if order == "shuffled":
        random = keyed_random(seed, epoch)
        values = values * random.uniform(1 - JITTER, 1 + JITTER, len(values))
    positions = np.argsort(values, kind="stable")
    if order == "descending":
        positions = positions[::-1]
    if limit:
        groups = _filled(positions.tolist(), lengths, limit)
    else:
        groups = [positions[start : start + size].tolist() for start in range(0, len(positions), size)]
    if order == "shuffled":
        random.shuffle(groups)
    return groups


def _filled(positions: Sequence[int], lengths: Sequence[float], limit: float) -> list[list[int]]:
    groups: list[list[int]] = []
    longest = 0.0
    for position in positions:
        longest = max(longest, lengths[position])
        if groups and longest * (len(groups[-1]) + 1) <= limit:
            groups[-1].append(position)
        else:
            groups.append([position])
            longest = lengths[position]
    return groups
