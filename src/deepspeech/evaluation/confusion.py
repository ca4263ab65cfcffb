"""Confusion counts: substitutions, deletions and insertions of characters or words.

In: scored samples. Out: counts, the most frequent first, from minimum-edit-distance alignments.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deepspeech.evaluation.score import Scored
from deepspeech.text.distance import differences

SHOWN = 20


@dataclass(frozen=True)
class Confusion:
    """`pairs`: counts of (reference, hypothesis), "" for none. `reference_counts`: counts in all references."""

    unit: str  # "character" or "word"
    pairs: dict[tuple[str, str], int]
    reference_counts: dict[str, int]

    def to_list(self) -> list[dict[str, Any]]:
        """Plain values for JSON: `said` is the reference, `heard` the hypothesis, `of` the reference's total count.

        `of` is None for insertions.
        """
        return [
            {
                "said": reference,
                "heard": hypothesis,
                "times": times,
                "of": self.reference_counts[reference] if reference else None,
            }
            for (reference, hypothesis), times in self.pairs.items()
        ]

    def table(self, shown: int = SHOWN) -> str:
        """A text table of the `shown` most frequent errors."""
        errors, total = sum(self.pairs.values()), sum(self.reference_counts.values())
        lines = [f"{self.unit.capitalize()}s: {errors} errors, {total} in the references"]
        if self.pairs:
            rows = [(seen(one), seen(other), times, one) for (one, other), times in self.pairs.items()][:shown]
            width = max(len("reference"), *(len(row[0]) for row in rows))
            other = max(len("hypothesis"), *(len(row[1]) for row in rows))
            lines.append(f"times  {'reference':{width}}  {'hypothesis':{other}}  of the reference")
            for reference, hypothesis, times, key in rows:
                rate = f"{times / self.reference_counts[key]:.1%}" if key else ""
                lines.append(f"{times:5d}  {reference:{width}}  {hypothesis:{other}}  {rate}".rstrip())
            if left := len(self.pairs) - len(rows):
                lines.append(f"and {left} rarer ones; --json lists them all")
        return "\n".join(lines)


def confusion(samples: Sequence[Scored], unit: str) -> Confusion:
    """Count confusions of "character"s (code points, spaces included) or "word"s. Ties are in code point order."""
    pairs: Counter[tuple[str, str]] = Counter()
    reference_counts: Counter[str] = Counter()
    for sample in samples:
        if unit == "character":
            reference, hypothesis = list(sample.reference), list(sample.hypothesis)
        else:
            reference, hypothesis = sample.reference.split(), sample.hypothesis.split()
        reference_counts.update(reference)
        pairs.update(differences(reference, hypothesis))
    ordered = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    return Confusion(unit, dict(ordered), dict(reference_counts))


def seen(text: str) -> str:
    """A printable form of a character or word."""
    if not text:
        return "(nothing)"
    if text == " ":
        return "space"
    return text if text.isprintable() else " ".join(f"U+{ord(character):04X}" for character in text)
