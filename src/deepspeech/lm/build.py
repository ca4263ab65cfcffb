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
from deepspeech.files import atomic_path, check_place
from deepspeech.lm.arpa import read_arpa, write_arpa
from deepspeech.lm.binary import BinaryOptions, fill, write_binary
from deepspeech.lm.describe import TYPES, kind_of, open_native, size, strings
from deepspeech.lm.dictionary import describe_skipped
from deepspeech.lm.estimate import EstimateOptions, estimate
from deepspeech.lm.ngrams import Ngrams
from deepspeech.lm.package import Package, Weights, append, package, spelling
from deepspeech.text.tokens import TokenSet

SCORER, BINARY, ARPA = "scorer", "binary", "arpa"
SUFFIXES = {".scorer": SCORER, ".klm": BINARY, ".binary": BINARY, ".arpa": ARPA, ".arpa.gz": ARPA}


@dataclass(frozen=True)
class BuildOptions:
    """Options of build()."""

    estimate: EstimateOptions = field(default_factory=EstimateOptions)
    binary: BinaryOptions = field(default_factory=BinaryOptions)
    weights: Weights | None = field(default_factory=Weights)  # None: by the amount of text
    arpa: Path | None = None  # the model as text too


def kind_of_output(output: Path) -> str:
    """The output format, by the suffix of `output`. Raises LmError."""
    for suffix, kind in SUFFIXES.items():
        if output.name.endswith(suffix):
            return kind
    raise LmError(f"{output}: cannot tell the output type from this suffix; use {', '.join(SUFFIXES)}")


def build(texts: Sequence[str | Path], output: Path, tokens: TokenSet | None, options: BuildOptions) -> list[str]:
    """Write `output`, in the format of its suffix; returns a report, line by line. Raises LmError.

    `tokens` are those of the network that the scorer is for; for bytes the texts hold characters in place of words.
    """
    kind = kind_of_output(output)
    for path in (output, options.arpa):
        if path is not None:
            check_place(path)
    if kind == SCORER and spelling(tokens).space is None:
        raise LmError("a scorer for words needs the alphabet of its model, with a space; name an alphabet.txt")
    with _estimated(texts, options.estimate) as ngrams:
        weights = options.weights or Weights.for_text(ngrams.text_words or 0, tokens)
        report = list(ngrams.report)
        for path in dict.fromkeys(path for path in (options.arpa, output if kind == ARPA else None) if path):
            write_arpa(ngrams, path)
            report.append(f"{path}: ARPA text, {size(path.stat().st_size)}")
        if kind == BINARY:
            write_binary(ngrams, output, options.binary)
            report.append(f"{output}: {describe_model(ngrams, options.binary)}, {size(output.stat().st_size)}")
        elif kind == SCORER:
            words = [word for some in ngrams.words() for word in some]
            first, *more = describe_package(_scorer(ngrams, words, output, tokens, options, weights), weights)
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
    ngrams: Ngrams,
    words: Collection[str],
    output: Path,
    tokens: TokenSet | None,
    options: BuildOptions,
    weights: Weights,
) -> Package:
    """The binary is written where the scorer will be, and gets its dictionary there: no second copy on disk."""
    with atomic_path(output, LmError, lasting=True) as partial:
        fill(ngrams, partial, options.binary)
        return append(partial, output, words, tokens, weights)


def package_model(
    model: Path, words: Collection[str] | None, output: Path, tokens: TokenSet | None, options: BuildOptions
) -> Package:
    """Package a KenLM binary, another scorer's language model, or an ARPA file as a scorer.

    Without `words` the dictionary is the model's vocabulary, if the file contains it. Raises LmError, ScorerError.
    """
    check_place(output)
    if kind_of(model) == "arpa":
        with read_arpa(model, options.estimate.memory_bytes, options.estimate.temporary) as ngrams:
            words = words or [word for some in ngrams.words() for word in some]
            return _scorer(ngrams, words, output, tokens, options, options.weights or Weights())
    if not words:
        native = open_native(model)
        if not native.has_strings:
            raise LmError(f"{model}: does not contain its vocabulary; give a word list (--vocab)")
        words = list(islice(strings(model, native.end), native.counts[0]))
    return package(model, words, tokens, output, options.weights or Weights())


def describe_model(ngrams: Ngrams, options: BinaryOptions) -> str:
    """One line: type, order and vocabulary size."""
    return f"{TYPES[options.type]} of order {ngrams.order}, {ngrams.counts[0]} words"


def describe_package(package: Package, weights: Weights) -> list[str]:
    """Report of the package, line by line."""
    unit = "characters" if package.tokens.bytes_mode else "words"
    dictionary = package.dictionary
    report = [
        f"{package.path}: scorer for {'bytes' if package.tokens.bytes_mode else 'words'}, {size(package.size_bytes)}, "
        f"alpha {weights.alpha:.6g}, beta {weights.beta:.6g}",
        f"  dictionary: {dictionary.words} {unit}, {size(len(dictionary.content))}",
    ]
    if dictionary.skipped:
        report.append(f"  not in the dictionary: {describe_skipped(dictionary, package.tokens)}")
    if package.unknown:
        report.append(f"  {package.unknown} {unit} of the dictionary are unknown to the language model")
    return report
