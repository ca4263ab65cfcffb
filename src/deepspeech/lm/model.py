"""LanguageModel: query word probabilities and perplexity of a scorer, KenLM binary or ARPA file.

In: a path and sentences. Out: log10 probabilities, with the API of KenLM's Python module.
"""

import math
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from deepspeech import _native
from deepspeech.lm.arpa import read_arpa
from deepspeech.lm.binary import BinaryOptions, fill
from deepspeech.lm.describe import kind_of, open_native, open_scorer

_WORD = re.compile(r"[^ \t\r\n\v\f\0]+")


class WordScore(NamedTuple):
    """Score of one word given its history."""

    log10: float
    matched: int  # length of the longest n-gram found
    unknown: bool


@dataclass(frozen=True)
class Perplexity:
    """Perplexity of a text, and the counts behind it."""

    sentences: int
    words: int
    unknown: int  # out-of-vocabulary words
    log10: float  # log10 probability of the text, sentence ends included

    @property
    def value(self) -> float:
        """The perplexity; sentence ends count as tokens."""
        tokens = self.words + self.sentences
        exponent = -self.log10 / tokens if tokens else 0.0
        return 10.0**exponent if exponent < 300 else math.inf

    def __add__(self, other: "Perplexity") -> "Perplexity":
        return Perplexity(
            self.sentences + other.sentences,
            self.words + other.words,
            self.unknown + other.unknown,
            self.log10 + other.log10,
        )


class LanguageModel:
    """An open language model. Immutable; threads may share it."""

    def __init__(self, path: Path, native: _native.NgramModel, characters: bool = False) -> None:
        """Use LanguageModel.open()."""
        self.path, self._native, self._characters = path, native, characters

    @classmethod
    def open(cls, path: str | Path) -> "LanguageModel":
        """Open a `.scorer`, a KenLM binary, or an ARPA file, plain or .gz. Raises ScorerError or LmError."""
        path = Path(path)
        kind = kind_of(path)
        if kind == "arpa":
            return cls(path, _from_arpa(path))
        native = open_native(path)
        return cls(path, native, kind == "scorer" and open_scorer(path).bytes_mode)

    @property
    def order(self) -> int:
        """N-gram order."""
        return self._native.order

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of n-grams of each order, from unigrams."""
        return tuple(self._native.counts)

    def __contains__(self, word: str) -> bool:
        return self._native.id(word) != 0

    def units(self, sentence: str) -> list[str]:
        """Tokens of `sentence`: words; for a scorer of bytes mode, characters without spaces."""
        words = _WORD.findall(sentence)
        return [character for word in words for character in word] if self._characters else words

    def full_scores(self, sentence: str, bos: bool = True, eos: bool = True) -> list[WordScore]:
        """Score each token of `sentence`, and `</s>` with `eos`; with `bos` the history starts with `<s>`."""
        return [WordScore(*score) for score in self._native.score(self.units(sentence), bos, eos)]

    def score(self, sentence: str, bos: bool = True, eos: bool = True) -> float:
        """log10 of the probability of `sentence`."""
        return sum(score.log10 for score in self.full_scores(sentence, bos, eos))

    def measure(self, sentence: str) -> Perplexity:
        """Perplexity of one sentence, `<s>` and `</s>` included."""
        scores = self.full_scores(sentence)
        unknown = sum(score.unknown for score in scores)
        return Perplexity(1, len(scores) - 1, unknown, sum(score.log10 for score in scores))

    def perplexity(self, text: str) -> float:
        """Perplexity of `text`, one sentence per line; lines without words are ignored."""
        total = Perplexity(0, 0, 0, 0.0)
        for line in text.split("\n"):
            if self.units(line):
                total += self.measure(line)
        return total.value


def _from_arpa(path: Path) -> _native.NgramModel:
    """Convert to a temporary KenLM trie, which is deleted once it is mapped."""
    with read_arpa(path) as ngrams, tempfile.TemporaryDirectory() as folder:
        binary = Path(folder) / "arpa.binary"
        fill(ngrams, binary, BinaryOptions(quantize_bits=0, array_bits=0))
        return open_native(binary)
