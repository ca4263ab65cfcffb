"""How far a hypothesis is from its reference, in words and in characters: Levenshtein distance with unit costs."""

from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein


def word_errors(reference: str, hypothesis: str) -> tuple[int, int]:
    """Word insertions, deletions and substitutions, and the number of reference words (split at white space)."""
    words = reference.split()
    return Levenshtein.distance(words, hypothesis.split()), len(words)


def character_errors(reference: str, hypothesis: str) -> tuple[int, int]:
    """The same counted in code points, spaces included."""
    return Levenshtein.distance(reference, hypothesis), len(reference)


def differences(reference: Sequence[str], hypothesis: Sequence[str]) -> list[tuple[str, str]]:
    """Substitutions, deletions and insertions in an alignment with the fewest errors: of characters or words.

    ("a", "e"): an a taken for an e; ("a", ""): an a dropped; ("", "e"): an e inserted.
    """
    return [
        (
            "" if step.tag == "insert" else reference[step.src_pos],
            "" if step.tag == "delete" else hypothesis[step.dest_pos],
        )
        for step in Levenshtein.editops(reference, hypothesis)
    ]


def correct(reference: Sequence[str], hypothesis: Sequence[str]) -> list[bool]:
    """Whether each item of the hypothesis is right where the two are aligned with the fewest errors."""
    found = [True] * len(hypothesis)
    for step in Levenshtein.editops(reference, hypothesis):
        if step.tag != "delete":
            found[step.dest_pos] = False
    return found
