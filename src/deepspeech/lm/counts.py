"""Counts: the second stage of estimation: adjusted n-gram counts of all orders.

In: a Corpus. Out: unsorted tables `counts_2`, `counts_3` … with columns `high`, `low` (the n-gram's key, in context
order) and `count` (twice the adjusted count, plus 1 if pruned); unigram counts; counts of counts for the discounts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepspeech import _native
from deepspeech.lm.corpus import Corpus
from deepspeech.lm.store import Store
from deepspeech.progress import Progress

KEY = ("high", "low")


@dataclass(frozen=True)
class Counts:
    """`totals`: for each order, the number of distinct n-grams, and of those with adjusted count 1, 2, 3, 4."""

    totals: list[list[int]]
    words: NDArray[np.uint32]  # by id: twice the adjusted count, plus 1 if pruned


def count(store: Store, corpus: Corpus, order: int, word_bits: int, thresholds: list[int]) -> Counts:
    """Sort the n-grams of the highest order and derive lower-order counts from them (KenLM lm/builder)."""
    window = _native.NgramWindow(order, word_bits, corpus.ids)
    with Progress(corpus.tokens, f"{order}-grams taken", "words") as progress, store.filling():
        for numbers in corpus.pieces(store.piece_rows):
            store.append("occurring", KEY, window.read(numbers))
            progress.advance(len(numbers))
    corpus.numbers.unlink()
    store.sort("occurring", into="sorted")
    ends = corpus.sentence_begin, corpus.sentence_end
    counts = _native.AdjustCounts(order, word_bits, len(corpus.ids), *ends, thresholds)
    with Progress(corpus.tokens, f"{order}-grams counted", "words") as progress, store.filling():
        for high, low in store.pieces("sorted", KEY):
            counts.read(high, low)
            _store_counts(store, counts, order)
            progress.advance(len(high))
        counts.finish()
        _store_counts(store, counts, order)
    store.drop("sorted")
    return Counts(counts.totals(), counts.unigrams())


def _store_counts(store: Store, counts: _native.AdjustCounts, order: int) -> None:
    for n in range(2, order + 1):
        store.append(f"counts_{n}", (*KEY, "count"), counts.take(n))
