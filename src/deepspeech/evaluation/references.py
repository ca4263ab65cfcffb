"""Warnings about references that no hypothesis can match: characters outside the alphabet, references without words.

In: samples and the model's alphabet. Out: one line per problem.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from deepspeech.datasets.sample import Sample
from deepspeech.text.characters import name
from deepspeech.text.preview import cut
from deepspeech.text.tokens import TokenSet

_SHOWN = 8


def unavoidable_errors(samples: Sequence[Sample], alphabet: TokenSet) -> Iterator[str]:
    """Errors that no model with this alphabet can avoid, one line per kind."""
    foreign = [found for sample in samples if (found := alphabet.missing(sample.transcript))]
    if foreign:
        counts = Counter(character for found in foreign for character in found)
        shown = ", ".join(f"{name(character)} in {count}" for character, count in counts.most_common(_SHOWN))
        more = f" and {len(counts) - _SHOWN} others" if len(counts) > _SHOWN else ""
        example = next(sample.transcript for sample in samples if alphabet.missing(sample.transcript))
        yield (
            f"{_of(len(foreign), samples)} characters outside the model's alphabet, and each counts as an error: "
            f"{shown}{more}, first in {cut(example)}; normalize the references to its alphabet, "
            "for example with --language or --lower"
        )
    empty = sum(not sample.transcript.split() for sample in samples)
    if empty == len(samples):
        yield "no reference has words: WER and CER are counts of inserted words and characters, not rates"
    elif empty:
        yield f"{_of(empty, samples)} no word: every word decoded there counts as an error"


def _of(count: int, samples: Sequence[Sample]) -> str:
    return f"{count} of {len(samples)} references {'holds' if count == 1 else 'hold'}"
