"""Evaluate a model on a data set: emissions → transcripts → WER and CER.

The caller provides the emissions: `training/emit.py` computes them with a checkpoint, `runtime/emit.py` with a model
file.
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
from deepspeech.decoder.transcript import Transcript
from deepspeech.evaluation.score import Scored, Scores, score
from deepspeech.progress import Progress
from deepspeech.text.tokens import TokenSet


@dataclass(frozen=True)
class Emitted:
    """A sample, its emission, and its CTC loss where known."""

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
    """Decode emissions and score them, in the order of `samples`; `emitted` may have any order.

    Without `options` decoding is greedy. Samples that the acoustic model skipped have no score.
    """
    scored: dict[Sample, Scored] = {}  # not by id: one recording may be listed with several transcripts
    with Progress(len(samples), label, "clips") as progress:
        source = iter(emitted)
        while group := list(islice(source, chunk)):
            for item, found in zip(group, _decoded(group, alphabet, options, scorer, phrases), strict=True):
                reference, confidences = item.sample.transcript, found.word_confidences
                scored[item.sample] = score(item.sample.id, reference, found.text, item.loss, confidences)
            progress.advance(len(group))
    return Scores(tuple(scored[sample] for sample in samples if sample in scored), alphabet.bytes_mode)


def _decoded(
    group: Sequence[Emitted],
    alphabet: TokenSet,
    options: DecodeOptions | None,
    scorer: Scorer | None,
    phrases: HotPhrases | None,
) -> Iterator[Transcript]:
    if options is None:
        return (greedy(item.emission, alphabet) for item in group)
    results = decode_batch([item.emission for item in group], alphabet, options, scorer=scorer, phrases=phrases)
    return (candidates[0] for candidates in results)
