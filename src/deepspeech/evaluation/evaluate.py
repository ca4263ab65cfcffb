"""Judge a network on a data set: probabilities → transcripts → scores.

Where the probabilities come from is the caller's business: `training/emit.py` makes them with a checkpoint,
`runtime/emit.py` with a model file, a test with a few lines.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from deepspeech.datasets.sample import Sample
from deepspeech.decoder.beam import decode_batch, greedy
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.phrases import HotPhrases
from deepspeech.decoder.scorer import Scorer
from deepspeech.evaluation.score import Scored, Scores, score
from deepspeech.progress import Progress
from deepspeech.text.tokens import TokenSet


@dataclass(frozen=True)
class Emitted:
    """A sample's probabilities, and its CTC loss where that is known."""

    sample: Sample
    emission: Emission
    loss: float | None = None


def evaluate(
    emitted: Iterable[Emitted],
    samples: Sequence[Sample],
    alphabet: TokenSet,
    options: DecodeOptions | None,
    label: str,
    scorer: Scorer | None = None,
    chunk: int = 64,
    phrases: HotPhrases | None = None,
) -> Scores:
    """Scores in the order of `samples`, whose emissions may come in any; without `options` greedy text is judged.

    Samples without an emission, which the emitter left out, have no score.
    """
    scored: dict[Sample, Scored] = {}  # not by id: one recording may be listed with several transcripts
    with Progress(len(samples), label, "clips") as progress:
        source = iter(emitted)
        while group := list(islice(source, chunk)):
            for item, text in zip(group, _texts(group, alphabet, options, scorer, phrases), strict=True):
                scored[item.sample] = score(item.sample.id, item.sample.transcript, text, item.loss)
            progress.advance(len(group))
    return Scores(tuple(scored[sample] for sample in samples if sample in scored), alphabet.bytes_mode)


def _texts(
    group: Sequence[Emitted],
    alphabet: TokenSet,
    options: DecodeOptions | None,
    scorer: Scorer | None,
    phrases: HotPhrases | None,
) -> Iterator[str]:
    if options is None:
        return (greedy(item.emission, alphabet).text for item in group)
    results = decode_batch([item.emission for item in group], alphabet, options, scorer=scorer, phrases=phrases)
    return (candidates[0].text for candidates in results)
