"""EvaluatedModel: common interface of model files and checkpoints for evaluation, and ensembles of them.

Model files are opened by `model_file.py`, checkpoints, which need torch, by `training/test.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
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
from deepspeech.text.config import TextConfig
from deepspeech.text.normalize import Normalizer
from deepspeech.text.preview import preview
from deepspeech.text.tokens import TokenSet

LONGEST_JITTER_MS = 1000


@dataclass(frozen=True)
class EvaluatedModel:
    """An acoustic model and its properties needed for evaluation."""

    files: tuple[Path, ...]  # files that its emissions depend on
    tokens: TokenSet
    features: FrontEndConfig
    beam_width: int  # the model's default
    has_loss: bool
    outputs: Callable[[int], int]  # frames of features → frames of the emission
    emit: AcousticModel
    text: TextConfig = field(default_factory=TextConfig)  # how its references are normalized


def check_jitter(jitter_ms: float) -> None:
    """Raise ConfigError for an invalid jitter."""
    if not 0 <= jitter_ms < LONGEST_JITTER_MS:
        raise ConfigError(f"--jitter-ms is {jitter_ms:g}; it must be at least 0 and below {LONGEST_JITTER_MS}")


def as_one(paths: Sequence[Path], models: Sequence[EvaluatedModel]) -> EvaluatedModel:
    """Ensemble: a model whose probabilities are the mean of those of `models`, read from `paths`.

    Raises ConfigError if alphabets differ.
    """
    first, *others = models
    for path, other in zip(paths[1:], others, strict=True):
        if other.tokens != first.tokens:
            raise ConfigError(
                f"{path} has another alphabet than {paths[0]}; only networks with the same alphabet can be averaged"
            )
    files = tuple(file for one in models for file in one.files)
    return replace(first, files=files, emit=averaged([one.emit for one in models]))


def usable_samples(
    data: Sequence[Path], model: EvaluatedModel, skip_bad: bool, say: Callable[[str], None]
) -> list[Sample]:
    """The usable samples of all files of `data`; others are refused, or reported with `say` and skipped.

    References are normalized as the model's were, which is reported, and so are characters outside the alphabet.
    Raises DataError.
    """
    samples = _normalized([sample for path in data for sample in read_samples(path)], model, data, say)
    # The loss of a checkpoint requires transcripts in its alphabet.
    tokens = model.tokens if model.has_loss else None
    good, faults = examine_all(samples, tokens, model.features, "recordings", cores(), model.outputs)
    if skip_bad and faults:
        say(describe(faults, "given"))
    elif not skip_bad:
        refuse(faults, "given")
    if not good:
        raise DataError(f"{data[0]}: no usable sample")
    for line in unavoidable_errors(good, model.tokens):
        say(f"{', '.join(map(str, data))}: {line}")
    return good


def _normalized(
    samples: list[Sample], model: EvaluatedModel, data: Sequence[Path], say: Callable[[str], None]
) -> list[Sample]:
    if not model.text:
        return samples
    texts, found = preview((sample.transcript for sample in samples), Normalizer(model.text, model.tokens))
    if found.changed:
        say(f"{', '.join(map(str, data))}: {found.in_short()}")
    return [replace(sample, transcript=text) for sample, text in zip(samples, texts, strict=True)]
