"""References that a model cannot match: characters outside its alphabet, and references without a word.

In: samples and the alphabet of the model. Out: a line for each kind, none where there is nothing to say.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from deepspeech.datasets.sample import Sample
from deepspeech.text.alphabet import Alphabet
from deepspeech.text.characters import name

_SHOWN = 8


def unavoidable_errors(samples: Sequence[Sample], alphabet: Alphabet) -> Iterator[str]:
    """What counts as errors though no model with this alphabet could avoid it, each kind in one line."""
    foreign = [found for sample in samples if (found := alphabet.missing(sample.transcript))]
    if foreign:
        counts = Counter(character for found in foreign for character in found)
        shown = ", ".join(f"{name(character)} in {count}" for character, count in counts.most_common(_SHOWN))
        more = f" and {len(counts) - _SHOWN} others" if len(counts) > _SHOWN else ""
        yield (
            f"{_of(len(foreign), samples)} characters that the model cannot write, and each counts as an error: "
            f"{shown}{more}; spell the references as its alphabet does"
        )
    empty = sum(not sample.transcript.split() for sample in samples)
    if empty == len(samples):
        yield "no reference holds a word: WER and CER are counts of words and characters recognised, not rates"
    elif empty:
        yield f"{_of(empty, samples)} no word: all that is recognised there counts as errors"


def _of(count: int, samples: Sequence[Sample]) -> str:
    return f"{count} of {len(samples)} references {'holds' if count == 1 else 'hold'}"
