"""`deepspeech lm tune`: the weights of a scorer that make the fewest errors with a model."""

from pathlib import Path
from typing import Annotated

import typer


def tune(
    model: Annotated[Path, typer.Option(help="A model file, or a checkpoint folder.")],
    scorer: Annotated[Path, typer.Option(help="The .scorer file to find weights for.")],
    data: Annotated[list[Path], typer.Option(help="A data set: .csv, .sdb, .tar or .jsonl; may be repeated.")],
    trials: Annotated[int, typer.Option(help="Pairs of weights to try, those of an earlier start included.")] = 200,
    alpha_max: Annotated[float, typer.Option(help="Highest weight of the scorer to try.")] = 5.0,
    beta_max: Annotated[float, typer.Option(help="Highest bonus for a word to try.")] = 5.0,
    beam_width: Annotated[
        int | None, typer.Option(help="Prefixes kept by the search; the model's own by default.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write the scorer with the best weights there.")] = None,
    storage: Annotated[
        Path, typer.Option(help="Folder for what the network heard, the trials and their picture.")
    ] = Path("tuning"),
    seed: Annotated[int, typer.Option(help="Another seed tries other weights.")] = 4568,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON: the best weights and every trial.")] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out samples that cannot be used.")] = False,
) -> None:
    """Find the weights of a scorer that make the fewest errors with a model.

    Use recordings that the model was not trained on, and test on others than these. Run the same command again to go
    on with a search that was stopped, or with more trials: what was tried is not tried again.

    Example: deepspeech lm tune --model model.onnx --scorer my.scorer --data dev.csv --output tuned.scorer
    """
    import json
    from dataclasses import asdict

    from deepspeech.cli.evaluate import open_model, say
    from deepspeech.decoder.options import DecodeOptions
    from deepspeech.evaluation.evaluated_model import usable_samples
    from deepspeech.evaluation.tune import TuneOptions
    from deepspeech.evaluation.tuning import search
    from deepspeech.lm.package import with_weights

    options = TuneOptions(trials, alpha_max, beta_max, seed)
    opened = open_model(model, skip_bad=skip_bad)
    decoding = DecodeOptions(beam_width=beam_width or opened.beam_width)
    samples = usable_samples(data, opened, skip_bad, say)
    found = search(opened, samples, scorer, decoding, options, storage)
    best = found.best
    if output:
        with_weights(scorer, output, best.alpha, best.beta)
    if json_output:
        page = {
            "alpha": best.alpha, "beta": best.beta, "wer": best.wer, "cer": best.cer,
            "own": asdict(found.own) if found.own else None, "utterances": len(samples), "picture": str(found.picture),
            "output": str(output) if output else None, "trials": [asdict(trial) for trial in found.trials],
        }  # fmt: skip
        print(json.dumps(page, indent=2))
        return
    print(found.table())
    print(f"the surface of {len(found.trials)} trials on {len(samples)} utterances: {found.picture}")
    if output:
        print(f"{output}: the scorer with alpha {best.alpha:.6f} and beta {best.beta:.6f}")
    else:
        print(
            f"use them with --alpha {best.alpha:.6f} --beta {best.beta:.6f}, or put them in a scorer with --output FILE"
        )
