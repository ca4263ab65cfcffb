"""`deepspeech evaluate`: report WER and CER of a model file or a checkpoint."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.models import open_models, say, scorer_file
from deepspeech.cli.shared_options import (
    Alpha,
    BeamThreshold,
    BeamWidth,
    Beta,
    HotPhrase,
    HotPhrasesFile,
    TokenMinLogp,
    decode_options,
    weights_need,
)
from deepspeech.cli.text_options import takes_text

Models = Annotated[
    list[Path],
    typer.Option(
        help="Evaluate this model file or checkpoint folder, old ones too; of several, average the probabilities."
    ),
]
DataSets = Annotated[
    list[Path], typer.Option(help="Evaluate on this data set: .csv, .sdb, .tar or .jsonl; may be repeated.")
]
JitterMs = Annotated[
    float,
    typer.Option(help="Average over each clip and the clip shifted by this many ms both ways (test-time jitter)."),
]
ConfusionFlag = Annotated[bool, typer.Option("--confusion", help="Report confusions of characters and words.")]
ConfusionPicture = Annotated[
    Path | None, typer.Option(help="Plot the confusion matrix of characters to this .png or .svg.")
]

CalibrationFlag = Annotated[
    bool, typer.Option("--calibration", help="Report whether the confidence of words tells how often they are right.")
]
CalibrationPicture = Annotated[
    Path | None, typer.Option(help="Plot the reliability diagram of word confidence to this .png or .svg.")
]


@takes_text
def evaluate(
    model: Models,
    data: DataSets,
    scorer: Annotated[Path | None, typer.Option(help="Decode with this .scorer file (language model).")] = None,
    alpha: Alpha = None,
    beta: Beta = None,
    hot_phrase: HotPhrase = None,
    hot_phrases: HotPhrasesFile = None,
    beam_width: BeamWidth = None,
    beam_threshold: BeamThreshold = None,
    token_min_logp: TokenMinLogp = None,
    greedy: Annotated[bool, typer.Option(help="Use greedy decoding instead of beam search.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON; wer and cer are fractions.")] = False,
    samples: Annotated[bool, typer.Option("--samples", help="Report each sample, too.")] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Skip samples that cannot be used.")] = False,
    jitter_ms: JitterMs = 0.0,
    confusion: ConfusionFlag = False,
    confusion_picture: ConfusionPicture = None,
    calibration: CalibrationFlag = False,
    calibration_picture: CalibrationPicture = None,
    text_settings: Any = None,
) -> None:
    """Report error rates of a model or checkpoint on recordings.

    References are normalized as the model's transcripts were, or as the options say.

    Example: deepspeech evaluate --model model.onnx --data test.csv
    """
    from deepspeech.decoder.phrases import HotPhrases
    from deepspeech.decoder.scorer import Scorer
    from deepspeech.errors import DataError
    from deepspeech.evaluation.evaluate import evaluate as run
    from deepspeech.evaluation.evaluated_model import usable_samples
    from deepspeech.evaluation.score import Scores
    from deepspeech.remote.files import address

    check_pictures(confusion_picture, calibration_picture)
    weights_need(scorer, alpha, beta)
    phrases = HotPhrases.gather(hot_phrase or (), hot_phrases)
    calibration = calibration or calibration_picture is not None
    _check_greedy(greedy, phrases.strengths, calibration)
    opened = open_models(model, jitter_ms, skip_bad, text_settings)
    scorer = scorer_file(scorer)
    language_model = Scorer.open(scorer, opened.tokens) if scorer else None
    phrases.native(opened.tokens)  # fails early where they do not fit the model
    good = usable_samples(data, opened, skip_bad, say)
    search = None if greedy else decode_options(
        beam_width or opened.beam_width,
        beam_threshold=beam_threshold, token_min_logp=token_min_logp, alpha=alpha, beta=beta,
    )  # fmt: skip
    scores: Scores = run(opened.emit(good), good, opened.tokens, search, "evaluating", language_model, phrases=phrases)
    if not scores.samples:
        raise DataError(f"{data[0]}: no usable sample")
    tables = confusions(scores, confusion_picture) if confusion or confusion_picture else []
    sureness = calibrated(scores, calibration_picture) if calibration else None
    names = ", ".join(address(path) or str(path) for path in data)
    if json_output:
        _print_json(scores, samples, tables, sureness)
    else:
        _print_report(names, scores, samples, [*(tables if confusion else []), *([sureness] if sureness else [])])


def _check_greedy(greedy: bool, phrases: Any, calibration: bool) -> None:
    from deepspeech.errors import ConfigError

    if greedy and phrases:
        raise ConfigError("hot phrases need beam search and have no effect with --greedy; leave one of them out")
    if greedy and calibration:
        raise ConfigError("greedy decoding gives words no confidence; leave out --greedy or --calibration")


def _print_json(scores: Any, samples: bool, tables: list[Any], sureness: Any) -> None:
    import json

    page = scores.to_dict(rows=samples)
    if sureness:
        page["calibration"] = sureness.to_dict()
    if tables:
        page["confusion"] = dict(zip(("letters", "words"), (table.to_list() for table in tables), strict=True))
    print(json.dumps(page, indent=2, ensure_ascii=False))


def _print_report(names: str, scores: Any, samples: bool, tables: list[Any]) -> None:
    from deepspeech.evaluation.report import summary

    print(summary(names, scores) + f", {len(scores.samples)} utterances, {scores.words} words")
    for sample in scores.samples if samples else ():
        print(f"{sample.wer:.2f}\t{sample.id}\t{sample.reference}\t{sample.hypothesis}")
    for table in tables:
        print(f"\n{table.table()}")


def check_pictures(*paths: Path | None) -> None:
    """Raise DataError for an unsupported image format, before the evaluation."""
    for path in filter(None, paths):
        from deepspeech.evaluation.picture import check

        check(path)


def calibrated(scores: Any, picture: Path | None) -> Any:
    """Calibration of word confidence; with `picture`, plot it."""
    from deepspeech.evaluation.calibration import calibration

    found = calibration(scores.samples)
    if picture:
        from deepspeech.evaluation.calibration_picture import draw

        draw(found, picture)
    return found


def confusions(scores: Any, picture: Path | None) -> list[Any]:
    """Confusions of characters and of words; with `picture`, plot the former."""
    from deepspeech.evaluation.confusion import confusion

    tables = [confusion(scores.samples, unit) for unit in ("character", "word")]
    if picture:
        from deepspeech.evaluation.confusion_picture import draw

        draw(tables[0], picture)
    return tables
