"""`deepspeech evaluate`: error rates of a model file or a checkpoint."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from deepspeech.cli.shared_options import Alpha, BeamWidth, Beta, HotPhrase, HotPhrasesFile


class Opened(NamedTuple):
    """What is judged: a model file or a checkpoint. `emit` makes emissions of samples."""

    files: list[Path]
    alphabet: Any
    features: Any
    beam_width: int
    has_loss: bool
    emit: Callable[[list[Any]], Iterable[Any]]


def evaluate(
    model: Annotated[Path, typer.Option(help="A model file or a checkpoint folder, old ones too.")],
    data: Annotated[list[Path], typer.Option(help="A data set: .csv, .sdb, .tar or .jsonl; may be repeated.")],
    scorer: Annotated[Path | None, typer.Option(help="A .scorer file: words and their order.")] = None,
    alpha: Alpha = None,
    beta: Beta = None,
    hot_phrase: HotPhrase = None,
    hot_phrases: HotPhrasesFile = None,
    beam_width: BeamWidth = None,
    greedy: Annotated[bool, typer.Option(help="The likeliest letter of every frame instead of a search.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON: wer and cer as fractions.")] = False,
    samples: Annotated[bool, typer.Option("--samples", help="Report every sample too.")] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out samples that cannot be used.")] = False,
) -> None:
    """Error rates of a model or checkpoint on recordings.

    Example: deepspeech evaluate --model model.onnx --data test.csv
    """
    import json

    from deepspeech.decoder.options import DecodeOptions
    from deepspeech.decoder.phrases import HotPhrases
    from deepspeech.decoder.scorer import Scorer
    from deepspeech.errors import ConfigError
    from deepspeech.evaluation.evaluate import evaluate as judge
    from deepspeech.evaluation.report import summary
    from deepspeech.evaluation.score import Scores
    from deepspeech.remote.files import address, fetch

    weights_need(scorer, alpha, beta)
    phrases = HotPhrases.gather(hot_phrase or (), hot_phrases)
    if greedy and phrases.strengths:
        raise ConfigError("hot phrases are for the search and have no effect with --greedy; leave one of them out")
    opened = open_model(model)
    good = usable(data, opened, skip_bad)
    search = DecodeOptions(beam_width=beam_width or opened.beam_width, alpha=alpha, beta=beta)
    words = Scorer.open(fetch(scorer)) if scorer else None
    options = None if greedy else search
    scores: Scores = judge(opened.emit(good), good, opened.alphabet, options, "evaluating", words, phrases=phrases)
    if json_output:
        print(json.dumps(scores.to_dict(rows=samples), indent=2, ensure_ascii=False))
        return
    names = ", ".join(address(path) or str(path) for path in data)
    print(summary(names, scores) + f", {len(good)} utterances, {scores.words} words")
    if samples:
        for sample in scores.samples:
            print(f"{sample.wer:.2f}\t{sample.id}\t{sample.reference}\t{sample.hypothesis}")


def weights_need(scorer: Path | None, alpha: float | None, beta: float | None) -> None:
    """Refuse weights that have nothing to weigh."""
    from deepspeech.errors import ConfigError

    if scorer is None and not (alpha is None and beta is None):
        raise ConfigError("--alpha and --beta weigh a scorer; name it with --scorer, or leave them out")


def open_model(path: Path) -> Opened:
    """A model file or a checkpoint folder, of today or of the old systems."""
    from deepspeech.mozilla.convert import as_model_file
    from deepspeech.remote.folders import bring

    path = as_model_file(bring(path))
    return _checkpoint(path) if path.is_dir() else _model_file(path)


def usable(data: list[Path], opened: Opened, skip_bad: bool) -> list[Any]:
    """The samples of all files that can be judged; the others are refused, or told and left out."""
    import os
    import sys

    from deepspeech.datasets.check import describe, examine_all, refuse
    from deepspeech.datasets.samples import read_samples
    from deepspeech.errors import DataError

    given = [sample for path in data for sample in read_samples(path)]
    # A checkpoint is judged by its loss too, and that needs transcripts in its letters.
    alphabet = opened.alphabet if opened.has_loss else None
    good, faults = examine_all(given, alphabet, opened.features, "recordings", os.cpu_count() or 1)
    if skip_bad and faults:
        print(describe(faults, "given"), file=sys.stderr)
    elif not skip_bad:
        refuse(faults, "given")
    if not good:
        raise DataError(f"{data[0]}: no usable sample")
    return good


def _model_file(path: Path) -> Opened:
    from deepspeech.evaluation.evaluate import Emitted
    from deepspeech.runtime.emit import FileEmitter
    from deepspeech.runtime.session import Session

    session = Session(path)
    emitter = FileEmitter(session)

    def emit(samples: list[Any]) -> Iterable[Emitted]:
        emissions = emitter.emit([sample.audio for sample in samples])
        return (Emitted(*pair) for pair in zip(samples, emissions, strict=True))

    card = session.card
    return Opened([path], card.alphabet, card.features, card.beam_width, False, emit)


def _checkpoint(path: Path) -> Opened:
    import os

    from deepspeech import checkpoint
    from deepspeech.acoustic.restore import restore
    from deepspeech.datasets.clips import ClipCache
    from deepspeech.datasets.pipeline import Pipeline
    from deepspeech.features.mfcc import FeatureExtractor
    from deepspeech.training.emit import TorchEmitter

    folder = checkpoint.judged(path)
    restored = restore(folder)
    pipeline = Pipeline(FeatureExtractor(restored.features), restored.alphabet, ClipCache(0))
    emitter = TorchEmitter(restored.network, pipeline, 16, os.cpu_count() or 1)
    beam_width = restored.run["config"]["decoding"]["beam_width"]
    files = [folder / "weights.safetensors", folder / "run.json"]
    return Opened(files, restored.alphabet, restored.features, beam_width, True, emitter.emit)
