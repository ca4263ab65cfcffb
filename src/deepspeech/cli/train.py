"""`deepspeech train CONFIG.toml`: train a network, then test it."""

from pathlib import Path
from typing import Annotated, Any

import typer

ConfigArgument = Annotated[Path | None, typer.Argument(help="Read settings from this TOML file; defaults without it.")]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="TABLE.KEY=VALUE", help="Override one setting; may be repeated.")
]
RecipeOption = Annotated[
    str,
    typer.Option(
        "--recipe",
        metavar="small|medium|large|auto",
        help="Start from settings for up to 20 hours, up to 300 hours, or more; auto chooses by the training set.",
    ),
]
SkipOption = Annotated[
    bool, typer.Option("--skip-bad", help="Skip samples that cannot be trained on, instead of refusing to start.")
]


def train(
    config: ConfigArgument = None,
    change: SetOption = None,
    recipe: RecipeOption = "",
    skip_bad: SkipOption = False,
    show: Annotated[
        bool, typer.Option("--show", help="Print the resolved settings as TOML, explained, and stop.")
    ] = False,
    probe: Annotated[
        bool, typer.Option("--probe", help="Find the largest training.batch_size that fits into memory and stop.")
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print test results as JSON.")] = False,
) -> None:
    """Train a network on recordings, then test it.

    Run the same command again to resume from the newest checkpoint. On several GPUs or machines:
    torchrun --nproc-per-node 4 -m deepspeech train …; see docs/many-machines.md.

    Example: deepspeech train --recipe auto --set data.train=train.csv --set data.dev=dev.csv
    """
    from deepspeech.config import override, page, read, resolve

    tables: dict[str, Any] = override(read(config) if config else {}, change or [])
    if recipe:
        from deepspeech.recipes import with_recipe

        tables = with_recipe(recipe, tables)
    if skip_bad:
        tables.setdefault("data", {})["on_bad_sample"] = "skip"
    run_config = resolve(tables)
    if show:
        print(page(run_config, explained=True), end="")
        return

    from deepspeech.training.log import Log
    from deepspeech.training.staging import download_inputs

    if probe:
        from deepspeech.training.run import probed_batch_size

        print(f"training.batch_size = {probed_batch_size(download_inputs(run_config), Log())}")
        return
    run_config = download_inputs(run_config)
    log = Log(Path(run_config.checkpoint.folder))
    run_training(run_config, log)
    if run_config.data.test:  # the run's own checkpoints, not the ones it started from
        from dataclasses import replace

        own = replace(run_config.checkpoint, load="", which="auto")
        report(replace(run_config, checkpoint=own), log, json_output)


def run_training(run_config: Any, log: Any, repeat_settings: bool = False) -> None:
    """Train. Raises typer.Exit with the exit code of a signal that stopped it (128 + number).

    With several ranks, only the first returns; the others raise typer.Exit. `repeat_settings`: see `Run.train`.
    """
    from dataclasses import replace

    from deepspeech.remote.folders import push
    from deepspeech.training.ranks import joined
    from deepspeech.training.run import Run
    from deepspeech.training.signals import Stopped

    try:
        with joined() as ranks:
            source = (adopt(run_config, log) if ranks.first else run_config).checkpoint.load
            checkpoint = replace(run_config.checkpoint, load=ranks.broadcast(source))
            Run(replace(run_config, checkpoint=checkpoint), log, ranks).train(repeat_settings)
    except Stopped as stopped:
        if ranks.first:
            log.line("Stopped. A checkpoint is written; run the same command again to resume.")
        raise typer.Exit(128 + stopped.number) from None
    if not ranks.first:
        raise typer.Exit()
    push(Path(run_config.checkpoint.folder))


def adopt(run_config: Any, log: Any) -> Any:
    """Convert the TensorFlow checkpoint that a run starts from, if any; returns the updated run."""
    from deepspeech.old_models.to_checkpoint import adopted

    run_config, done = adopted(run_config)
    for line in done:
        log.line(line)
    return run_config


def report(run_config: Any, log: Any, json_output: bool = False, count: int = 3) -> Any:
    """Test, print the report, and return scores by file."""
    import json

    from deepspeech.evaluation.report import blocks, summary
    from deepspeech.training.test import test

    results = test(run_config, log)
    if json_output:
        print(json.dumps({name: scores.to_dict() for name, scores in results.items()}, indent=2))
    else:
        for name, scores in results.items():
            print(summary(name, scores))
            print(blocks(scores, count))
    return results
