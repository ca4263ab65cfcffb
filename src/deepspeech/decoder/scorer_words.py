"""Words out of a scorer's dictionary, to look at and to see whether an alphabet belongs to it.

In: an open scorer and an alphabet. Out: some words, drawn by random walks through the automaton.
"""

import random

from deepspeech import _native
from deepspeech.text.alphabet import Alphabet

_LONGEST = 200
_TRIES = 20


def sample_words(scorer: _native.Scorer, alphabet: Alphabet, count: int, seed: int = 0) -> list[str]:
    """At most `count` different words, sorted; fewer where there are not so many or the automaton is damaged.

    The alphabet must have a label for each of the dictionary's.
    """
    draw = random.Random(seed)
    found: set[str] = set()
    for _ in range(count * _TRIES):
        if len(found) == min(count, scorer.words):
            break
        labels = _wander(scorer, draw)
        if labels:
            found.add(alphabet.decode(labels).rstrip(" "))
    return sorted(found)


def _wander(scorer: _native.Scorer, draw: random.Random) -> list[int]:
    """Labels of one word; none where the way leads nowhere."""
    labels: list[int] = []
    state = scorer.start
    while len(labels) < _LONGEST:
        ways = scorer.ways(state)
        if not ways:
            return []
        label, state = draw.choice(ways)
        labels.append(label)
        if state == scorer.start:
            return labels
    return []


def fault(scorer: _native.Scorer, model: _native.NgramModel, alphabet: Alphabet) -> str:
    """Why `alphabet` does not belong to the scorer, in a few words; empty where it does.

    Words spelt with another alphabet are not those that the language model knows.
    """
    if scorer.bytes_mode != alphabet.bytes_mode:
        return "it is for bytes, not letters" if scorer.bytes_mode else "it is for letters, not bytes"
    if scorer.labels > len(alphabet.labels):
        return f"its words have {scorer.labels} labels, the alphabet {len(alphabet.labels)}"
    words = sample_words(scorer, alphabet, 200)
    known = sum(1 for word in words if model.id(word))
    if 2 * known < len(words):
        return f"of {len(words)} of its words, spelt with this alphabet, its language model knows {known}"
    return ""
