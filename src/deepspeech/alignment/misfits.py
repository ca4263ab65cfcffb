"""Which transcripts are wrong: clips of a data set ranked by how badly sound and text fit.

In: a network and samples. Out: a score for each clip: the log probability of the best alignment of its transcript,
relative to the best path of any text, per token of the longer of both. 0: the network hears just this text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deepspeech.alignment.spelling import SpellingRule
from deepspeech.audio.source import AudioSource
from deepspeech.cores import cores
from deepspeech.datasets.sample import Sample
from deepspeech.decoder.beam import greedy
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.word_alignment import align_words, log_probs
from deepspeech.errors import AudioError, TextError
from deepspeech.pool import ordered_map
from deepspeech.runtime.emit import FileAcousticModel
from deepspeech.runtime.session import Session

TOO_LONG = -99.0  # score of a text that has more tokens than the clip has frames


@dataclass(frozen=True)
class Fit:
    """How well a clip's sound fits its text."""

    sample: Sample
    score: float  # at most 0
    heard: str  # by greedy decoding


def rank(session: Session, samples: Sequence[Sample], workers: int | None = None) -> Iterator[Fit]:
    """The fit of each sample, in their order; clips that cannot be read are left out: data check reports them."""
    network = FileAcousticModel(session, 1)
    rule = SpellingRule(session.card.tokens)

    def one(sample: Sample) -> Fit | None:
        try:
            return _fit(network, rule, sample, sample.audio)
        except AudioError:
            return None

    yield from (fit for fit in ordered_map(one, samples, workers or cores()) if fit)


def _fit(network: FileAcousticModel, rule: SpellingRule, sample: Sample, audio: AudioSource) -> Fit:
    emission = network.emit_file(audio)
    heard = greedy(emission, rule.tokens).text
    return Fit(sample, fit_score(emission, sample.transcript, rule), heard)


def fit_score(emission: Emission, transcript: str, rule: SpellingRule) -> float:
    """The score of one clip; 0 for a clip without text in which nothing is heard."""
    words = [rule.encode(word)[1] for word in transcript.split()]
    count = max(1, sum(map(len, words)) + len(words) - 1, len(greedy(emission, rule.tokens).tokens))
    try:
        found = align_words(log_probs(emission.probabilities_TV), words, rule.tokens, emission.frame_s, strict=True)
    except TextError:
        return TOO_LONG
    return found.score / count
