"""`deepspeech models`: list the published models that open here. `deepspeech models fetch NAME`: get one."""

from typing import Annotated, Any

import typer

from deepspeech.cli.metavars import Command, with_metavars

models = typer.Typer(rich_markup_mode=None)


@models.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    language: Annotated[
        str, typer.Option(metavar="TAG", help="List models of this language, for example en or zh-CN.")
    ] = "",
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON, with the addresses of all files.")] = False,
) -> None:
    """List published models by name, or fetch one.

    Others trained and published these models, under the licenses shown. A fetched one opens by its name, in every
    --model and --scorer.

    Example: deepspeech models --language en

    Example: deepspeech models fetch deepspeech-en-0.9.3
    """
    import json

    from deepspeech.remote.catalogue import published

    if context.invoked_subcommand:
        return
    found = published(language)
    if json_output:
        print(json.dumps([_to_dict(model) for model in found], indent=2, ensure_ascii=False))
        return
    head = ("name", "language", "license", "size", "fetched", "what it is")
    rows = [head, *(_row(model) for model in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@models.command(cls=Command)
@with_metavars
def fetch(
    name: Annotated[str, typer.Argument(help="Fetch this model, named as `deepspeech models` lists it.")],
    scorer: Annotated[bool, typer.Option("--scorer/--no-scorer", help="Fetch its scorer, too.")] = True,
) -> None:
    """Download a published model and its scorer.

    Checks the files and prints their paths. An old model is converted, so that it opens at once; what is here already
    is kept. An interrupted download is resumed by the same command.

    Example: deepspeech models fetch deepspeech-en-0.9.3
    """
    from pathlib import Path

    from deepspeech.cli.models import say
    from deepspeech.old_models.convert import read, write_model_file
    from deepspeech.remote import catalogue

    model = catalogue.find(name)
    new = [path for path in model.opened(scorer) if not path.is_file()]

    def convert(old: Path, target: Path) -> None:
        write_model_file(read(old), target)
        new.append(target)

    for path in catalogue.fetch(model, convert, scorer):
        print(path)
    named = f" --scorer {name}" if scorer and model.has_scorer else ""
    state = "ready" if new else "was fetched and converted before, nothing to do"
    say(f"deepspeech: {state}: deepspeech transcribe --model {name}{named} hello.wav")


def _row(model: Any) -> tuple[str, ...]:
    size = "unknown" if model.bytes is None else f"{model.bytes / 1e6:,.0f} MB"
    return model.name, model.language, model.license, size, "yes" if model.is_fetched else "no", model.about


def _to_dict(model: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(model) | {"bytes": model.bytes, "fetched": model.is_fetched}
