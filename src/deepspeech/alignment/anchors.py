"""Anchors: words of a text found again among recognized words, in order.

In: two sequences of words. Out: pairs of positions. Rare n-grams of both are matched, and the longest chain that
ascends in both kept; the same again between matches, where more n-grams are rare. So did Mozilla's DSAlign; the chain
is patience sorting's.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

ORDERS = (4, 3, 2)  # of n-grams; shorter ones only between matches of longer ones
RARE = 4  # an n-gram is rare if it makes at most this many pairs
SHORTEST = 2  # words of a run of matches; single ones are as likely chance as not

Pair = tuple[int, int]


def match(text: Sequence[str], heard: Sequence[str]) -> list[Pair]:
    """Pairs (position in `text`, position in `heard`) of equal words, ascending in both."""
    return list(_match(text, heard, 0, len(text), 0, len(heard), 0))


def _match(text: Sequence[str], heard: Sequence[str], a: int, b: int, c: int, d: int, level: int) -> Iterator[Pair]:
    """Pairs within text[a:b] and heard[c:d]."""
    if level == len(ORDERS) or a >= b or c >= d:
        return
    chain = _chain(_candidates(text, heard, a, b, c, d, ORDERS[level]))
    pairs = _words_of(chain, ORDERS[level])
    ends = [(a - 1, c - 1), *pairs, (b, d)]
    for before, after in pairwise(ends):
        if before != ends[0]:
            yield before
        if after[0] - before[0] > 1 and after[1] - before[1] > 1:
            # The same order again where something was found, as more is rare now; else a shorter one.
            yield from _match(text, heard, before[0] + 1, after[0], before[1] + 1, after[1], level + (not pairs))


def _candidates(text: Sequence[str], heard: Sequence[str], a: int, b: int, c: int, d: int, order: int) -> list[Pair]:
    in_text, in_heard = defaultdict[tuple[str, ...], list[int]](list), defaultdict[tuple[str, ...], list[int]](list)
    for place in range(c, d - order + 1):
        in_heard[tuple(heard[place : place + order])].append(place)
    for place in range(a, b - order + 1):
        key = tuple(text[place : place + order])
        if key in in_heard:
            in_text[key].append(place)
    return [
        (i, j)
        for key, places in in_text.items()
        if len(places) * len(in_heard[key]) <= RARE
        for i in places
        for j in in_heard[key]
    ]


def _chain(candidates: list[Pair]) -> list[Pair]:
    """The longest chain of pairs that ascend in both positions (patience sorting)."""
    tops, piles, before = list[int](), list[int](), list[int]()
    ordered = sorted(candidates, key=lambda pair: (pair[0], -pair[1]))
    for number, (_, j) in enumerate(ordered):
        place = bisect_left(tops, j)
        before.append(piles[place - 1] if place else -1)
        if place == len(tops):
            tops.append(j)
            piles.append(number)
        else:
            tops[place], piles[place] = j, number
    chain, at = list[Pair](), piles[-1] if piles else -1
    while at >= 0:
        chain.append(ordered[at])
        at = before[at]
    return chain[::-1]


def _words_of(chain: list[Pair], order: int) -> list[Pair]:
    """Pairs of the words of n-grams, in runs of at least SHORTEST; where n-grams contradict, the first one counts."""
    pairs = list[Pair]()
    for i, j in chain:
        for step in range(order):
            if not pairs or (i + step > pairs[-1][0] and j + step > pairs[-1][1]):
                pairs.append((i + step, j + step))
    return [pair for run in runs(pairs) if len(run) >= SHORTEST for pair in run]


def runs(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Pairs that follow each other in both sequences."""
    found = list[list[Pair]]()
    for pair in pairs:
        if found and pair == (found[-1][-1][0] + 1, found[-1][-1][1] + 1):
            found[-1].append(pair)
        else:
            found.append([pair])
    return found
