"""EvaluatedModel: what is evaluated, a model file or a checkpoint, behind one face; and several of them as one.

Model files are opened by `model_file.py`, checkpoints where torch is at home, by `training/test.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from deepspeech.cores import cores
from deepspeech.datasets.check import describe, examine_all, refuse
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.samples import read_samples
from deepspeech.errors import ConfigError, DataError
from deepspeech.evaluation.averaged import averaged
from deepspeech.evaluation.emissions import AcousticModel
from deepspeech.evaluation.references import unavoidable_errors
from deepspeech.features.config import FrontEndConfig
from deepspeech.text.tokens import TokenSet

LONGEST_JITTER_MS = 1000


@dataclass(frozen=True)
class EvaluatedModel:
    """A network that makes emissions of samples, and what must be known of it to evaluate them."""

    files: tuple[Path, ...]  # all that its emissions depend on
    alphabet: TokenSet
    features: FrontEndConfig
    beam_width: int  # its own
    has_loss: bool
    outputs: Callable[[int], int]  # frames of features → frames of the emission
    emit: AcousticModel


def check_jitter(jitter_ms: float) -> None:
    """Raise ConfigError where clips cannot be shifted so far."""
    if not 0 <= jitter_ms < LONGEST_JITTER_MS:
        raise ConfigError(f"--jitter-ms is {jitter_ms:g}; it must be at least 0 and below {LONGEST_JITTER_MS}")


def as_one(paths: Sequence[Path], models: Sequence[EvaluatedModel]) -> EvaluatedModel:
    """The model whose probabilities are the mean of those of `models`, which lie at `paths`.

    Raises ConfigError where alphabets differ.
    """
    first, *others = models
    for path, other in zip(paths[1:], others, strict=True):
        if other.alphabet != first.alphabet:
            raise ConfigError(f"{path} has another alphabet than {paths[0]}; only networks of one can be averaged")
    files = tuple(file for one in models for file in one.files)
    return replace(first, files=files, emit=averaged([one.emit for one in models]))


def usable_samples(
    data: Sequence[Path], model: EvaluatedModel, skip_bad: bool, say: Callable[[str], None]
) -> list[Sample]:
    """The samples of all files of `data` that can be evaluated; the others are refused, or said and left out.

    Raises DataError. Errors that no network can avoid, for lack of characters, are said too.
    """
    samples = [sample for path in data for sample in read_samples(path)]
    # A checkpoint is evaluated by its loss too, and that needs transcripts in its characters.
    alphabet = model.alphabet if model.has_loss else None
    good, faults = examine_all(samples, alphabet, model.features, "recordings", cores(), model.outputs)
    if skip_bad and faults:
        say(describe(faults, "given"))
    elif not skip_bad:
        refuse(faults, "given")
    if not good:
        raise DataError(f"{data[0]}: no usable sample")
    for line in unavoidable_errors(good, model.alphabet):
        say(f"{', '.join(map(str, data))}: {line}")
    return good
