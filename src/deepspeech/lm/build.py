"""build(): train a language model on text and write a scorer, a KenLM binary or an ARPA file.

text → estimate.py → Ngrams → arpa.py
                            → binary.py → package.py ← dictionary.py
"""

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from deepspeech.errors import LmError
from deepspeech.files import check_place, whole_file
from deepspeech.lm.arpa import read_arpa, write_arpa
from deepspeech.lm.binary import BinaryOptions, fill, write_binary
from deepspeech.lm.describe import TYPES, kind_of, open_native, size, strings
from deepspeech.lm.dictionary import describe_skipped
from deepspeech.lm.estimate import EstimateOptions, estimate
from deepspeech.lm.ngrams import Ngrams
from deepspeech.lm.package import Package, Weights, append, package
from deepspeech.text.alphabet import Alphabet

SCORER, BINARY, ARPA = "scorer", "binary", "arpa"
SUFFIXES = {".scorer": SCORER, ".klm": BINARY, ".binary": BINARY, ".arpa": ARPA, ".arpa.gz": ARPA}


@dataclass(frozen=True)
class BuildOptions:
    """Options of build()."""

    estimate: EstimateOptions = field(default_factory=EstimateOptions)
    binary: BinaryOptions = field(default_factory=BinaryOptions)
    weights: Weights = field(default_factory=Weights)
    arpa: Path | None = None  # also write the model as ARPA
    bytes_mode: bool = False  # a scorer over characters, for networks with byte outputs


def kind_of_output(output: Path) -> str:
    """The output format, by the suffix of `output`. Raises LmError."""
    for suffix, kind in SUFFIXES.items():
        if output.name.endswith(suffix):
            return kind
    raise LmError(f"{output}: cannot tell the output type from this suffix; use {', '.join(SUFFIXES)}")


def build(texts: Sequence[str | Path], output: Path, alphabet: Alphabet | None, options: BuildOptions) -> list[str]:
    """Train a model and write `output` in the format of its suffix. Returns the lines of a report. Raises LmError."""
    kind = kind_of_output(output)
    for path in (output, options.arpa):
        if path is not None:
            check_place(path)
    if kind == SCORER and not options.bytes_mode and (alphabet is None or alphabet.space is None):
        raise LmError("a word scorer needs the acoustic model's alphabet, with a space; name an alphabet.txt")
    with _estimated(texts, options.estimate) as ngrams:
        report = list(ngrams.report)
        for path in dict.fromkeys(path for path in (options.arpa, output if kind == ARPA else None) if path):
            write_arpa(ngrams, path)
            report.append(f"{path}: ARPA text, {size(path.stat().st_size)}")
        if kind == BINARY:
            write_binary(ngrams, output, options.binary)
            report.append(f"{output}: {describe_model(ngrams, options.binary)}, {size(output.stat().st_size)}")
        elif kind == SCORER:
            words = [word for some in ngrams.words() for word in some]
            first, *more = describe_package(
                _scorer(ngrams, words, output, alphabet, options), alphabet, options.weights
            )
            report += [first, f"  language model: {describe_model(ngrams, options.binary)}", *more]
    return report


def _estimated(texts: Sequence[str | Path], options: EstimateOptions) -> Ngrams:
    try:
        return estimate(texts, options)
    except OSError as error:
        if error.filename is not None:
            raise
        folder = options.temporary or tempfile.gettempdir()
        raise LmError(f"{folder}: cannot be written ({error.strerror}); free space, or name another folder") from None


def _scorer(
    ngrams: Ngrams, words: Collection[str], output: Path, alphabet: Alphabet | None, options: BuildOptions
) -> Package:
    """Write the KenLM binary to the scorer's temporary file and append the dictionary: no second copy on disk."""
    with whole_file(output, LmError, lasting=True) as partial:
        fill(ngrams, partial, options.binary)
        return append(partial, output, words, alphabet, options.weights, options.bytes_mode)


def package_model(
    model: Path, words: Collection[str] | None, output: Path, alphabet: Alphabet | None, options: BuildOptions
) -> Package:
    """Package a KenLM binary, another scorer's language model, or an ARPA file as a scorer.

    Without `words` the dictionary is the model's vocabulary, if the file contains it. Raises LmError, ScorerError.
    """
    check_place(output)
    if kind_of(model) == "arpa":
        with read_arpa(model, options.estimate.memory_bytes, options.estimate.temporary) as ngrams:
            words = words or [word for some in ngrams.words() for word in some]
            return _scorer(ngrams, words, output, alphabet, options)
    if not words:
        native = open_native(model)
        if not native.has_strings:
            raise LmError(f"{model}: does not contain its vocabulary; give a word list (--vocab)")
        words = list(islice(strings(model, native.end), native.counts[0]))
    return package(model, words, alphabet, output, options.weights, options.bytes_mode)


def describe_model(ngrams: Ngrams, options: BinaryOptions) -> str:
    """One line: type, order and vocabulary size."""
    return f"{TYPES[options.type]} of order {ngrams.order}, {ngrams.counts[0]} words"


def describe_package(package: Package, alphabet: Alphabet | None, weights: Weights) -> list[str]:
    """A report on a scorer package, line by line."""
    unit = "characters" if package.bytes_mode else "words"
    dictionary = package.dictionary
    report = [
        f"{package.path}: scorer for {'bytes' if package.bytes_mode else 'words'}, {size(package.size_bytes)}, "
        f"alpha {weights.alpha:.6g}, beta {weights.beta:.6g}",
        f"  dictionary: {dictionary.words} {unit}, {size(len(dictionary.content))}",
    ]
    if dictionary.skipped and alphabet is not None:
        report.append(f"  not in the dictionary: {describe_skipped(dictionary, alphabet)}")
    if package.unknown:
        report.append(f"  {package.unknown} {unit} of the dictionary are unknown to the language model")
    return report
