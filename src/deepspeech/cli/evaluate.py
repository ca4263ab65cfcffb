"""`deepspeech evaluate`: error rates of a model file or a checkpoint."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from deepspeech.cli.shared_options import Alpha, BeamWidth, Beta, HotPhrase, HotPhrasesFile
from deepspeech.printable import in_line


class Opened(NamedTuple):
    """What is judged: a model file or a checkpoint. `emit` makes emissions of samples."""

    files: list[Path]
    alphabet: Any
    features: Any
    beam_width: int
    has_loss: bool
    outputs: Callable[[int], int]
    emit: Callable[[Sequence[Any]], Iterable[Any]]


def evaluate(
    model: Annotated[
        list[Path],
        typer.Option(
            help="A model file or a checkpoint folder, old ones too; of several, the probabilities are averaged."
        ),
    ],
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
    jitter_ms: Annotated[
        float, typer.Option(help="Hear each clip also so much earlier and so much later, and average.")
    ] = 0.0,
    confusion: Annotated[
        bool, typer.Option("--confusion", help="Report which letters and words are taken for which, or lost.")
    ] = False,
    confusion_picture: Annotated[
        Path | None, typer.Option(help="Draw the confusion of letters there: a .png or an .svg.")
    ] = None,
) -> None:
    """Error rates of a model or checkpoint on recordings.

    Example: deepspeech evaluate --model model.onnx --data test.csv
    """
    import json

    from deepspeech.decoder.options import DecodeOptions
    from deepspeech.decoder.phrases import HotPhrases
    from deepspeech.decoder.scorer import Scorer
    from deepspeech.errors import ConfigError, DataError
    from deepspeech.evaluation.evaluate import evaluate as judge
    from deepspeech.evaluation.report import summary
    from deepspeech.evaluation.score import Scores
    from deepspeech.remote.files import address, fetch

    check_picture(confusion_picture)
    weights_need(scorer, alpha, beta)
    phrases = HotPhrases.gather(hot_phrase or (), hot_phrases)
    if greedy and phrases.strengths:
        raise ConfigError("hot phrases are for the search and have no effect with --greedy; leave one of them out")
    opened = open_models(model, jitter_ms, skip_bad)
    words = Scorer.open(fetch(scorer), opened.alphabet) if scorer else None
    phrases.native(opened.alphabet)  # that both fit is better known before the clips are looked at
    good = usable(data, opened, skip_bad)
    search = DecodeOptions(beam_width=beam_width or opened.beam_width, alpha=alpha, beta=beta)
    options = None if greedy else search
    scores: Scores = judge(opened.emit(good), good, opened.alphabet, options, "evaluating", words, phrases=phrases)
    if not scores.samples:
        raise DataError(f"{data[0]}: no usable sample")
    tables = confusions(scores, confusion_picture) if confusion or confusion_picture else []
    if json_output:
        page = scores.to_dict(rows=samples)
        if tables:
            page["confusion"] = {f"{table.unit}s": table.to_list() for table in tables}
        print(json.dumps(page, indent=2, ensure_ascii=False))
        return
    names = ", ".join(address(path) or str(path) for path in data)
    print(summary(names, scores) + f", {len(scores.samples)} utterances, {scores.words} words")
    if samples:
        for sample in scores.samples:
            print(f"{sample.wer:.2f}\t{sample.id}\t{sample.reference}\t{sample.hypothesis}")
    for table in tables if confusion else []:
        print(f"\n{table.table()}")


def check_picture(path: Path | None) -> None:
    """Refuse a picture that could not be written, before minutes of listening."""
    if path:
        from deepspeech.evaluation.picture import check

        check(path)


def confusions(scores: Any, picture: Path | None) -> list[Any]:
    """The confusion of letters and that of words; the letters' is drawn where that is asked for."""
    from deepspeech.evaluation.confusion import confusion

    tables = [confusion(scores.samples, unit) for unit in ("letter", "word")]
    if picture:
        from deepspeech.evaluation.confusion_picture import draw

        draw(tables[0], picture)
    return tables


def weights_need(scorer: Path | None, alpha: float | None, beta: float | None) -> None:
    """Refuse weights that have nothing to weigh."""
    from deepspeech.errors import ConfigError

    if scorer is None and not (alpha is None and beta is None):
        raise ConfigError("--alpha and --beta weigh a scorer; name it with --scorer, or leave them out")


