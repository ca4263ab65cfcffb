"""Tunes a scorer: computes emissions, runs the search of `tune.py`, and plots the trials.

In: an EvaluatedModel, samples, a `.scorer`. Out: all trials. Emissions, trials and plot are kept in a folder, so that
an interrupted search can be resumed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deepspeech.cores import cores
from deepspeech.datasets.sample import Sample
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.scorer import Scorer
from deepspeech.evaluation.emissions import checksum, emissions_of
from deepspeech.evaluation.evaluated_model import EvaluatedModel
from deepspeech.evaluation.surface import draw
from deepspeech.evaluation.tune import Task, Trial, TuneOptions, ranked, tune

SHOWN = 10


@dataclass(frozen=True)
class Search:
    """Result of a search."""

    trials: list[Trial]
    own: Trial | None  # with the scorer's own weights, if within the search range
    picture: Path
    by_cer: bool  # ranked by CER, not by WER

    @property
    def best(self) -> Trial:
        return ranked(self.trials, self.by_cer)[0]

    def table(self) -> str:
        """The best trials and the scorer's own weights, best first."""
        order = ranked(self.trials, self.by_cer)
        rows = [(place, trial) for place, trial in enumerate(order, 1) if place <= SHOWN or trial is self.own]
        lines = ["rank       WER      CER    alpha     beta"]
        for place, trial in rows:
            note = "  the scorer's own" if trial is self.own else ""
            lines.append(f"{place:5d} {trial.wer:8.2%} {trial.cer:8.2%} {trial.alpha:8.4f} {trial.beta:8.4f}{note}")
        return "\n".join(lines)


def search(
    model: EvaluatedModel,
    samples: Sequence[Sample],
    scorer: Path,
    decoding: DecodeOptions,
    options: TuneOptions,
    storage: Path,
) -> Search:
    """Search and plot. Raises ScorerError if the scorer does not fit, DataError if `storage` is not writable."""
    words = Scorer.open(scorer, model.tokens)  # fail early if it does not fit
    emissions_key = checksum([*model.files, *(sample.audio for sample in samples)])
    emissions = emissions_of(samples, model.emit, storage / f"emissions-{emissions_key[:16]}.npz")
    task = Task(emissions, [sample.transcript for sample in samples], model.tokens, words, decoding)
    key = task.key(emissions_key, checksum([scorer]), options)
    trials = tune(task, options, storage / f"trials-{key}.jsonl", cores())
    own = next((trial for trial in trials if (trial.alpha, trial.beta) == (words.alpha, words.beta)), None)
    found = Search(trials, own, storage / f"surface-{key}.png", model.tokens.bytes_mode)
    draw(trials, found.best, own, found.by_cer, found.picture)
    return found
