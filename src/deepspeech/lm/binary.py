"""KenLM binaries: n-gram models that decoders memory-map.

In: Ngrams. Out: a file equal byte for byte to that of KenLM's `build_binary -v`, for every model type except rest
costs. `native/src/kenlm_writer.cc` writes to a memory-mapped file, so the model may be larger than memory.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from deepspeech import _native
from deepspeech.errors import LmError
from deepspeech.files import atomic_path
from deepspeech.lm.ngrams import Ngrams
from deepspeech.progress import Progress

KINDS = ("trie", "probing")

_Floats: TypeAlias = NDArray[np.float32]
_RESERVED_BACKOFFS = 2  # quantization bins for: no longer n-gram, and a back-off of 0
_FLOAT_BYTES = 4


@dataclass(frozen=True)
class BinaryOptions:
    """Options of KenLM's build_binary. The defaults are those of DeepSpeech's released scorers."""

    kind: str = "trie"  # or probing: hash tables, several times as large, faster
    quantize_bits: int = 8  # trie: quantize values to 2^bits bins per order; 0: do not
    array_bits: int = 255  # trie: maximum bits of Bhiksha array pointer compression; 0: none
    probing_multiplier: float = 1.5  # hash table buckets per entry

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise LmError(f"unknown binary type '{self.kind}'; use {' or '.join(KINDS)}")
        if self.quantize_bits and not 2 <= self.quantize_bits <= 25:
            raise LmError(f"quantize_bits is {self.quantize_bits}; use 2 to 25, or 0 for none")
        if not 0 <= self.array_bits <= 255:
            raise LmError(f"array_bits is {self.array_bits}; use 0 to 255")
        if not 1 <= self.probing_multiplier < 1000:
            raise LmError(f"probing_multiplier is {self.probing_multiplier:g}; use 1 to 1000")

    @property
    def type(self) -> int:
        """KenLM's model type number, an index of describe.TYPES."""
        return 0 if self.kind == "probing" else 2 + bool(self.quantize_bits) + 2 * bool(self.array_bits)

    @property
    def quantized(self) -> bool:
        return self.kind == "trie" and self.quantize_bits > 0


def write_binary(ngrams: Ngrams, path: Path, options: BinaryOptions) -> None:
    """Write `ngrams` as a KenLM binary. Raises LmError where they or the disk do not allow it."""
    with atomic_path(path, LmError, lasting=True) as partial:
        fill(ngrams, partial, options)


def fill(ngrams: Ngrams, path: Path, options: BinaryOptions) -> None:
    """Write a KenLM binary to `path`, the caller's temporary file. Raises LmError."""
    try:
        plan = _native.KenlmPlan(
            options.type, list(ngrams.counts), options.quantize_bits or 8, options.quantize_bits or 8,
            options.array_bits, options.probing_multiplier,
        )  # fmt: skip
        with path.open("wb") as file:
            # Allocate the whole file first: a full disk fails here instead of in a write to mapped memory.
            os.posix_fallocate(file.fileno(), 0, plan.size_bytes)
        bins = {n: _bins(ngrams, n, options.quantize_bits, path.parent) for n in _rounded(ngrams, options)}
        _write(ngrams, _native.KenlmWriter(str(path), plan), bins)
    except (RuntimeError, ValueError) as error:
        raise LmError(f"cannot write the language model: it {error}") from None


def _write(ngrams: Ngrams, writer: _native.KenlmWriter, bins: dict[int, tuple[list[float], list[float]]]) -> None:
    for words in ngrams.words():
        writer.words(words)
    with Progress(sum(ngrams.counts), "writing", "n-grams") as progress:
        for n in range(1, ngrams.order + 1):
            if n in bins:
                writer.bins(n, *bins[n])
            for ids, probabilities, backoffs in ngrams.rows(n):
                writer.rows(ids, probabilities, backoffs)
                progress.advance(len(ids))
    writer.finish()


def _rounded(ngrams: Ngrams, options: BinaryOptions) -> Iterator[int]:
    """Orders to quantize: all but unigrams."""
    if options.quantized:
        yield from Progress(ngrams.order - 1, "rounding", "orders").over(range(2, ngrams.order + 1))


def _bins(ngrams: Ngrams, n: int, bits: int, folder: Path) -> tuple[list[float], list[float]]:
    """Quantization centers of order `n`, for probabilities and back-offs: means of equally populated bins."""
    count, longest = ngrams.counts[n - 1], n == ngrams.order
    with _scratch(count, folder) as probabilities, _scratch(0 if longest else count, folder) as backoffs:
        seen = kept = 0
        for _, some, more in ngrams.rows(n):
            probabilities[seen : seen + len(some)] = some
            seen += len(some)
            if not longest:
                some = more[more != 0]
                backoffs[kept : kept + len(some)] = some
                kept += len(some)
        if seen != count:
            raise RuntimeError(f"has {seen} {n}-grams, but counts {count}")
        means = _means(probabilities[:count], 1 << bits)
        return means, [] if longest else _means(backoffs[:kept], (1 << bits) - _RESERVED_BACKOFFS)


def _means(values: _Floats, bins: int) -> list[float]:
    values.sort()
    return _native.bin_means(values, bins)


@contextmanager
def _scratch(count: int, folder: Path) -> Iterator[_Floats]:
    """A memory-mapped temporary array of `count` floats."""
    with tempfile.TemporaryFile(dir=folder) as file:
        os.posix_fallocate(file.fileno(), 0, max(count, 1) * _FLOAT_BYTES)
        yield np.memmap(file, np.float32, "r+", shape=max(count, 1))
