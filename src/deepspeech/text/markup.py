"""Markup in text: tags, entities and the marks of language models, none of which anyone says.

In: a line of text. Out: the sentences in it without markup, and counts with examples. Entities become their characters,
tags go, <s> and </s> end a sentence, and a sentence with <unk> is dropped: without that word its n-grams never were.
"""

import html
import re
from collections import Counter
from dataclasses import dataclass, field

_TAG = re.compile(r"</?[A-Za-z][\w-]*(?:\s[^<>]*)?/?>|<!--.*?-->")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_SENTENCE_MARK = re.compile(r"</?s>", re.IGNORECASE)
_UNKNOWN_WORD = re.compile(r"<unk>", re.IGNORECASE)
_BLOCKS = re.compile(r"</?(?:br|p|div|li|tr|td|th|h[1-6])\b", re.IGNORECASE)
TAGS, ENTITIES, MARKS, UNKNOWN = "tags", "entities", "sentence marks", "unknown words"
_DONE = {
    TAGS: "tags removed", ENTITIES: "entities read as their characters", MARKS: "<s> and </s> read as sentence ends",
    UNKNOWN: "sentences with <unk> dropped",
}  # fmt: skip
_SHOWN = 3
_EXAMPLE_WIDTH = 60


@dataclass
class Markup:
    """Counts of what was found, by kind, and the first line of each."""

    found: dict[str, Counter[str]] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)

    def sentences(self, line: str) -> list[str]:
        """The sentences of a line without its markup; the line itself where there is none."""
        if "<" not in line and "&" not in line:
            return [line]
        kept = [one for one in self._cut(line) if not self._take(_UNKNOWN_WORD, one, UNKNOWN)]
        return [self._plain(one) for one in kept]

    def _cut(self, line: str) -> list[str]:
        if not self._take(_SENTENCE_MARK, line, MARKS):
            return [line]
        return [one.strip() for one in _SENTENCE_MARK.split(line) if one.strip()]

    def _plain(self, sentence: str) -> str:
        if self._take(_TAG, sentence, TAGS):
            sentence = _TAG.sub(lambda tag: " " if _BLOCKS.match(tag.group()) else "", sentence)
        if self._take(_ENTITY, sentence, ENTITIES):
            sentence = _ENTITY.sub(lambda entity: html.unescape(entity.group()), sentence)
        return sentence

    def _take(self, pattern: re.Pattern[str], text: str, kind: str) -> bool:
        """Count what matches; whether anything does."""
        if found := pattern.findall(text):
            self.found.setdefault(kind, Counter()).update(found)
            self.examples.setdefault(kind, " ".join(text.split()))
        return bool(found)

    def __str__(self) -> str:
        """One line on what was found and done; empty where nothing was."""
        parts = []
        for kind, counts in self.found.items():
            shown = ", ".join(one for one, _ in counts.most_common(_SHOWN)) + ", …" * (len(counts) > _SHOWN)
            example = self.examples[kind]
            example = example if len(example) <= _EXAMPLE_WIDTH else example[: _EXAMPLE_WIDTH - 1] + "…"
            parts.append(f"{counts.total()} {_DONE[kind]} ({shown}), first in “{example}”")
        return f"markup: {'; '.join(parts)}" if parts else ""
