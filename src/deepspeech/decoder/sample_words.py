"""Words out of a scorer's dictionary, to look at and to see whether an alphabet belongs to it.

In: an open scorer and an alphabet. Out: some words, drawn by wandering through the automaton.
"""

import random
from collections import Counter

from deepspeech import _native
from deepspeech.text.tokens import TokenSet

_LONGEST = 200
_FRUITLESS = 500  # tries without a new word, after which there are hardly more
_TESTED = 300  # words of a scorer, to see whether an alphabet is its own
_ENOUGH = 10  # words with one label


def sample_words(scorer: _native.Scorer, alphabet: TokenSet, count: int, seed: int = 0) -> list[str]:
    """At most `count` different words, sorted; fewer where there are not so many or the automaton is damaged.

    The alphabet must have a label for each of the dictionary's.
    """
    draw = random.Random(seed)
    found: set[str] = set()
    fruitless = 0
    while len(found) < count and fruitless < _FRUITLESS:
        before = len(found)
        if labels := _wander(scorer, draw):
            found.add(alphabet.decode(labels).rstrip(" "))
        fruitless = 0 if len(found) > before else fruitless + 1
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


def misfit(scorer: _native.Scorer, alphabet: TokenSet) -> str:
    """Why `alphabet` is not the one that the scorer was built with, in a few words; empty where it may be.

    The scorer holds label ids and no characters. Its words, spelled with another alphabet, are not those that its
    language model knows; some may be, where the vocabulary was larger than the model's, but none that hold a certain
    label only where that label is another character.
    """
    if scorer.bytes_mode != alphabet.bytes_mode:
        return "it is for bytes, not letters" if scorer.bytes_mode else "it is for letters, not bytes"
    if scorer.labels > len(alphabet.labels):
        return f"its words have {scorer.labels} labels, the alphabet {len(alphabet.labels)}"
    words = sample_words(scorer, alphabet, _TESTED)
    known = [word for word in words if scorer.knows(word)]
    holding = Counter(character for word in words for character in set(word))
    right = {character for word in known for character in word}
    wrong = [character for character, count in holding.items() if count >= _ENOUGH and character not in right]
    if 2 * len(known) >= len(words) and not wrong:
        return ""
    figures = f"of {len(words)} of its words, spelt with this alphabet, its language model knows {len(known)}"
    return figures if 2 * len(known) < len(words) else f"{figures}, and none with {' '.join(map(repr, sorted(wrong)))}"
