"""Preview: what a normalizer changes in texts, and what it leaves that cannot be written; counts with examples.

In: texts and a Normalizer. Out: the normalized texts, and a Preview to show or to put into JSON.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from deepspeech.text.characters import name
from deepspeech.text.normalize import Normalizer

_WIDTH = 60


@dataclass
class Preview:
    """Counts of texts, by step of the normalizer and by character, with the first example of each."""

    texts: int = 0
    changed: int = 0
    unwritable: int = 0  # texts with characters that stay outside the alphabet
    empty: int = 0  # texts of which nothing is left
    steps: Counter[str] = field(default_factory=Counter)
    characters: Counter[str] = field(default_factory=Counter)
    examples: dict[str, tuple[str, str]] = field(default_factory=dict)  # before and after, by step or character

    def add(self, text: str, normalizer: Normalizer) -> str:
        """Count one text; returns it normalized."""
        self.texts += 1
        made = text
        steps = dict[str, tuple[str, str]]()
        for step, apply in normalizer.steps:
            before, made = made, apply(made)
            if made != before:
                steps[step] = (steps.get(step, (before, ""))[0], made)
        self.steps.update(steps.keys())
        left = normalizer.unwritable(made)
        self.characters.update(left)
        for key, example in [*steps.items(), *((character, (text, made)) for character in left)]:
            self.examples.setdefault(key, example)
        self.changed += made != text
        self.unwritable += bool(left)
        self.empty += not made.strip()
        return made

    def lines(self, shown: int = 5) -> list[str]:
        """For a person: what changes, then what cannot be written, most frequent first."""
        lines = [f"{self.changed} of {self.texts} transcripts change"]
        for step, count in self.steps.most_common():
            before, after = self.examples[step]
            lines += [f"  {count:6}  {step}", f"          {cut(before)} → {cut(after)}"]
        if not self.unwritable:
            lines.append("every character can be written")
        else:
            lines.append(f"{self.unwritable} of {self.texts} transcripts keep characters that cannot be written")
        for character, count in self.characters.most_common(shown or None):
            lines.append(f"  {count:6}  {name(character)}, first in {cut(self.examples[character][0])}")
        if more := len(self.characters) - shown if shown else 0:
            lines += [f"          … and {more} more"] * (more > 0)
        if self.empty:
            lines.append(f"{self.empty} of {self.texts} transcripts are empty then")
        return lines

    def in_short(self) -> str:
        """One line: how many change, and by what."""
        by = ", ".join(f"{step} in {count}" for step, count in self.steps.most_common())
        return f"{self.changed} of {self.texts} transcripts normalized" + (f": {by}" if by else "")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""

        def entry(key: str, count: int) -> dict[str, Any]:
            before, after = self.examples[key]
            return {"transcripts": count, "before": before, "after": after}

        return {
            "transcripts": self.texts, "changed": self.changed, "unwritable": self.unwritable, "empty": self.empty,
            "changes": {step: entry(step, count) for step, count in self.steps.most_common()},
            "characters": {one: entry(one, count) for one, count in self.characters.most_common()},
        }  # fmt: skip


def preview(texts: Iterable[str], normalizer: Normalizer) -> tuple[list[str], Preview]:
    """The normalized texts, and their preview."""
    found = Preview()
    return [found.add(text, normalizer) for text in texts], found


def cut(text: str) -> str:
    """A text in quotes, on one line and not too long."""
    text = " ".join("".join(one if one.isprintable() or one == "\u0301" else "·" for one in text).split())
    return f"“{text if len(text) <= _WIDTH else text[: _WIDTH - 1] + '…'}”"
