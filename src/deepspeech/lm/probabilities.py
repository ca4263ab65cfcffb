"""Probabilities: the last stage of estimation: interpolated modified Kneser-Ney smoothing.

In: tables `counts_2` …, unigram counts, discounts. Out: tables `ngrams_1`, `ngrams_2` … with columns `high`, `low`
(words, newest first), `probability` and `backoff` (both log10), in suffix order.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepspeech import _native
from deepspeech.lm.counts import KEY, Counts
from deepspeech.lm.discounts import Discounts
from deepspeech.lm.ngrams import COLUMNS, table
from deepspeech.lm.store import Store
from deepspeech.progress import Progress

INITIAL = (*KEY, "share", "backoff")
CONTEXTS = (*KEY, "backoff")


@dataclass(frozen=True)
class Estimation:
    """State shared by the steps; `kept`, by word id, marks the vocabulary after pruning."""

    store: Store
    word_bits: int
    kept: NDArray[np.bool_]
    sentence_begin: int


def unigram_probabilities(job: Estimation, counts: Counts, discounts: Discounts) -> None:
    """Unigram probabilities, interpolated with the uniform distribution over words and `<unk>`; p(`<s>`) is 1."""
    adjusted, pruned = counts.words >> 1, (counts.words & 1).astype(bool)
    stays = ~pruned
    taken = np.array([0.0, *discounts])[np.minimum(adjusted, 3)]
    total = adjusted.sum(dtype=np.float64)
    left = (taken[stays].sum() + adjusted[pruned].sum(dtype=np.float64)) / total
    probability = (adjusted - taken) / total + left / (int(stays.sum()) - 1)
    probability[job.sentence_begin] = 1.0
    ids = np.flatnonzero(job.kept & stays).astype(np.uint32)
    keys = _native.pack_ngrams(ids[:, None], job.word_bits)
    log10 = np.minimum(0.0, np.log10(probability[ids])).astype(np.float32)
    backoff = np.zeros(len(ids), np.float32)
    for high, low, left_over in job.store.pieces("contexts_1", CONTEXTS):
        contexts = _native.unpack_ngrams(high, low, 1, job.word_bits)[:, 0]
        backoff[np.searchsorted(ids, contexts)] = np.log10(left_over)
    job.store.append(table(1), COLUMNS, (*keys, log10, backoff))


def initial_probabilities(job: Estimation, n: int, rows: int, discounts: Discounts) -> None:
    """Discounted probabilities and back-off mass of each context: tables `initial_n`, sorted, and `contexts_(n-1)`."""
    store = job.store
    store.sort(f"counts_{n}", into="by_context")
    discounted = _native.ShareOut(n, job.word_bits, discounts, job.kept.astype(np.uint8))
    with Progress(rows, f"{n}-grams discounted", "n-grams") as progress, store.filling():
        for high, low, marked in store.pieces("by_context", (*KEY, "count")):
            discounted.read(high, low, marked)
            _store_rows(store, discounted, n)
            progress.advance(len(high))
        discounted.finish()
        _store_rows(store, discounted, n)
    store.drop("by_context")
    store.sort("initial", into=f"initial_{n}")


def _store_rows(store: Store, discounted: _native.ShareOut, n: int) -> None:
    store.append("initial", INITIAL, discounted.take_ngrams())
    store.append(f"contexts_{n - 1}", CONTEXTS, discounted.take_contexts())


def interpolate(job: Estimation, n: int) -> None:
    """Interpolate order `n` with the order below and attach back-off weights: table `ngrams_n`."""
    store = job.store
    found = _native.Interpolate(
        n,
        job.word_bits,
        store.pieces(f"initial_{n}", INITIAL),
        store.pieces(table(n - 1), COLUMNS[:3]),
        store.pieces(f"contexts_{n}", CONTEXTS),
    )
    with Progress(store.rows(f"initial_{n}"), f"{n}-grams interpolated", "n-grams") as progress, store.filling():
        while len((rows := found.next())[0]):
            store.append(table(n), COLUMNS, rows)
            progress.advance(len(rows[0]))
        store.append(table(n), COLUMNS, rows)
    del found
    for name in (f"initial_{n}", f"contexts_{n - 1}"):
        store.drop(name)
