"""Batch: examples padded to the longest and stacked, in NumPy; `training/loader.py` converts it to torch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepspeech.datasets.pipeline import Example


@dataclass(frozen=True)
class Batch:
    """Features [B, T, F] with zeros after each clip's end, lengths in frames, labels one after another.

    Where clips have two views, all first views come first, then all second ones, each with its labels.
    """

    ids: tuple[str, ...]
    features_BTF: NDArray[np.float32]
    lengths_B: NDArray[np.int64]
    labels: NDArray[np.int32]
    label_lengths_B: NDArray[np.int64]


def stack(examples: Sequence[Example]) -> Batch:
    """Stack `examples` into one batch, in their order."""
    seconds = [example.second_TF for example in examples if example.second_TF is not None]
    rows = [*(example.features_TF for example in examples), *seconds]
    labels = [example.labels_L for example in examples] * (2 if seconds else 1)
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    features = np.zeros((len(rows), int(lengths.max()), rows[0].shape[1]), np.float32)
    for place, row in zip(features, rows, strict=True):
        place[: len(row)] = row
    return Batch(
        ids=tuple(example.id for example in examples),
        features_BTF=features,
        lengths_B=lengths,
        labels=np.concatenate(labels),
        label_lengths_B=np.array([len(one) for one in labels], dtype=np.int64),
    )
