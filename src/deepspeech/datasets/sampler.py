"""Which samples make a batch, and when. Decided on lengths alone, the same for the same (seed, epoch)."""

from collections.abc import Sequence

import numpy as np

from deepspeech.datasets.augment.spec import keyed_random

JITTER = 0.25  # a clip may be batched with others up to about this share longer or shorter


def batches(
    lengths: Sequence[float], size: int, order: str, seed: int, epoch: int, limit: float = 0.0
) -> list[list[int]]:
    """Positions in the data set, grouped by similar length into batches of `size`; the last one may be smaller.

    With a `limit`, `size` does not matter: a batch holds as many as are `limit` long together, each counted as long as
    the longest, for that is what padding makes of them; what is longer by itself is a batch of its own.

    `order` is "ascending", "descending" (by length, the same each epoch) or "shuffled": lengths are blurred by a draw
    for each clip, cut into batches, and the batches mixed; but the first epoch ascends, for CTC finds its feet on
    short clips (SortaGrad, Amodei et al. 2015).
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
