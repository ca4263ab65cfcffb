"""What a recogniser takes for what: letters and words that were replaced, dropped or inserted, and how often.

In: scored samples. Out: counts, the most frequent first, from alignments with the fewest errors.
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
    """`pairs`: how often (said, heard) was met; "" is nothing. `said`: how often each was said at all."""

    unit: str  # "letter" or "word"
    pairs: dict[tuple[str, str], int]
    said: dict[str, int]

    def to_list(self) -> list[dict[str, Any]]:
        """For JSON: `of` counts how often what was said was said, None for what was inserted."""
        return [
            {"said": said, "heard": heard, "times": times, "of": self.said[said] if said else None}
            for (said, heard), times in self.pairs.items()
        ]

    def table(self, shown: int = SHOWN) -> str:
        """The most frequent `shown` of them, for a person."""
        errors, whole = sum(self.pairs.values()), sum(self.said.values())
        lines = [f"{self.unit.capitalize()}s: {errors} errors, {whole} said"]
        if self.pairs:
            rows = list(self.pairs.items())[:shown]
            width = max(len("said"), *(len(seen(said)) for (said, _), _ in rows))
            other = max(len("heard"), *(len(seen(heard)) for (_, heard), _ in rows))
            lines.append(f"times  {'said':{width}}  {'heard':{other}}  share of what was said")
            for (said, heard), times in rows:
                share = f"{times / self.said[said]:.1%}" if said else ""
                lines.append(f"{times:5d}  {seen(said):{width}}  {seen(heard):{other}}  {share}".rstrip())
            if left := len(self.pairs) - len(rows):
                lines.append(f"and {left} rarer ones; --json has them all")
        return "\n".join(lines)


def confusion(samples: Sequence[Scored], unit: str) -> Confusion:
    """Of "letter"s (code points, the space is one) or of "word"s; of equally frequent ones in the order of signs."""
    pairs: Counter[tuple[str, str]] = Counter()
    said: Counter[str] = Counter()
    for sample in samples:
        if unit == "letter":
            reference, hypothesis = list(sample.reference), list(sample.hypothesis)
        else:
            reference, hypothesis = sample.reference.split(), sample.hypothesis.split()
        said.update(reference)
        pairs.update(differences(reference, hypothesis))
    ordered = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    return Confusion(unit, dict(ordered), dict(said))


def seen(text: str) -> str:
    """A letter or word so that it can be seen."""
    if not text:
        return "(nothing)"
    if text == " ":
        return "space"
    return text if text.isprintable() else " ".join(f"U+{ord(letter):04X}" for letter in text)
