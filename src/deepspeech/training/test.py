"""Tests the best checkpoint of a run on its test sets."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from deepspeech import checkpoint
from deepspeech.acoustic.restore import Restored, restore
from deepspeech.config import RunConfig
from deepspeech.cores import cores
from deepspeech.datasets.clips import ClipCache
from deepspeech.datasets.pipeline import Pipeline
from deepspeech.datasets.sample import Sample
from deepspeech.decoder.scorer import Scorer
from deepspeech.errors import AudioError, DataError
from deepspeech.evaluation.averaged import averaged, shifts
from deepspeech.evaluation.emissions import AcousticModel
from deepspeech.evaluation.evaluate import evaluate
from deepspeech.evaluation.evaluated_model import EvaluatedModel
from deepspeech.evaluation.score import Scores
from deepspeech.training.datasets import open_datasets
from deepspeech.training.emit import TorchAcousticModel
from deepspeech.training.loader import refuse
from deepspeech.training.log import Log

EVALUATION_BATCH = 16


def test(config: RunConfig, log: Log) -> dict[str, Scores]:
    """Scores of the best (else last) checkpoint on each test set, decoded with the configured beam search."""
    restored = restore(chosen(config))
    scorer = Scorer.open(config.scorer, restored.tokens) if config.scorer else None
    log.line(f"Loading {checkpoint.in_words(restored.path)} checkpoint from {restored.path}")
    data = replace(config.data, train=(), dev=(), metrics=())
    only_test = replace(config, features=restored.features, network=restored.network.config, data=data)
    sets = open_datasets(only_test, restored.tokens, log)
    left_out: dict[Sample, AudioError] = {}  # by sample: with jitter each is read several times

    def bad(sample: Sample, error: AudioError) -> None:
        if config.data.on_bad_sample == "refuse":
            refuse(sample, error)
        left_out[sample] = error

    c = config.training
    emit = acoustic_model_of(restored, c.eval_batch_size, config.data.workers, c.test_jitter_ms, bad)
    results = {}
    for name, samples in sets.test.items():
        results[name] = evaluate(emit(samples), samples, restored.tokens, config.decoding, f"testing {name}", scorer)
        if left_out:
            for error in left_out.values():
                log.line(f"skipped: {error}")
            log.line(f"{name}: {len(left_out)} of {len(samples)} clips skipped")
            left_out.clear()
        if not results[name].samples:
            raise DataError(f"{name}: no clip of this set can be read; check the files")
    return results


def acoustic_model_of(
    restored: Restored,
    batch_size: int,
    workers: int,
    jitter_ms: float = 0.0,
    on_bad: Callable[[Sample, AudioError], None] = refuse,
) -> AcousticModel:
    """The acoustic model of a checkpoint; with jitter, its mean over the clip and the clip shifted both ways."""
    extractor, outputs = restored.front_end, restored.network.config.outputs
    pipelines = [
        Pipeline(extractor, restored.tokens, ClipCache(0), outputs=outputs, shift_samples=shift)
        for shift in shifts(jitter_ms, restored.features.sample_rate_hz)
    ]
    return averaged(
        [TorchAcousticModel(restored.network, pipeline, batch_size, workers, on_bad).emit for pipeline in pipelines]
    )


def open_checkpoint(
    folder: Path, jitter_ms: float = 0.0, on_bad: Callable[[Sample, AudioError], None] | None = None
) -> EvaluatedModel:
    """The best checkpoint of a folder, for evaluation. Unreadable clips go to `on_bad` and are skipped.

    Raises CheckpointError.
    """
    path = checkpoint.best_or_newest(folder)
    restored = restore(path)
    return EvaluatedModel(
        (path / "weights.safetensors", path / "run.json"),
        restored.tokens,
        restored.features,
        checkpoint.setting(restored.run, "config.decoding.beam_width", int),
        True,
        restored.network.config.outputs,
        acoustic_model_of(restored, EVALUATION_BATCH, cores(), jitter_ms, on_bad or refuse),
        checkpoint.text_of(restored.run),
    )


def chosen(config: RunConfig) -> Path:
    """The checkpoint to evaluate and export."""
    folder = Path(config.checkpoint.load or config.checkpoint.folder)
    kinds = {"last": ("train",), "best": ("best",)}.get(config.checkpoint.which, ("best", "train"))
    return checkpoint.best_or_newest(folder, kinds)
