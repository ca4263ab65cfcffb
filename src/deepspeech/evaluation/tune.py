"""Tune a scorer: search alpha and beta for the lowest WER (CER in bytes mode) on a data set.

In: a data set's emissions and transcripts, and a scorer. Out: all trials, also in a JSON lines journal from which a
killed search resumes. Optuna proposes trials with the tree-structured Parzen estimator (Bergstra et al. 2011).

Trials are proposed in rounds, and all cores decode the clips of a round. The round size is fixed and each proposal has
its own random generator, keyed by (seed, number): results do not depend on the number of cores or on a resume.
"""

import hashlib
import json
import math
import warnings
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.exceptions import ExperimentalWarning

from deepspeech.decoder.beam import decode
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.options import PRUNING, DecodeOptions
from deepspeech.decoder.scorer import Scorer
from deepspeech.errors import ConfigError, DataError
from deepspeech.evaluation.score import Scored, Scores, score
from deepspeech.pool import ordered_map
from deepspeech.progress import Progress
from deepspeech.text.tokens import TokenSet
from deepspeech.untrusted import parse_json

ROUND = 8  # trials proposed together


@dataclass(frozen=True)
class TuneOptions:
    """Search space and budget."""

    trials: int = 200
    alpha_max: float = 5.0  # search range of alpha: 0 to this
    beta_max: float = 5.0  # search range of beta: 0 to this
    seed: int = 4568

    def __post_init__(self) -> None:
        if self.trials < 1:
            raise ConfigError(f"trials is {self.trials}; it must be at least 1")
        for name in ("alpha_max", "beta_max"):
            if not 0 < getattr(self, name) < 1e6:
                raise ConfigError(f"{name} is {getattr(self, name):g}; it must be positive")


@dataclass(frozen=True, eq=False)
class Task:
    """What every trial decodes: emissions, their reference transcripts in the same order, and the decoder settings."""

    emissions: Sequence[Emission]
    transcripts: Sequence[str]
    tokens: TokenSet
    scorer: Scorer
    decoding: DecodeOptions

    def key(self, emissions: str, scorer: str, options: TuneOptions) -> str:
        """Key of a search, which names its journal. `emissions` and `scorer` are their checksums.

        Pruning that is off leaves no trace, so that journals of the old commands are found again.
        """
        decoding = {name: value for name, value in asdict(self.decoding).items() if name not in PRUNING or value}
        settings = decoding | {name: value for name, value in asdict(options).items() if name != "trials"}
        page = [emissions, scorer, list(self.transcripts), settings, ROUND, optuna.__version__]
        return hashlib.sha256(json.dumps(page, ensure_ascii=False).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Trial:
    """A pair of weights and its error rates, as fractions."""

    number: int
    alpha: float
    beta: float
    wer: float
    cer: float


def ranked(trials: Iterable[Trial], by_cer: bool) -> list[Trial]:
    """Sort trials, best first: by the main metric, then the other one, then trial number."""
    return sorted(trials, key=lambda t: (t.cer, t.wer, t.number) if by_cer else (t.wer, t.cer, t.number))


def tune(task: Task, options: TuneOptions, journal: Path, threads: int) -> list[Trial]:
    """Run a search and return all trials in the order proposed; trials in the journal are not run again.

    The first two trials are the scorer's own weights, if within the range, and zeros. Raises DataError where the
    journal cannot be written.
    """
    trials = read_journal(journal)
    first = len(trials) // ROUND * ROUND  # index of the round's first trial
    study = _study(task, options, trials[:first])
    try:
        with (
            journal.open("a", encoding="utf-8") as file,
            Progress(options.trials, "tuning", "trials", done=len(trials)) as progress,
        ):
            while len(trials) < options.trials:
                proposals = [_ask(study, options, first + place) for place in range(ROUND)]
                with closing(_made(task, proposals[: options.trials - first], first, len(trials), threads)) as made:
                    for trial in made:
                        trials.append(trial)
                        file.write(json.dumps(asdict(trial)) + "\n")
                        file.flush()
                        lowest = min(_rate(task, trial) for trial in trials)
                        progress.advance(1, f"lowest error rate {lowest:.2%}")
                for proposal, trial in zip(proposals, trials[first:], strict=False):
                    study.tell(proposal, _rate(task, trial))
                first += ROUND
    except OSError as error:
        raise DataError(f"{journal}: cannot keep the journal of trials ({error.strerror})") from None
    return trials


def read_journal(path: Path) -> list[Trial]:
    """Read the trials of a journal up to the first damaged line, and truncate the file there. Creates a missing file.

    Raises DataError where the file cannot be read or truncated.
    """
    trials: list[Trial] = []
    length = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            file.seek(0)
            for line in file:
                trial = _read_line(line, len(trials))
                if trial is None:
                    break
                trials.append(trial)
                length += len(line)
            file.truncate(length)
    except OSError as error:
        raise DataError(f"{path}: cannot write the journal of trials ({error.strerror})") from None
    return trials


def _read_line(line: bytes, number: int) -> Trial | None:
    try:
        trial = Trial(**parse_json(line))
        whole = line.endswith(b"\n") and trial.number == number
        return trial if whole and all(math.isfinite(value) for value in asdict(trial).values()) else None
    except (ValueError, TypeError):
        return None


def _made(
    task: Task, proposals: Sequence[optuna.Trial], first: int, done: int, threads: int
) -> Generator[Trial, None, None]:
    """Trials from number `done` on, of a round whose first is number `first`, one after another."""
    pairs = [(trial.params["alpha"], trial.params["beta"]) for trial in proposals[done - first :]]
    clips = len(task.emissions)
    jobs = [(replace(task.decoding, alpha=a, beta=b), clip) for a, b in pairs for clip in range(clips)]
    results = ordered_map(lambda job: _decode(task, *job), jobs, threads)
    for number, (alpha, beta) in enumerate(pairs, done):
        scores = Scores(tuple(islice(results, clips)))
        yield Trial(number, alpha, beta, scores.wer, scores.cer)


def _decode(task: Task, options: DecodeOptions, clip: int) -> Scored:
    text = decode(task.emissions[clip], task.tokens, options, scorer=task.scorer)[0].text
    return score(str(clip), task.transcripts[clip], text)


def _rate(task: Task, trial: Trial) -> float:
    return trial.cer if task.tokens.bytes_mode else trial.wer


def _study(task: Task, options: TuneOptions, trials: Sequence[Trial]) -> optuna.Study:
    """An Optuna study that has seen `trials`."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study()
    for trial in trials:
        params = {"alpha": trial.alpha, "beta": trial.beta}
        study.add_trial(optuna.create_trial(params=params, distributions=_ranges(options), value=_rate(task, trial)))
    if not trials:
        own = task.scorer.alpha, task.scorer.beta
        if 0 <= own[0] <= options.alpha_max and 0 <= own[1] <= options.beta_max:
            study.enqueue_trial(dict(zip(("alpha", "beta"), own, strict=True)))
        study.enqueue_trial({"alpha": 0.0, "beta": 0.0})
    return study


def _ask(study: optuna.Study, options: TuneOptions, number: int) -> optuna.Trial:
    seed = int(np.random.SeedSequence([options.seed, number]).generate_state(1)[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        # constant_liar keeps the proposals of one round apart.
        study.sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
    return study.ask(_ranges(options))


def _ranges(options: TuneOptions) -> dict[str, BaseDistribution]:
    return {
        "alpha": FloatDistribution(0.0, options.alpha_max),
        "beta": FloatDistribution(0.0, options.beta_max),
    }
