"""How far a hypothesis is from its reference, in words and in letters: Levenshtein distance with unit costs."""

from rapidfuzz.distance import Levenshtein


def word_errors(reference: str, hypothesis: str) -> tuple[int, int]:
    """Word insertions, deletions and substitutions, and the number of reference words (split at white space)."""
    words = reference.split()
    return Levenshtein.distance(words, hypothesis.split()), len(words)


def letter_errors(reference: str, hypothesis: str) -> tuple[int, int]:
    """The same counted in code points, spaces included."""
    return Levenshtein.distance(reference, hypothesis), len(reference)
