"""`deepspeech export`: convert a checkpoint to a model file."""

import sys
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.printable import in_line


def export(
    checkpoint: Annotated[
        Path, typer.Argument(metavar="CHECKPOINT", help="Read this checkpoint, or the best one in a folder.")
    ],
    output: Annotated[Path, typer.Argument(metavar="FILE", help="Write this model file, for example model.onnx.")],
    int8: Annotated[bool, typer.Option("--int8", help="Quantize weights to 8 bits: smaller, faster.")] = False,
    data: Annotated[
        list[Path] | None,
        typer.Option(help="Check the file on these sets (CSV, .sdb, .tar or .jsonl); by default the run's dev sets."),
    ] = None,
    tolerance: Annotated[float, typer.Option(help="Allow int8 to change this fraction of their characters.")] = 0.02,
    beam_width: Annotated[int, typer.Option(help="Set the default beam width of the model.")] = 500,
    name: Annotated[str | None, typer.Option(help="Set the name of the model.")] = None,
    version: Annotated[str | None, typer.Option(help="Set the version of the model.")] = None,
    author: Annotated[str | None, typer.Option(help="Set the author.")] = None,
    contact: Annotated[str | None, typer.Option(help="Set the address of the author.")] = None,
    language: Annotated[str | None, typer.Option(help="Set the language, a tag such as fr or pt-BR.")] = None,
    license: Annotated[str | None, typer.Option(help="Set the license, such as MPL-2.0.")] = None,
    description: Annotated[str | None, typer.Option(help="Set the description.")] = None,
    licence: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Export a checkpoint as a model file, which runs without torch.

    The file is written only if it transcribes recordings like the checkpoint.

    Example: deepspeech export checkpoints model.onnx --int8 --language en
    """
    from deepspeech.errors import ConfigError
    from deepspeech.export.checkpoint import export_checkpoint
    from deepspeech.remote.files import address, landing
    from deepspeech.renamed import RenamedSetting

    if licence is not None:
        if license is not None:
            raise ConfigError("--licence is the old name of --license; remove it")
        warnings.warn("--licence is deprecated; use --license", RenamedSetting, stacklevel=2)
    described = dict(
        name=name, version=version, author=author, contact=contact, language=language, license=license or licence,
        description=description,
    )  # fmt: skip
    card, proof = export_checkpoint(checkpoint, output, described, data, int8, tolerance, beam_width, _report_skipped)
    synthetic = "checked on synthetic audio only; name recordings with --data"
    checked = f"checked on {proof.clips} clips" if proof.recorded else synthetic
    print(
        f"{address(output) or output}: {landing(output).stat().st_size / 1e6:.1f} MB, {card.precision}, {checked}: "
        f"{proof.different} transcripts differ, largest difference of a probability {proof.largest_difference:.1e}"
    )


def _report_skipped(_: Any, error: Exception) -> None:
    print(f"deepspeech: {in_line(str(error))}; skipped", file=sys.stderr)
