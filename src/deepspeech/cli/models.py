"""Opens models for the commands that evaluate: model files and checkpoints, old ones too."""

import sys
from pathlib import Path
from typing import Any

from deepspeech.printable import in_line


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
    """Open a model file or a checkpoint folder, also of DeepSpeech 0.7 to 0.9 and Coqui STT.

    `skip_bad`: report damaged recordings and skip them.
    """
    from deepspeech.old_models.convert import as_model_file
    from deepspeech.remote.folders import download

    path = as_model_file(download(path))
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