def open_models(paths: list[Path], jitter_ms: float, skip_bad: bool = False) -> Opened:
    """One or several of open_model(), as one whose probabilities are the mean of theirs."""
    from deepspeech.errors import ConfigError
    from deepspeech.evaluation.averaged import averaged

    if not 0 <= jitter_ms < 1000:
        raise ConfigError(f"--jitter-ms is {jitter_ms:g}; it must be at least 0 and below 1000")
    first, *others = opened = [open_model(path, jitter_ms, skip_bad) for path in paths]
    for path, other in zip(paths[1:], others, strict=True):
        if list(other.alphabet.labels) != list(first.alphabet.labels):
            raise ConfigError(f"{path} has another alphabet than {paths[0]}; only networks of one can be averaged")
    files = [file for one in opened for file in one.files]
    return first._replace(files=files, emit=averaged([one.emit for one in opened]))


def open_model(path: Path, jitter_ms: float = 0.0, skip_bad: bool = False) -> Opened:
    """A model file or a checkpoint folder, of today or of the old systems.

    `skip_bad`: the emitter tells of recordings that are damaged inside and goes on without them.
    """
    from deepspeech.mozilla.convert import as_model_file
    from deepspeech.remote.folders import bring

    path = as_model_file(bring(path))
    return (_checkpoint if path.is_dir() else _model_file)(path, jitter_ms, skip_bad)


def usable(data: list[Path], opened: Opened, skip_bad: bool) -> list[Any]:
    """The samples of all files that can be judged; the others are refused, or told and left out."""
    import sys

    from deepspeech.cores import cores
    from deepspeech.datasets.check import describe, examine_all, refuse
    from deepspeech.datasets.samples import read_samples
    from deepspeech.errors import DataError
    from deepspeech.evaluation.references import unavoidable_errors

    given = [sample for path in data for sample in read_samples(path)]
    # A checkpoint is judged by its loss too, and that needs transcripts in its letters.
    alphabet = opened.alphabet if opened.has_loss else None
    good, faults = examine_all(given, alphabet, opened.features, "recordings", cores(), opened.outputs)
    if skip_bad and faults:
        print(describe(faults, "given"), file=sys.stderr)
    elif not skip_bad:
        refuse(faults, "given")
    if not good:
        raise DataError(f"{data[0]}: no usable sample")
    for line in unavoidable_errors(good, opened.alphabet):
        print(f"{', '.join(map(str, data))}: {line}", file=sys.stderr)
    return good


def _left_out(error: Exception) -> None:
    import sys

    print(f"deepspeech: {in_line(str(error))}; it is left out", file=sys.stderr)


def _model_file(path: Path, jitter_ms: float, skip_bad: bool) -> Opened:
    from deepspeech.errors import AudioError
    from deepspeech.evaluation.averaged import averaged, shifts
    from deepspeech.evaluation.evaluate import Emitted
    from deepspeech.runtime.emit import FileAcousticModel
    from deepspeech.runtime.session import Session

    session = Session(path)
    card = session.card

    def emitter(shift_samples: int) -> Any:
        files = FileAcousticModel(session, shift_samples=shift_samples)

        def emit(samples: Sequence[Any]) -> Iterable[Emitted]:
            emissions = files.emit_all([sample.audio for sample in samples])
            for sample, found in zip(samples, emissions, strict=True):
                if not isinstance(found, AudioError):
                    yield Emitted(sample, found)
                elif skip_bad:
                    _left_out(found)
                else:
                    raise found

        return emit

    emit = averaged([emitter(shift) for shift in shifts(jitter_ms, card.features.sample_rate_hz)])
    return Opened([path], card.alphabet, card.features, card.beam_width, False, card.chunk.outputs, emit)


def _checkpoint(path: Path, jitter_ms: float, skip_bad: bool) -> Opened:
    from deepspeech import checkpoint
    from deepspeech.acoustic.restore import restore
    from deepspeech.cores import cores
    from deepspeech.training.loader import refuse
    from deepspeech.training.test import emitter_of

    folder = checkpoint.judged(path)
    restored = restore(folder)
    bad = (lambda _, error: _left_out(error)) if skip_bad else refuse
    emit = emitter_of(restored, 16, cores(), jitter_ms, bad)
    beam_width = checkpoint.setting(restored.run, "config.decoding.beam_width", int)
    files = [folder / "weights.safetensors", folder / "run.json"]
    outputs = restored.network.config.outputs
    return Opened(files, restored.alphabet, restored.features, beam_width, True, outputs, emit)
