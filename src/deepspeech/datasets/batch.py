"""Batch: examples padded to the longest and stacked, in NumPy; `training/loader.py` converts it to torch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepspeech.datasets.pipeline import Example


@dataclass(frozen=True)
class Batch:
    """Features [B, T, F] with zeros after each clip's end, lengths in frames, labels one after another."""

    ids: tuple[str, ...]
    features_BTF: NDArray[np.float32]
    lengths_B: NDArray[np.int64]
    labels: NDArray[np.int32]
    label_lengths_B: NDArray[np.int64]


def stack(examples: Sequence[Example]) -> Batch:
    """Stack `examples` into one batch, in their order."""
    lengths = np.array([len(example.features_TF) for example in examples], dtype=np.int64)
    features = np.zeros((len(examples), int(lengths.max()), examples[0].features_TF.shape[1]), np.float32)
    for row, example in zip(features, examples, strict=True):
        row[: len(example.features_TF)] = example.features_TF
    return Batch(
        ids=tuple(example.id for example in examples),
        features_BTF=features,
        lengths_B=lengths,
        labels=np.concatenate([example.labels_L for example in examples]),
        label_lengths_B=np.array([len(example.labels_L) for example in examples], dtype=np.int64),
    )
