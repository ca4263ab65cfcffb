"""The test at the end of a run: its best checkpoint on recordings it never saw."""

from dataclasses import replace
from pathlib import Path

from deepspeech import checkpoint
from deepspeech.acoustic.restore import Restored, restore
from deepspeech.config import RunConfig
from deepspeech.datasets.clips import ClipCache
from deepspeech.datasets.pipeline import Pipeline
from deepspeech.decoder.scorer import Scorer
from deepspeech.evaluation.averaged import averaged, shifts
from deepspeech.evaluation.emissions import Emitter
from deepspeech.evaluation.evaluate import evaluate
from deepspeech.evaluation.score import Scores
from deepspeech.features.mfcc import FeatureExtractor
from deepspeech.training.emit import TorchEmitter
from deepspeech.training.log import Log
from deepspeech.training.sets import open_sets


def test(config: RunConfig, log: Log) -> dict[str, Scores]:
    """Scores of the best (else last) checkpoint on each test set, decoded with the configured beam search."""
    restored = restore(chosen(config))
    scorer = Scorer.open(config.scorer) if config.scorer else None
    log.line(f"Loading {checkpoint.in_words(restored.path)} checkpoint from {restored.path}")
    data = replace(config.data, train=(), dev=(), metrics=())
    only_test = replace(config, features=restored.features, network=restored.network.config, data=data)
    sets = open_sets(only_test, restored.alphabet, log)
    emit = emitter_of(restored, config.training.eval_batch_size, config.data.workers, config.training.test_jitter_ms)
    return {
        name: evaluate(emit(samples), samples, restored.alphabet, config.decoding, f"testing {name}", scorer)
        for name, samples in sets.test.items()
    }


def emitter_of(restored: Restored, batch_size: int, workers: int, jitter_ms: float = 0.0) -> Emitter:
    """The emitter of a checkpoint; with jitter, of its mean over the clip as it is and moved so much both ways."""
    extractor, outputs = FeatureExtractor(restored.features), restored.network.config.outputs
    pipelines = [
        Pipeline(extractor, restored.alphabet, ClipCache(0), outputs=outputs, shift_samples=shift)
        for shift in shifts(jitter_ms, restored.features.sample_rate_hz)
    ]
    return averaged([TorchEmitter(restored.network, pipeline, batch_size, workers).emit for pipeline in pipelines])


def chosen(config: RunConfig) -> Path:
    """The checkpoint that a run is judged and exported by."""
    folder = Path(config.checkpoint.load or config.checkpoint.folder)
    kinds = {"last": ("train",), "best": ("best",)}.get(config.checkpoint.which, ("best", "train"))
    return checkpoint.judged(folder, kinds)
