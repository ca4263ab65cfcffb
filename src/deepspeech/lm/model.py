"""Language models of every kind of file, to ask for probabilities: scorers, KenLM binaries, ARPA texts.

In: a path. Out: logarithms to base 10, as KenLM gives them.
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
    """Of one word after those before it."""

    log10: float
    matched: int  # words of the n-gram that was found
    unknown: bool


@dataclass(frozen=True)
class Perplexity:
    """Of a text: how many equally probable words each might have been."""

    sentences: int
    words: int
    unknown: int  # words that the model does not know
    log10: float  # of the whole text, ends of sentences included

    @property
    def value(self) -> float:
        """Ends of sentences count as words."""
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
        """Open a `.scorer`, a KenLM binary, or an ARPA text, which may be gzipped. Raises ScorerError or LmError."""
        path = Path(path)
        kind = kind_of(path)
        if kind == "arpa":
            return cls(path, _from_arpa(path))
        native = open_native(path)
        return cls(path, native, kind == "scorer" and open_scorer(path).bytes_mode)

    @property
    def order(self) -> int:
        """Most words that the model looks at together."""
        return self._native.order

    @property
    def counts(self) -> tuple[int, ...]:
        """N-grams of each order, from single words."""
        return tuple(self._native.counts)

    def __contains__(self, word: str) -> bool:
        return self._native.id(word) != 0

    def units(self, sentence: str) -> list[str]:
        """What the model counts as words: characters, but spaces, where it is a scorer of bytes mode."""
        words = _WORD.findall(sentence)
        return [character for word in words for character in word] if self._characters else words

    def full_scores(self, sentence: str, bos: bool = True, eos: bool = True) -> list[WordScore]:
        """Of each word of `sentence`, and of its end (`eos`); `bos`: it stands at the begin of a sentence."""
        return [WordScore(*score) for score in self._native.score(self.units(sentence), bos, eos)]

    def score(self, sentence: str, bos: bool = True, eos: bool = True) -> float:
        """log10 of the probability of `sentence`."""
        return sum(score.log10 for score in self.full_scores(sentence, bos, eos))

    def measure(self, sentence: str) -> Perplexity:
        """One sentence, with its begin and its end."""
        scores = self.full_scores(sentence)
        unknown = sum(score.unknown for score in scores)
        return Perplexity(1, len(scores) - 1, unknown, sum(score.log10 for score in scores))

    def perplexity(self, text: str) -> float:
        """Of `text`, a sentence a line; lines without words do not count."""
        total = Perplexity(0, 0, 0, 0.0)
        for line in text.split("\n"):
            if self.units(line):
                total += self.measure(line)
        return total.value


def _from_arpa(path: Path) -> _native.NgramModel:
    """Through a trie in the folder of temporary files, which is gone once it is open."""
    with read_arpa(path) as ngrams, tempfile.TemporaryDirectory() as folder:
        binary = Path(folder) / "arpa.binary"
        fill(ngrams, binary, BinaryOptions(quantize_bits=0, array_bits=0))
        return open_native(binary)
