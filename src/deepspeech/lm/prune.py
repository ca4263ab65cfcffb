"""Pruning: which n-grams stay out of the model, by how often they occur and by a limit of the vocabulary.

In: thresholds and limit as people give them; a Corpus. Out: one threshold per order; which words stay.
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
    """One for each order: n-grams that occur at most so often are left out. The last is repeated, as lmplz does it.

    Raises LmError where a longer n-gram would stay whose shorter parts go.
    """
    told = " ".join(map(str, prune))
    if len(prune) > order:
        raise LmError(f"pruning '{told}' has more thresholds than the order {order}; give at most one for each")
    if any(threshold < 0 for threshold in prune):
        raise LmError(f"pruning '{told}' has a negative threshold; 0 keeps everything")
    if any(later < earlier for earlier, later in pairwise(prune)):
        raise LmError(
            f"pruning '{told}' falls; longer n-grams need the shorter ones in them, so thresholds must not fall"
        )
    return [*prune, *[prune[-1] if prune else 0] * (order - len(prune))]


def kept_words(corpus: Corpus, most_frequent: int | None, unigram_threshold: int) -> NDArray[np.bool_]:
    """By id: whether a word stays. Of equally frequent ones those seen first go before.

    What looks like a tag (`<...>`) stays whatever the limit, as with KenLM's `filter`.
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
    """Ids of the words `among` which is true, without markers: the most frequent first, of equals those seen first."""
    wanted = among.copy()
    wanted[[0, corpus.sentence_begin, corpus.sentence_end]] = False
    words = np.flatnonzero(wanted)
    return words[np.lexsort((corpus.first_seen[words], -corpus.occurrences[words].astype(np.int64)))]
