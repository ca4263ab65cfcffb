"""`deepspeech lm tune`: the weights of a scorer that make the fewest errors with a model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

SHOWN = 10


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

    from deepspeech.cli.evaluate import open_model, usable
    from deepspeech.decoder.options import DecodeOptions
    from deepspeech.evaluation.tune import TuneOptions, ranked
    from deepspeech.lm.package import with_weights

    options = TuneOptions(trials, alpha_max, beta_max, seed)
    opened = open_model(model, skip_bad=skip_bad)
    decoding = DecodeOptions(beam_width=beam_width or opened.beam_width)
    samples = usable(data, opened, skip_bad)
    found = search(opened, samples, scorer, decoding, options, storage)
    best = ranked(found.trials, opened.alphabet.bytes_mode)[0]
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
    print(table(found, opened.alphabet.bytes_mode))
    print(f"the surface of {len(found.trials)} trials on {len(samples)} utterances: {found.picture}")
    if output:
        print(f"{output}: the scorer with alpha {best.alpha:.6f} and beta {best.beta:.6f}")
    else:
        print(
            f"use them with --alpha {best.alpha:.6f} --beta {best.beta:.6f}, or put them in a scorer with --output FILE"
        )


class Found:
    """What a search gave: every trial, that of the scorer's own weights if they were tried, and the picture."""

    def __init__(self, trials: Sequence[Any], own: Any, picture: Path) -> None:
        self.trials, self.own, self.picture = trials, own, picture


def search(opened: Any, samples: list[Any], scorer: Path, decoding: Any, options: Any, storage: Path) -> Found:
    """Search and draw; `opened` is what makes the emissions of `samples`."""
    from deepspeech.cores import cores
    from deepspeech.decoder.scorer import Scorer
    from deepspeech.evaluation.emissions import checksum, emissions_of
    from deepspeech.evaluation.surface import draw
    from deepspeech.evaluation.tune import Task, ranked, tune

    words = Scorer.open(scorer, opened.alphabet)  # that it fits is better known before the network listens
    heard = checksum([*opened.files, *(sample.audio for sample in samples)])
    emissions = emissions_of(samples, opened.emit, storage / f"emissions-{heard[:16]}.npz")
    task = Task(emissions, [sample.transcript for sample in samples], opened.alphabet, words, decoding)
    key = task.key(heard, checksum([scorer]), options)
    trials = tune(task, options, storage / f"trials-{key}.jsonl", cores())
    own = next((trial for trial in trials if (trial.alpha, trial.beta) == (words.alpha, words.beta)), None)
    picture = storage / f"surface-{key}.png"
    by_cer = opened.alphabet.bytes_mode
    draw(trials, ranked(trials, by_cer)[0], own, by_cer, picture)
    return Found(trials, own, picture)


def table(found: Found, by_cer: bool) -> str:
    """The best trials and the scorer's own weights, best first."""
    from deepspeech.evaluation.tune import ranked

    order = ranked(found.trials, by_cer)
    rows = [(place, trial) for place, trial in enumerate(order, 1) if place <= SHOWN or trial is found.own]
    lines = ["place      WER      CER    alpha     beta"]
    for place, trial in rows:
        note = "  the scorer's own" if trial is found.own else ""
        lines.append(f"{place:5d} {trial.wer:8.2%} {trial.cer:8.2%} {trial.alpha:8.4f} {trial.beta:8.4f}{note}")
    return "\n".join(lines)
