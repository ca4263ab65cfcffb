"""The test at the end of a run: its best checkpoint on recordings it never saw."""

from dataclasses import replace
from pathlib import Path

from deepspeech import checkpoint
from deepspeech.acoustic.restore import restore
from deepspeech.config import RunConfig
from deepspeech.datasets.clips import ClipCache
from deepspeech.datasets.pipeline import Pipeline
from deepspeech.decoder.scorer import Scorer
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
    only_test = replace(config, features=restored.features, data=replace(config.data, train=(), dev=(), metrics=()))
    sets = open_sets(only_test, restored.alphabet, log)
    pipeline = Pipeline(FeatureExtractor(restored.features), restored.alphabet, ClipCache(0))
    emitter = TorchEmitter(restored.network, pipeline, config.training.eval_batch_size, config.data.workers)
    return {
        name: evaluate(emitter.emit(samples), samples, restored.alphabet, config.decoding, f"testing {name}", scorer)
        for name, samples in sets.test.items()
    }


def chosen(config: RunConfig) -> Path:
    """The checkpoint that a run is judged and exported by."""
    folder = Path(config.checkpoint.load or config.checkpoint.folder)
    kinds = {"last": ("train",), "best": ("best",)}.get(config.checkpoint.which, ("best", "train"))
    return checkpoint.judged(folder, kinds)
