"""Counts: the second stage of estimation, from numbers of words to adjusted counts of n-grams of all orders.

In: a Corpus. Out: tables `counts_2`, `counts_3` … with columns `high`, `low` (words, as sorted by context) and `count`
(twice the adjusted count, odd where the n-gram is pruned), unsorted; the counts of words; what discounts need.
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
    """`totals`: for each order, different n-grams and how many of adjusted count 1, 2, 3, 4."""

    totals: list[list[int]]
    words: NDArray[np.uint32]  # by id: twice the adjusted count, odd where the word is pruned


def count(store: Store, corpus: Corpus, order: int, word_bits: int, thresholds: list[int]) -> Counts:
    """Sorts every n-gram of the highest order and reads those of lower orders off them (KenLM lm/builder)."""
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
            _tell(store, counts, order)
            progress.advance(len(high))
        counts.finish()
        _tell(store, counts, order)
    store.drop("sorted")
    return Counts(counts.totals(), counts.unigrams())


def _tell(store: Store, counts: _native.AdjustCounts, order: int) -> None:
    for n in range(2, order + 1):
        store.append(f"counts_{n}", (*KEY, "count"), counts.take(n))
