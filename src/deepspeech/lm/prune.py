"""Pruning by count threshold and by vocabulary size.

In: thresholds and a vocabulary limit, as options; a Corpus. Out: one threshold per order; a mask of kept words.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from deepspeech.errors import LmError
from deepspeech.lm.corpus import Corpus

DEFAULT = (0, 0, 1)


def parse_thresholds(told: Sequence[str], order: int) -> tuple[int, ...]:
    """The numbers of `0 0 1`, `0|0|1` or `0,0,1`; those of the default are cut to the order. Raises LmError."""
    try:
        numbers = tuple(int(number) for one in told for number in re.split(r"[|,\s]+", one.strip()))
    except ValueError:
        raise LmError(f"--prune {' '.join(told)}: these are no numbers; write for example --prune 0 0 1") from None
    return numbers[:order] if numbers == DEFAULT else numbers


def thresholds(prune: Sequence[int], order: int) -> list[int]:
    """Count thresholds per order: n-grams with at most this count are pruned. The last one is repeated, as in lmplz.

    Raises LmError where thresholds decrease, which would keep n-grams without their shorter parts.
    """
    written = " ".join(map(str, prune))
    if len(prune) > order:
        raise LmError(f"pruning '{written}' has more thresholds than the order {order}; give at most one for each")
    if any(threshold < 0 for threshold in prune):
        raise LmError(f"pruning '{written}' has a negative threshold; 0 keeps everything")
    if any(later < earlier for earlier, later in pairwise(prune)):
        raise LmError(
            f"pruning '{written}' decreases; longer n-grams need their shorter parts, so thresholds must not decrease"
        )
    return [*prune, *[prune[-1] if prune else 0] * (order - len(prune))]


def kept_words(corpus: Corpus, most_frequent: int | None, unigram_threshold: int) -> NDArray[np.bool_]:
    """Mask by word id of the vocabulary after pruning. Ties in frequency are kept in order of first occurrence.

    Tags (`<...>`) are always kept, as with KenLM's `filter`.
    """
    kept = corpus.occurrences > unigram_threshold
    kept[[0, corpus.sentence_begin, corpus.sentence_end]] = True
    if most_frequent is None:
        return kept
    beyond = by_frequency(corpus, np.ones(len(corpus.ids), np.bool_))[most_frequent:]
    tags = [word.startswith("<") and word.endswith(">") for word in corpus.native.words(corpus.first_seen[beyond])]
    kept[beyond[~np.array(tags, bool)]] = False
    return kept


def by_frequency(corpus: Corpus, among: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Ids of the words in the mask `among`, without markers, by falling frequency; ties by first occurrence."""
    wanted = among.copy()
    wanted[[0, corpus.sentence_begin, corpus.sentence_end]] = False
    words = np.flatnonzero(wanted)
    return words[np.lexsort((corpus.first_seen[words], -corpus.occurrences[words].astype(np.int64)))]
