"""Sample words of a scorer's dictionary: to show some, and to test whether an alphabet is the one it was built with.

In: an open scorer and an alphabet. Out: some words, drawn by random walks through the automaton.
"""

import random
from collections import Counter

from deepspeech import _native
from deepspeech.text.tokens import TokenSet

_LONGEST = 200
_FRUITLESS = 500  # walks without a new word before giving up
_TESTED = 300  # words sampled to test an alphabet
_ENOUGH = 10  # sampled words that contain a label, before its absence among known words counts


def sample_words(scorer: _native.Scorer, alphabet: TokenSet, count: int, seed: int = 0) -> list[str]:
    """At most `count` different words, sorted; fewer where the dictionary is smaller or the automaton is damaged.

    The alphabet must have at least as many labels as the dictionary.
    """
    draw = random.Random(seed)
    found: set[str] = set()
    fruitless = 0
    while len(found) < count and fruitless < _FRUITLESS:
        before = len(found)
        if labels := _random_walk(scorer, draw):
            found.add(alphabet.decode(labels).rstrip(" "))
        fruitless = 0 if len(found) > before else fruitless + 1
    return sorted(found)


def _random_walk(scorer: _native.Scorer, draw: random.Random) -> list[int]:
    """Labels of one word; empty at a dead end."""
    labels: list[int] = []
    state = scorer.start
    while len(labels) < _LONGEST:
        arcs = scorer.arcs(state)
        if not arcs:
            return []
        label, state = draw.choice(arcs)
        labels.append(label)
        if state == scorer.start:
            return labels
    return []


def misfit(scorer: _native.Scorer, alphabet: TokenSet) -> str:
    """Why `alphabet` cannot be the one that the scorer was built with, in a few words; empty where it may be.

    The scorer stores label ids, not characters. Spelled with a wrong alphabet, most of its words are unknown to its
    language model. Some are unknown with the right one too, where the vocabulary was larger than the model's; but if
    all words with a certain character are, that character is wrong.
    """
    if scorer.bytes_mode != alphabet.bytes_mode:
        return "it is for bytes, not characters" if scorer.bytes_mode else "it is for characters, not bytes"
    if scorer.labels > len(alphabet.labels):
        return f"its words have {scorer.labels} labels, the alphabet {len(alphabet.labels)}"
    words = sample_words(scorer, alphabet, _TESTED)
    known = [word for word in words if scorer.knows(word)]
    holding = Counter(character for word in words for character in set(word))
    right = {character for word in known for character in word}
    wrong = [character for character, count in holding.items() if count >= _ENOUGH and character not in right]
    if 2 * len(known) >= len(words) and not wrong:
        return ""
    figures = f"of {len(words)} of its words, spelled with this alphabet, its language model knows {len(known)}"
    return figures if 2 * len(known) < len(words) else f"{figures}, and none with {' '.join(map(repr, sorted(wrong)))}"
