"""Interpolated modified Kneser-Ney in dictionaries, straight from the definition: what estimation is compared with.

Conventions of KenLM's lmplz; slow, and for texts of a few hundred words.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache

Gram = tuple[str, ...]
Model = dict[Gram, tuple[float, float]]  # log10 of probability and of back-off

FALLBACK = (0.5, 1.0, 1.5)


def estimate(sentences: Sequence[Sequence[str]], order: int, prune: Sequence[int] = ()) -> Model:
    """The model of `sentences`; discounts fall back where they cannot be estimated."""
    thresholds = [*prune, *[prune[-1] if prune else 0] * (order - len(prune))]
    occurring: Counter[Gram] = Counter()
    for sentence in sentences:
        words = ["<s>", *sentence, "</s>"]
        for n in range(1, order + 1):
            occurring.update(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
    before: dict[Gram, set[str]] = defaultdict(set)
    for gram in occurring:
        if len(gram) > 1:
            before[gram[1:]].add(gram[0])
    counts: Counter[Gram] = Counter()
    for gram, times in occurring.items():
        counts[gram] = times if len(gram) == order or gram[0] == "<s>" else len(before[gram])
    counts[("<s>",)] = counts[("<unk>",)] = 0
    markers = {("<s>",), ("</s>",), ("<unk>",)}
    kept = {gram for gram in counts if gram in markers or occurring[gram] > thresholds[len(gram) - 1]}
    taken = {n: discounts([count for gram, count in counts.items() if len(gram) == n]) for n in range(1, order + 1)}
    by_context: dict[Gram, list[Gram]] = defaultdict(list)
    for gram in counts:
        by_context[gram[:-1]].append(gram)
    left, totals = {}, {}
    for context, grams in by_context.items():
        totals[context] = sum(counts[gram] for gram in grams)
        off = sum(discount(counts[gram], taken[len(gram)]) if gram in kept else counts[gram] for gram in grams)
        left[context] = off / totals[context]
    uniform = 1 / (sum(len(gram) == 1 for gram in kept) - 1)

    @cache
    def probability(gram: Gram) -> float:
        if gram == ("<s>",):
            return 1.0
        lower = probability(gram[1:]) if len(gram) > 1 else uniform
        return (counts[gram] - discount(counts[gram], taken[len(gram)])) / totals[gram[:-1]] + left[gram[:-1]] * lower

    return {gram: (min(0.0, math.log10(probability(gram))), math.log10(left.get(gram, 1.0))) for gram in kept}


def discount(count: int, taken: Sequence[float]) -> float:
    return (0.0, *taken)[min(count, 3)]


def discounts(counts: Sequence[int]) -> Sequence[float]:
    n = [sum(count == j for count in counts) for j in range(5)]
    if 0 in n[1:4]:
        return FALLBACK
    y = n[1] / (n[1] + 2 * n[2])
    found = [j - (j + 1) * y * n[j + 1] / n[j] for j in (1, 2, 3)]
    return found if all(0 < value <= j for j, value in enumerate(found, 1)) else FALLBACK


def backing_off(model: Model, context: Gram, word: str) -> float:
    """Probability of `word` after `context`."""
    if (*context, word) in model:
        return 10 ** model[(*context, word)][0]
    return 10 ** model.get(context, (0.0, 0.0))[1] * backing_off(model, context[1:], word)
