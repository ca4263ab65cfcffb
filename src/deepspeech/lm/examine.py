"""`deepspeech lm inspect`: a language model file's type, sizes, weights and words, and whether an alphabet fits.

In: a `.scorer`, a KenLM binary or an ARPA file, optionally an alphabet. Out: an Examined, as text lines or for JSON.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepspeech.decoder.sample_words import misfit, sample_words
from deepspeech.errors import LmError
from deepspeech.lm.describe import WORDS_SHOWN, Description, describe, size
from deepspeech.text.tokens import TokenSet, Utf8Bytes


@dataclass(frozen=True)
class Examined:
    """A Description, and what an alphabet reveals: words and fit."""

    description: Description
    words: tuple[str, ...]  # some
    has_alphabet: bool
    fault: str  # why the alphabet does not fit, or the file cannot be used; empty where all is well

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        seen = self.description
        report: dict[str, Any] = {
            "file": str(seen.path), "kind": seen.kind, "size_bytes": seen.size_bytes, "order": seen.order,
            "ngrams": list(seen.counts),
        }  # fmt: skip
        if seen.kind != "arpa":
            report |= {"type": seen.type, "quantisation_bits": list(seen.bits), "model_bytes": seen.model_bytes}
            report |= {"has_strings": seen.has_strings}
        if seen.scorer is not None:
            native = seen.scorer
            report |= {
                "mode": "bytes" if native.bytes_mode else "words", "alpha": native.alpha, "beta": native.beta,
                "dictionary": {"words": native.words, "states": native.states, "arcs": native.arc_count,
                               "labels": native.labels},
            }  # fmt: skip
        report["words"] = list(self.words)
        if self.has_alphabet:
            report |= {"alphabet_fits": not self.fault, "fault": self.fault}
        elif self.fault:
            report["fault"] = self.fault
        return report


def examine(path: Path, alphabet: TokenSet | None, read: Callable[[Path], None] | None = None) -> Examined:
    """Look at a file; with `alphabet`, list words and test whether it fits. `read` reads an ARPA file to its end.

    Raises LmError, ScorerError.
    """
    seen = describe(path)
    if seen.scorer is None:
        return Examined(seen, seen.strings, False, _fault(path, read) if seen.kind == "arpa" and read else "")
    spelled = alphabet or (Utf8Bytes() if seen.scorer.bytes_mode else None)
    fits_not = misfit(seen.scorer, alphabet) if alphabet else ""
    known = spelled is not None and spelled.bytes_mode == seen.scorer.bytes_mode and not fits_not
    words = tuple(sample_words(seen.scorer, spelled, WORDS_SHOWN)) if spelled and known else ()
    return Examined(seen, words, alphabet is not None, fits_not)


def _fault(arpa: Path, read: Callable[[Path], None]) -> str:
    """Why an ARPA file cannot be used, as `lm package` would say it; empty for a sound one."""
    try:
        read(arpa)
    except LmError as error:
        return str(error).removeprefix(f"{arpa}: ")
    return ""


def report(examined: Examined) -> str:
    """Text report."""
    seen = examined.description
    kinds = {"scorer": "scorer", "kenlm": "KenLM binary", "arpa": "ARPA text"}
    ngrams = ", ".join(f"{count} {n}-grams" for n, count in enumerate(seen.counts, 1))
    lines = [f"{seen.path}: {kinds[seen.kind]}, {size(seen.size_bytes)}"]
    if seen.scorer is not None:
        lines.append(f"  for           {'bytes' if seen.scorer.bytes_mode else 'words'}")
        lines.append(f"  alpha, beta   {seen.scorer.alpha:.6g}, {seen.scorer.beta:.6g}")
    lines.append(f"  order         {seen.order}: {ngrams}")
    if seen.kind != "arpa":
        rounded = f", values of {seen.bits[0]} and {seen.bits[1]} bits" if seen.bits[0] else ""
        strings = ", with its vocabulary" if seen.has_strings else ""
        lines.append(f"  model         {seen.type}{rounded}, {size(seen.model_bytes)}{strings}")
    if seen.scorer is not None:
        native, unit = seen.scorer, "characters" if seen.scorer.bytes_mode else "words"
        lines.append(f"  dictionary    {native.words} {unit}, {native.states} states, {native.arc_count} arcs")
    if examined.words:
        lines.append(f"  words         {' '.join(examined.words)} …")
    elif seen.scorer is not None and not examined.has_alphabet:
        lines.append("  words         pass --alphabet to list some: a scorer does not store its alphabet")
    if examined.has_alphabet:
        lines.append(f"  alphabet      {'does not fit: ' + examined.fault if examined.fault else 'fits'}")
    elif examined.fault:
        lines.append(f"  fault         {examined.fault}")
    return "\n".join(lines)
