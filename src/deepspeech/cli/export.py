"""`deepspeech export`: a checkpoint becomes a model file."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.printable import in_line


def export(
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint, or a folder of them (the best is taken).")],
    output: Annotated[Path, typer.Argument(help="The model file to write, for example model.onnx.")],
    int8: Annotated[bool, typer.Option("--int8", help="Weights of 8 bits: a quarter of the size, faster.")] = False,
    data: Annotated[
        list[Path] | None,
        typer.Option(help="CSV, .sdb, .tar or .jsonl to prove the file on; by default what the run was judged by."),
    ] = None,
    tolerance: Annotated[float, typer.Option(help="Share of letters that int8 may change on them.")] = 0.02,
    beam_width: Annotated[int, typer.Option(help="Prefixes the search keeps, unless its user says otherwise.")] = 500,
    name: Annotated[str | None, typer.Option(help="Name of the model.")] = None,
    version: Annotated[str | None, typer.Option(help="Version of the model.")] = None,
    author: Annotated[str | None, typer.Option(help="Who made it.")] = None,
    contact: Annotated[str | None, typer.Option(help="How to reach them.")] = None,
    language: Annotated[str | None, typer.Option(help="Its language, as a tag such as fr or pt-BR.")] = None,
    licence: Annotated[str | None, typer.Option(help="Its licence.")] = None,
    description: Annotated[str | None, typer.Option(help="What it is.")] = None,
) -> None:
    """Turn a checkpoint into a model file that runs without torch.

    The file is written only when it transcribes recordings as the checkpoint does.

    Example: deepspeech export checkpoints model.onnx --int8 --language en
    """
    from deepspeech.export.checkpoint import export_checkpoint
    from deepspeech.remote.files import address, landing

    described = dict(
        name=name, version=version, author=author, contact=contact, language=language, licence=licence,
        description=description,
    )  # fmt: skip
    card, proof = export_checkpoint(checkpoint, output, described, data, int8, tolerance, beam_width, _report_left_out)
    made_up = "proved on made-up sound only; name recordings with --data"
    proved = f"proved on {proof.clips} clips" if proof.recorded else made_up
    print(
        f"{address(output) or output}: {landing(output).stat().st_size / 1e6:.1f} MB, {card.precision}, {proved}: "
        f"{proof.different} transcripts differ, largest difference of a probability {proof.largest_difference:.1e}"
    )


def _report_left_out(_: Any, error: Exception) -> None:
    print(f"deepspeech: {in_line(str(error))}; it is left out", file=sys.stderr)
