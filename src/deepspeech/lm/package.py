"""Scorer packages (`.scorer` version 6): a KenLM binary, a 25-byte trailer and a dictionary FST in one file.

In: a language model, a word list, an alphabet. Out: the external scorer of DeepSpeech 0.9.3 and of this package.
Format: `native_client/ctcdecode/scorer.cpp` of DeepSpeech 0.9.3; docs/formats/scorer.md.
"""

import os
import shutil
import struct
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepspeech import _native
from deepspeech.decoder.options import LARGEST_WEIGHT
from deepspeech.decoder.scorer import Scorer
from deepspeech.errors import LmError, ScorerError
from deepspeech.file_positions import read_at
from deepspeech.files import atomic_path
from deepspeech.lm.dictionary import MARKS, Dictionary, build_dictionary
from deepspeech.text.subwords import Subwords
from deepspeech.text.tokens import TokenSet

MUCH_TEXT = 1_000_000  # words

_TRAILER = struct.Struct("<4si?dd")
_WEIGHTS = struct.Struct("<dd")
_MAGIC, _VERSION = b"EIRT", 6
_BLOCK = 1 << 20  # bytes copied at once
_STRINGS_AT = 100  # offset of the KenLM header flag: vocabulary included


@dataclass(frozen=True)
class Weights:
    """Default decoding weights of a scorer; these are of the released English scorer."""

    alpha: float = 0.931289039105002  # language model weight
    beta: float = 1.1834137581510284  # insertion bonus per word (bytes mode: per character)

    @classmethod
    def for_text(cls, words: int, tokens: TokenSet | None) -> "Weights":
        """Weights of a scorer that was estimated from a text of so many words.

        A model of little text knows little but its own sentences: with the full weight it outvotes what the network
        hears. Measured for words only (decision 26).
        """
        return cls(alpha=0.4) if words < MUCH_TEXT and not (tokens and tokens.bytes_mode) else cls()

    def __post_init__(self) -> None:
        for name, value in (("alpha", self.alpha), ("beta", self.beta)):
            if not abs(value) < LARGEST_WEIGHT:
                raise LmError(f"{name} is {value:g}; it must be a number below {LARGEST_WEIGHT:g}")


@dataclass(frozen=True)
class Package:
    """A written scorer package."""

    path: Path
    tokens: TokenSet  # that the dictionary is spelled in
    dictionary: Dictionary
    model_bytes: int
    unknown: int  # words of the dictionary that are not in the language model

    @property
    def size_bytes(self) -> int:
        return self.model_bytes + _TRAILER.size + len(self.dictionary.content)


def looks_like_characters(words: Iterable[str]) -> bool:
    """Whether every word is a single character, as in scorers for bytes mode."""
    return all(len(word) == 1 for word in words)


def package(model: Path, words: Collection[str], tokens: TokenSet | None, output: Path, weights: Weights) -> Package:
    """Write `output` from a KenLM binary. Words that the network's tokens cannot spell are left out and listed.

    The binary's vocabulary strings are not copied. Raises LmError, ScorerError.
    """
    with atomic_path(output, LmError, lasting=True) as partial:
        end = model_end(model)
        with model.open("rb") as source, partial.open("wb") as target:
            _copy(source.fileno(), target.fileno(), end)
            target.seek(_STRINGS_AT)
            target.write(b"\0")
        return append(partial, output, words, tokens, weights)


def append(partial: Path, output: Path, words: Collection[str], tokens: TokenSet | None, weights: Weights) -> Package:
    """Make the KenLM binary `partial`, which is to be `output`, a scorer."""
    labels = spelling(tokens)
    end = partial.stat().st_size
    dictionary = build_dictionary(words, labels, end + _TRAILER.size)
    with partial.open("ab") as file:
        file.write(_TRAILER.pack(_MAGIC, _VERSION, labels.bytes_mode, *_rounded(weights)))
        file.write(dictionary.content)
    Scorer.open(partial)  # validates the file
    native = _native.NgramModel(str(partial))
    left_out = {*dictionary.skipped, *MARKS}
    unknown = sum(1 for word in words if word not in left_out and not native.id(word))
    return Package(output, labels, dictionary, end, unknown)


def with_weights(scorer: Path, output: Path, alpha: float, beta: float) -> None:
    """Copy `scorer` to `output`, which may be the same file, with other weights. Raises LmError, ScorerError."""
    weights = Weights(alpha, beta)
    Scorer.open(scorer)
    position = model_end(scorer) + _TRAILER.size - _WEIGHTS.size
    with atomic_path(output, LmError, lasting=True) as partial:
        shutil.copyfile(scorer, partial)
        with partial.open("r+b") as file:
            file.seek(position)
            file.write(_WEIGHTS.pack(*_rounded(weights)))


def model_end(path: Path) -> int:
    """Byte offset of the end of the n-grams in a KenLM binary or scorer. Raises ScorerError."""
    try:
        return _native.NgramModel(str(path)).end
    except RuntimeError as error:
        raise ScorerError(f"{path}: the language model {error}") from None


def spelling(tokens: TokenSet | None) -> TokenSet:
    """The tokens in which a scorer's dictionary is spelled: bytes, or characters, of subwords those of the pieces."""
    if tokens is None:
        raise LmError("a scorer for words needs the alphabet of its model; name an alphabet.txt")
    return tokens.characters if isinstance(tokens, Subwords) else tokens


def _rounded(weights: Weights) -> tuple[float, float]:
    """The weights as decoders store them."""
    return float(np.float32(weights.alpha)), float(np.float32(weights.beta))


def _copy(source: int, target: int, count: int) -> None:
    """Copy the first `count` bytes of a file."""
    done = 0
    while done < count:
        block = read_at(source, min(count - done, _BLOCK), done)
        if not block:
            raise LmError("the language model file shrank while it was read; try again")
        done += os.write(target, block)
