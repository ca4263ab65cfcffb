"""estimate(): train a back-off n-gram model on text, with KenLM lmplz's modified Kneser-Ney smoothing.

text → corpus.py → counts.py → discounts.py → probabilities.py → Ngrams
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deepspeech.errors import LmError
from deepspeech.lm.corpus import Corpus, read_corpus
from deepspeech.lm.counts import count
from deepspeech.lm.discounts import Discounts, discounts
from deepspeech.lm.ngrams import PIECE_WORDS, Ngrams, write_words
from deepspeech.lm.normalize import Normalization
from deepspeech.lm.probabilities import Estimation, initial_probabilities, interpolate, unigram_probabilities
from deepspeech.lm.prune import by_frequency, kept_words, thresholds
from deepspeech.lm.store import Store
from deepspeech.lm.texts import MEGABYTE

KEY_BITS = 128
ORDERS = range(2, 7)


@dataclass(frozen=True)
class EstimateOptions:
    """Options of estimate(), named after lmplz's; the defaults prune nothing."""

    order: int = 5  # n-gram order
    prune: tuple[int, ...] = ()  # by order: drop n-grams with at most this count; the last is repeated
    most_frequent: int | None = None  # limit the vocabulary to this many words; None: no limit
    discount_fallback: Discounts | None = None  # discounts where they cannot be estimated; None: raise
    markers_are_space: bool = False  # treat <s>, </s>, <unk> in the text as spaces; False: raise
    normalization: Normalization = field(default_factory=Normalization)
    memory_bytes: int = 2000 * MEGABYTE  # memory limit of the process, approximate; the rest spills to disk
    temporary: Path | None = None  # folder to spill to; None: the system's

    def __post_init__(self) -> None:
        if self.order not in ORDERS:
            raise LmError(f"order is {self.order}; it must be from {ORDERS[0]} to {ORDERS[-1]}")
        if self.most_frequent is not None and self.most_frequent < 1:
            raise LmError(f"most_frequent is {self.most_frequent}; it must be at least 1")


def estimate(texts: Sequence[str | Path], options: EstimateOptions) -> Ngrams:
    """Train on `texts` (plain or .gz files, "-" for standard input; UTF-8, one sentence per line).

    Interpolated modified Kneser-Ney with lmplz's conventions (docs/language-models.md). Raises LmError. Close the
    result: it owns a temporary database.
    """
    limits = thresholds(options.prune, options.order)
    store = Store(options.memory_bytes, options.temporary)
    try:
        return _estimate(texts, options, limits, store)
    except BaseException:
        store.close()
        raise


def _estimate(texts: Sequence[str | Path], options: EstimateOptions, limits: list[int], store: Store) -> Ngrams:
    order = options.order
    corpus = read_corpus(texts, store, options.normalization, options.markers_are_space)
    word_bits = max(1, (len(corpus.ids) - 1).bit_length())
    if order * word_bits > KEY_BITS:
        most = 1 << (KEY_BITS // order)
        raise LmError(
            f"the text has {len(corpus.ids)} different words, more than {most}, the most at order {order}: "
            "clean or lower-case the text, or choose a lower order"
        )
    store.open(order * corpus.tokens, len(corpus.ids))
    kept = kept_words(corpus, options.most_frequent, limits[0])
    write_words(store, (corpus.native.words(numbers) for numbers in _numbers(corpus, kept)))
    counts = count(store, corpus, order, word_bits, limits)
    taken = [discounts(n, total[1:], options.discount_fallback) for n, total in enumerate(counts.totals, 1)]
    job = Estimation(store, word_bits, kept, corpus.sentence_begin)
    for n in range(2, order + 1):
        initial_probabilities(job, n, counts.totals[n - 1][0], taken[n - 1])
        if n == 2:
            unigram_probabilities(job, counts, taken[0])
        else:
            interpolate(job, n - 1)
    interpolate(job, order)
    renumber = None if kept.all() else (np.cumsum(kept) - 1).astype(np.uint32)
    ngrams = Ngrams(store, order, word_bits, int(kept.sum()), renumber)
    ngrams.frequent = (np.cumsum(kept) - 1)[by_frequency(corpus, kept)]
    found = [len(corpus.ids), *(total[0] for total in counts.totals[1:])]
    ngrams.text_words = corpus.tokens - corpus.sentences
    ngrams.report = (*_describe_text(corpus), *_describe_orders(found, ngrams.counts, taken))
    return ngrams


def _numbers(corpus: Corpus, kept: NDArray[np.bool_]) -> Iterator[NDArray[np.uint32]]:
    """Word numbers of the kept vocabulary, in id order."""
    staying = corpus.first_seen[kept]
    for first in range(0, len(staying), PIECE_WORDS):
        yield staying[first : first + PIECE_WORDS]


def _describe_text(corpus: Corpus) -> Iterator[str]:
    words, different = corpus.tokens - corpus.sentences, len(corpus.ids) - 3
    yield f"{words} words, {different} different ones, in {corpus.sentences} sentences"
    yield from filter(None, (str(corpus.skipped.markup), str(corpus.skipped)))


def _describe_orders(found: Sequence[int], kept: Sequence[int], taken: Sequence[Discounts]) -> Iterator[str]:
    for n, (all_of_it, stays, (one, two, three)) in enumerate(zip(found, kept, taken, strict=True), 1):
        yield f"{n}-grams: {stays} of {all_of_it} kept; discounts {one:.3f}, {two:.3f}, {three:.3f}"
