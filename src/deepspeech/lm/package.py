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
from deepspeech.files import whole_file
from deepspeech.lm.dictionary import MARKS, Dictionary, build_dictionary
from deepspeech.text.alphabet import Alphabet, ByteAlphabet

_TRAILER = struct.Struct("<4si?dd")
_WEIGHTS = struct.Struct("<dd")
_MAGIC, _VERSION = b"EIRT", 6
_STRINGS_AT = 100  # offset of the KenLM header flag: vocabulary included


@dataclass(frozen=True)
class Weights:
    """Default decoding weights of a scorer; these are of the released English scorer."""

    alpha: float = 0.931289039105002  # language model weight
    beta: float = 1.1834137581510284  # insertion bonus per word (bytes mode: per character)

    def __post_init__(self) -> None:
        for name, value in (("alpha", self.alpha), ("beta", self.beta)):
            if not abs(value) < LARGEST_WEIGHT:
                raise LmError(f"{name} is {value:g}; it must be a number below {LARGEST_WEIGHT:g}")


@dataclass(frozen=True)
class Package:
    """A written scorer package."""

    path: Path
    bytes_mode: bool
    dictionary: Dictionary
    model_bytes: int
    unknown: int  # words of the dictionary that are not in the language model

    @property
    def size_bytes(self) -> int:
        return self.model_bytes + _TRAILER.size + len(self.dictionary.content)


def looks_like_characters(words: Iterable[str]) -> bool:
    """Whether every word is a single character, as in scorers for bytes mode."""
    return all(len(word) == 1 for word in words)


def package(
    model: Path, words: Collection[str], alphabet: Alphabet | None, output: Path, weights: Weights, bytes_mode: bool
) -> Package:
    """Write `output` from a KenLM binary. Words that the alphabet cannot spell are skipped and reported.

    The binary's vocabulary strings are not copied. Raises LmError, ScorerError.
    """
    with whole_file(output, LmError, lasting=True) as partial:
        end = model_end(model)
        with model.open("rb") as source, partial.open("wb") as target:
            _copy(source.fileno(), target.fileno(), end)
            target.seek(_STRINGS_AT)
            target.write(b"\0")
        return append(partial, output, words, alphabet, weights, bytes_mode)


def append(
    partial: Path, output: Path, words: Collection[str], alphabet: Alphabet | None, weights: Weights, bytes_mode: bool
) -> Package:
    """Append trailer and dictionary to the KenLM binary `partial`, the temporary file of `output`."""
    labels = _labels(alphabet, bytes_mode)
    end = partial.stat().st_size
    dictionary = build_dictionary(words, labels, end + _TRAILER.size)
    with partial.open("ab") as file:
        file.write(_TRAILER.pack(_MAGIC, _VERSION, bytes_mode, *_rounded(weights)))
        file.write(dictionary.content)
    Scorer.open(partial)  # validates the file
    native = _native.NgramModel(str(partial))
    skipped = {*dictionary.skipped, *MARKS}
    unknown = sum(1 for word in words if word not in skipped and not native.id(word))
    return Package(output, bytes_mode, dictionary, end, unknown)


def with_weights(scorer: Path, output: Path, alpha: float, beta: float) -> None:
    """Copy `scorer` to `output`, which may be the same file, with other weights. Raises LmError, ScorerError."""
    weights = Weights(alpha, beta)
    Scorer.open(scorer)
    position = model_end(scorer) + _TRAILER.size - _WEIGHTS.size
    with whole_file(output, LmError, lasting=True) as partial:
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


def _labels(alphabet: Alphabet | None, bytes_mode: bool) -> Alphabet:
    if bytes_mode:
        return ByteAlphabet()
    if alphabet is None or alphabet.bytes_mode:
        raise LmError("a word scorer needs the acoustic model's alphabet; name an alphabet.txt")
    return alphabet


def _rounded(weights: Weights) -> tuple[float, float]:
    """The weights as decoders store them."""
    return float(np.float32(weights.alpha)), float(np.float32(weights.beta))


def _copy(source: int, target: int, count: int) -> None:
    """Copy the first `count` bytes of a file."""
    done = 0
    while done < count:
        sent = os.sendfile(target, source, done, count - done)
        if not sent:
            raise LmError("the language model file shrank while it was read; try again")
        done += sent
