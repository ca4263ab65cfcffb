"""SamplePreview: greedy transcripts of a few dev clips, at intervals during training.

In: the network as it is validated. Out: greedy transcripts, for the progress line and for the log.
"""

import time
from collections.abc import Sequence
from typing import Any

from deepspeech.datasets.pipeline import Pipeline
from deepspeech.datasets.sample import Sample
from deepspeech.decoder.beam import greedy
from deepspeech.errors import AudioError
from deepspeech.evaluation.score import Scores, score
from deepspeech.text.tokens import TokenSet
from deepspeech.training.emit import TorchAcousticModel
from deepspeech.training.log import Log

CLIPS = 4
SHOWN = 60  # characters of a transcript in the progress line


def choose(samples: Sequence[Sample]) -> list[Sample]:
    """CLIPS samples spread over the lengths, the shortest of them first: the same ones when a run resumes."""
    ordered = sorted(samples, key=lambda sample: (sample.duration_s or 0.0, sample.id))
    places = sorted({len(ordered) * place // (CLIPS + 1) for place in range(1, CLIPS + 1)})
    return [ordered[place] for place in places] if ordered else []


class SamplePreview:
    """Transcribes its clips; `note` is the last text, short, for the progress line, and empty before the first.

    It draws no random numbers and does not change the results of training.
    """

    def __init__(
        self, samples: Sequence[Sample], pipeline: Pipeline, batch_size: int, every_s: float, log: Log
    ) -> None:
        """`samples`: a data set, of which CLIPS are used. `every_s`: seconds between previews; 0: none."""
        self._samples = choose(samples) if every_s else []
        self._pipeline, self._batch_size, self._every_s, self._log = pipeline, batch_size, every_s, log
        self._last_s = time.monotonic()
        self._reported: str | None = None
        self.note = ""

    @property
    def due(self) -> bool:
        return bool(self._samples) and time.monotonic() - self._last_s > self._every_s

    def show(self, network: Any, alphabet: TokenSet, report: bool, **where: int) -> None:
        """Transcribe the clips and log the texts with `where`: epoch and step.

        With `report`, print the first clip's text if it differs from the last one printed.
        """
        if not self._samples:
            return
        emitted = TorchAcousticModel(network, self._pipeline, self._batch_size, 1, _ignore).emit(self._samples)
        hypotheses = {item.sample: greedy(item.emission, alphabet).text for item in emitted}
        self._samples = [sample for sample in self._samples if sample in hypotheses]
        if not self._samples:
            return
        scores = Scores(
            tuple(score(s.id, s.transcript, hypotheses[s]) for s in self._samples), by_cer=alphabet.bytes_mode
        )
        clips = [{"id": s.id, "said": s.reference, "heard": s.hypothesis} for s in scores.samples]
        first = scores.samples[0]
        rate = f"{scores.rate_name} {scores.rate:.0%}"
        self.note = f'{rate} "{shortened(first.hypothesis)}"'
        text = ""
        if report and first.hypothesis != self._reported:
            self._reported = first.hypothesis
            text = f'hypothesis "{first.hypothesis}", reference "{first.reference}"; {rate} of {len(clips)} clips'
        # The names of the log's format.
        self._log.line(text, **where, **{"peek": clips, "peek_wer": scores.wer, "peek_cer": scores.cer})
        self._last_s = time.monotonic()


def _ignore(sample: Sample, error: AudioError) -> None:
    """A clip that cannot be read: the validation of the whole set reports it."""


def shortened(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
