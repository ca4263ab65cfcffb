"""Finds the models that a user names, and opens them for the commands that evaluate."""

import sys
from pathlib import Path
from typing import Any

from deepspeech.printable import in_line


def model_file(named: Path) -> Path:
    """The model file of what a user names: a model file or an old model, a checkpoint folder, the address of one, or
    a published model that was fetched.

    Old models and checkpoints are converted once, into the user's cache. Raises a DeepSpeechError.
    """
    path = _local(named)
    return _exported(path) if path.is_dir() else path


def scorer_file(named: Path | None) -> Path | None:
    """The scorer that a user names, fetched where it lies at an address; or that of a published model.

    Raises RemoteError, or ConfigError where a published model has none.
    """
    from deepspeech.remote.catalogue import scorer_of
    from deepspeech.remote.files import fetch

    return fetch(scorer_of(named)) if named else None


def _local(named: Path) -> Path:
    """The model file or checkpoint folder on this machine that a user names. Raises a DeepSpeechError."""
    from deepspeech.old_models.convert import as_model_file
    from deepspeech.remote.catalogue import model_of
    from deepspeech.remote.folders import download

    return as_model_file(download(model_of(named)))


def _exported(folder: Path) -> Path:
    """The model file of the best checkpoint in a folder. Raises CheckpointError."""
    import hashlib

    from deepspeech import checkpoint
    from deepspeech._version import __version__
    from deepspeech.export.checkpoint import model_of
    from deepspeech.files import sha256_of
    from deepspeech.old_models.cache import cached

    source = checkpoint.best_or_newest(folder)
    digest = hashlib.sha256(__version__.encode())  # another version may export other graphs
    for name in ("run.json", "weights.safetensors"):
        with (source / name).open("rb") as file:
            digest.update(sha256_of(file))
    return cached(digest.hexdigest(), lambda: model_of(source))


def open_models(paths: list[Path], jitter_ms: float, skip_bad: bool = False, text_settings: Any = None) -> Any:
    """Open models as one EvaluatedModel; the probabilities of several are averaged.

    `text_settings`: those of options (`takes_text`), in place of the first model's own.
    """
    from dataclasses import replace

    from deepspeech.evaluation.evaluated_model import as_one, check_jitter

    check_jitter(jitter_ms)
    model = as_one(paths, [open_model(path, jitter_ms, skip_bad) for path in paths])
    return replace(model, text=text_settings(model.text)) if text_settings else model


def open_model(path: Path, jitter_ms: float = 0.0, skip_bad: bool = False) -> Any:
    """Open a model file or a checkpoint folder, also of DeepSpeech 0.7 to 0.9 and Coqui STT, or a published model.

    `skip_bad`: report damaged recordings and skip them.
    """
    path = _local(path)
    on_bad = _report_skipped if skip_bad else None
    if path.is_dir():
        from deepspeech.training.test import open_checkpoint

        return open_checkpoint(path, jitter_ms, on_bad)
    from deepspeech.evaluation.model_file import open_model_file

    return open_model_file(path, jitter_ms, on_bad)


def say(line: str) -> None:
    """Print to stderr."""
    print(line, file=sys.stderr)


def _report_skipped(_: Any, error: Exception) -> None:
    say(f"deepspeech: {in_line(str(error))}; skipped")
