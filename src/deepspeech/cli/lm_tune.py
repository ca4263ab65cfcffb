"""`deepspeech lm tune`: search alpha and beta of a scorer for the lowest WER of a model."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.shared_options import BeamThreshold, TokenMinLogp, decode_options


def tune(
    model: Annotated[Path, typer.Option(help="Decode with this model file or checkpoint folder.")],
    scorer: Annotated[Path, typer.Option(help="Tune this .scorer file.")],
    data: Annotated[
        list[Path], typer.Option(help="Evaluate trials on this data set: .csv, .sdb, .tar or .jsonl; may be repeated.")
    ],
    trials: Annotated[int, typer.Option(help="Run this many trials, including those of earlier runs.")] = 200,
    alpha_max: Annotated[float, typer.Option(help="Search alpha (weight of the scorer) up to this.")] = 5.0,
    beta_max: Annotated[float, typer.Option(help="Search beta (bonus per word) up to this.")] = 5.0,
    beam_width: Annotated[int | None, typer.Option(help="Set the beam width; the model's own by default.")] = None,
    beam_threshold: BeamThreshold = None,
    token_min_logp: TokenMinLogp = None,
    output: Annotated[Path | None, typer.Option(help="Write the scorer with the best weights to this file.")] = None,
    storage: Annotated[Path, typer.Option(help="Keep emissions, trials and their plot in this folder.")] = Path(
        "tuning"
    ),
    seed: Annotated[int, typer.Option(help="Set the seed of the search.")] = 4568,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON: the best weights and all trials.")] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Skip samples that cannot be used.")] = False,
) -> None:
    """Tune alpha and beta of a scorer.

    Searches for the weights with the lowest WER (CER in bytes mode) of a model. Use recordings that the model was not
    trained on, and test on others. Run the same command again to resume an interrupted search or to add trials:
    finished trials are not repeated.

    Example: deepspeech lm tune --model model.onnx --scorer my.scorer --data dev.csv --output tuned.scorer
    """
    from deepspeech.cli.models import open_model, say, scorer_file
    from deepspeech.evaluation.evaluated_model import usable_samples
    from deepspeech.evaluation.tune import TuneOptions
    from deepspeech.evaluation.tuning import search
    from deepspeech.lm.package import with_weights

    options = TuneOptions(trials, alpha_max, beta_max, seed)
    opened, scorer = open_model(model, skip_bad=skip_bad), scorer_file(scorer) or scorer
    decoding = decode_options(
        beam_width or opened.beam_width, beam_threshold=beam_threshold, token_min_logp=token_min_logp
    )
    samples = usable_samples(data, opened, skip_bad, say)
    found = search(opened, samples, scorer, decoding, options, storage)
    best = found.best
    if output:
        with_weights(scorer, output, best.alpha, best.beta)
    if json_output:
        return _print_json(found, len(samples), output)
    print(found.table())
    print(f"plot of {len(found.trials)} trials on {len(samples)} utterances: {found.picture}")
    if output:
        print(f"{output}: the scorer with alpha {best.alpha:.6f} and beta {best.beta:.6f}")
    else:
        print(
            f"use them with --alpha {best.alpha:.6f} --beta {best.beta:.6f}, or put them in a scorer with --output FILE"
        )


def _print_json(found: Any, utterances: int, output: Path | None) -> None:
    import json
    from dataclasses import asdict

    best = found.best
    page = {
        "alpha": best.alpha, "beta": best.beta, "wer": best.wer, "cer": best.cer,
        "own": asdict(found.own) if found.own else None, "utterances": utterances, "picture": str(found.picture),
        "output": str(output) if output else None, "trials": [asdict(trial) for trial in found.trials],
    }  # fmt: skip
    print(json.dumps(page, indent=2))
