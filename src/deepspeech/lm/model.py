"""Language models of every kind of file, to ask for probabilities: scorers, KenLM binaries, ARPA texts.

In: a path. Out: logarithms to base 10, as KenLM gives them.
"""

import gzip
import math
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from deepspeech import _native
from deepspeech.errors import LmError, ScorerError
from deepspeech.lm.arpa import read_arpa
from deepspeech.lm.binary import TYPES, BinaryOptions, fill

_WORD = re.compile(r"[^ \t\r\n\v\f\0]+")
_GZIP = b"\x1f\x8b"
_KENLM = b"mmap lm"
_TRAILER = b"EIRT"
_ARPA_COUNT = re.compile(r"ngram (\d+) *= *(\d+)")
_ARPA_HEAD_LINES = 1000


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
        return cls(path, native, kind == "scorer" and _native.Scorer(str(path)).bytes_mode)

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


@dataclass(frozen=True)
class Description:
    """What a file of a language model holds."""

    path: Path
    kind: str  # scorer, kenlm or arpa
    size_bytes: int
    order: int
    counts: tuple[int, ...]
    type: str = ""  # of a binary: one of TYPES
    bits: tuple[int, int] = (0, 0)  # of quantised probabilities and backoffs
    model_bytes: int = 0
    has_strings: bool = False  # a binary from which words can be read
    strings: tuple[str, ...] = ()  # the first of them
    scorer: _native.Scorer | None = None


def describe(path: Path) -> Description:
    """Look at a file. Of an ARPA text only the head is read. Raises LmError, ScorerError."""
    kind = kind_of(path)
    size_bytes = path.stat().st_size
    if kind == "arpa":
        counts = _arpa_counts(path)
        return Description(path, kind, size_bytes, len(counts), counts)
    native = open_native(path)
    scorer = _native.Scorer(str(path)) if kind == "scorer" else None
    strings = tuple(_strings(path, native.end)) if native.has_strings else ()
    return Description(
        path, kind, size_bytes, native.order, tuple(native.counts), TYPES[native.type], native.bits, native.end,
        native.has_strings, strings, scorer,
    )  # fmt: skip


def kind_of(path: Path) -> str:
    """What a file is by its first bytes: scorer, kenlm or arpa. Raises LmError."""
    try:
        with path.open("rb") as file:
            head = file.read(64)
        if head.startswith(_GZIP):
            with gzip.open(path) as file:
                head = file.read(64)
    except (OSError, EOFError) as error:
        raise LmError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if head.startswith(_KENLM):
        return "scorer" if _has_trailer(path) else "kenlm"
    if b"\\data\\" in head:
        return "arpa"
    raise LmError(f"{path}: is no scorer, no KenLM binary and no ARPA text")


def open_native(path: Path) -> _native.NgramModel:
    """The language model of a binary or a scorer. Raises ScorerError."""
    try:
        return _native.NgramModel(str(path))
    except RuntimeError as error:
        raise ScorerError(f"{path}: the language model {error}") from None


def _has_trailer(path: Path) -> bool:
    end = open_native(path).end
    with path.open("rb") as file:
        file.seek(end)
        return file.read(len(_TRAILER)) == _TRAILER


def _from_arpa(path: Path) -> _native.NgramModel:
    """Through a trie in the folder of temporary files, which is gone once it is open."""
    with read_arpa(path) as ngrams, tempfile.TemporaryDirectory() as folder:
        binary = Path(folder) / "arpa.binary"
        fill(ngrams, binary, BinaryOptions(quantize_bits=0, array_bits=0))
        return open_native(binary)


def _arpa_counts(path: Path) -> tuple[int, ...]:
    counts: list[int] = []
    for line in _head(path):
        found = _ARPA_COUNT.match(line)
        if found and int(found[1]) == len(counts) + 1:
            counts.append(int(found[2]))
        elif line.startswith("\\1-grams:"):
            break
    if not counts:
        raise LmError(f"{path}: its head names no n-grams; it must have lines like 'ngram 1=42'")
    return tuple(counts)


def _head(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        zipped = file.read(2) == _GZIP
    try:
        with gzip.open(path) if zipped else path.open("rb") as file:
            for _ in range(_ARPA_HEAD_LINES):
                yield file.readline(10_000).decode("utf-8", "replace").strip()
    except (OSError, EOFError) as error:
        raise LmError(f"{path}: cannot be read ({error})") from None


def _strings(path: Path, end: int) -> Iterator[str]:
    """The first words that follow the n-grams."""
    with path.open("rb") as file:
        file.seek(end)
        head = file.read(4096)
    for word in head.split(b"\0")[:-1]:
        yield word.decode("utf-8", "replace")
