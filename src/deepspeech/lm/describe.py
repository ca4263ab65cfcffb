"""Describe a language model file: `.scorer`, KenLM binary or ARPA.

In: a path. Out: a Description; only headers are read (`examine.py` reads the rest of an ARPA file).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from deepspeech import _native
from deepspeech.errors import LmError, ScorerError
from deepspeech.lm.texts import open_text, read_some

TYPES = (
    "probing",
    "rest probing",
    "trie",
    "quantised trie",
    "array trie",
    "quantised array trie",
)  # by KenLM's number

_KENLM = b"mmap lm"
_TRAILER = b"EIRT"
_ARPA_COUNT = re.compile(r"ngram (\d+) *= *(\d+)")
_KIND_BYTES = 64
_HEAD_BYTES = 1 << 16  # head of an ARPA file, where its counts are
_BLOCK_BYTES = 1 << 20
WORDS_SHOWN = 12


@dataclass(frozen=True)
class Description:
    """Metadata of a language model file."""

    path: Path
    kind: str  # scorer, kenlm or arpa
    size_bytes: int
    order: int
    counts: tuple[int, ...]
    type: str = ""  # binaries only: one of TYPES
    bits: tuple[int, int] = (0, 0)  # of quantized probabilities and back-offs; 0: not quantized
    model_bytes: int = 0
    has_strings: bool = False  # a binary that contains its vocabulary
    strings: tuple[str, ...] = ()  # the first words of the vocabulary
    scorer: _native.Scorer | None = None


def describe(path: Path) -> Description:
    """Read a file's metadata. Raises LmError, ScorerError."""
    kind = kind_of(path)
    size_bytes = path.stat().st_size
    if kind == "arpa":
        counts = _arpa_counts(path)
        return Description(path, kind, size_bytes, len(counts), counts)
    native = open_native(path)
    scorer = open_scorer(path) if kind == "scorer" else None
    some = tuple(islice(strings(path, native.end), WORDS_SHOWN)) if native.has_strings else ()
    return Description(
        path, kind, size_bytes, native.order, tuple(native.counts), TYPES[native.type], native.bits, native.end,
        native.has_strings, some, scorer,
    )  # fmt: skip


def kind_of(path: Path) -> str:
    """Detect the file type by its first bytes: scorer, kenlm or arpa. Raises LmError."""
    with open_text(path) as (stream, _):
        head = read_some(path, stream, _HEAD_BYTES)[:_KIND_BYTES]
    if head.startswith(_KENLM):
        return "scorer" if _has_trailer(path) else "kenlm"
    if b"\\data\\" in head:
        return "arpa"
    raise LmError(f"{path}: not a scorer, KenLM binary or ARPA file")


def open_native(path: Path) -> _native.NgramModel:
    """Open the language model of a KenLM binary or a scorer. Raises ScorerError."""
    try:
        return _native.NgramModel(str(path))
    except RuntimeError as error:
        raise ScorerError(f"{path}: the language model {error}") from None


def open_scorer(path: Path) -> _native.Scorer:
    """Open a scorer's dictionary and weights. Raises ScorerError."""
    try:
        return _native.Scorer(str(path))
    except RuntimeError as error:
        raise ScorerError(f"{path}: the scorer {error}") from None


def _has_trailer(path: Path) -> bool:
    end = open_native(path).end
    with path.open("rb") as file:
        file.seek(end)
        return file.read(len(_TRAILER)) == _TRAILER


def _arpa_counts(path: Path) -> tuple[int, ...]:
    counts: list[int] = []
    for line in map(str.strip, _head(path)):
        found = _ARPA_COUNT.match(line)
        if found and int(found[1]) == len(counts) + 1:
            counts.append(int(found[2]))
        elif line.startswith("\\1-grams:"):
            break
    if not counts:
        raise LmError(f"{path}: no n-gram counts in its header; expected lines like 'ngram 1=42'")
    return tuple(counts)


def _head(path: Path) -> list[str]:
    with open_text(path) as (stream, _):
        return read_some(path, stream, _HEAD_BYTES).decode("utf-8", "replace").split("\n")


def strings(path: Path, end: int) -> Iterator[str]:
    """The vocabulary stored after the n-grams of a binary, at byte `end`, starting with `<unk>`."""
    rest = b""
    with path.open("rb") as file:
        file.seek(end)
        while block := file.read(_BLOCK_BYTES):
            *words, rest = (rest + block).split(b"\0")
            if len(rest) > _BLOCK_BYTES:
                raise LmError(f"{path}: a word in its vocabulary does not end; the file is damaged")
            for word in words:
                yield word.decode("utf-8", "replace")


def size(count: int) -> str:
    """Format a number of bytes: 1.2 MB."""
    number, unit = float(count), "bytes"
    for larger in ("kB", "MB", "GB"):
        if number < 1000:
            break
        number, unit = number / 1000, larger
    return f"{number:.0f} {unit}" if number >= 100 or unit == "bytes" else f"{number:.1f} {unit}"
