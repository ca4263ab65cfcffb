"""`deepspeech export`: a checkpoint becomes a model file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.printable import in_line

PROOF_CLIPS = 40


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
    from deepspeech import checkpoint as checkpoints
    from deepspeech.acoustic.restore import restore
    from deepspeech.datasets.samples import read_samples
    from deepspeech.export.export import export as write
    from deepspeech.modelfile.card import ModelCard
    from deepspeech.remote.files import address, fetch_all, landing, publish
    from deepspeech.remote.folders import bring

    restored = restore(checkpoints.judged(bring(checkpoint)))
    given = dict(
        name=name, version=version, author=author, contact=contact, language=language, licence=licence,
        description=description,
    )  # fmt: skip
    described = checkpoints.setting(restored.run, "config.card", dict)
    described |= {key: value for key, value in given.items() if value is not None}
    shape = restored.network.config
    card = ModelCard(
        alphabet=restored.alphabet,
        features=restored.features,
        model=shape.described(),
        chunk=shape.chunk,
        beam_width=beam_width,
        precision="int8" if int8 else "float32",
        made_with=checkpoints.setting(restored.run, "made_with", str),
        **described,
    )
    sets = [checkpoints.setting(restored.run, f"config.data.{key}", list, tuple) for key in ("dev", "test", "train")]
    judged_by: Any = next(filter(None, sets), [])
    files = data or [name for name in judged_by if address(name) or Path(name).is_file()]
    samples = [sample for name in files for sample in read_samples(name)][:PROOF_CLIPS]
    fetch_all([sample.id for sample in samples if isinstance(sample.audio, Path)], "fetching clips")
    clips = [sample.audio for sample in samples]
    if not data and restored.run["config"]["data"].get("on_bad_sample") == "skip":
        clips = _readable(clips)
    wanted, output = output, landing(output)
    proof = write(restored, card, output, clips, tolerance)
    publish(output, wanted)
    proved = f"proved on {proof.clips} clips" if clips else "proved on made-up sound only; name recordings with --data"
    print(
        f"{address(wanted) or output}: {output.stat().st_size / 1e6:.1f} MB, {card.precision}, {proved}: "
        f"{proof.different} transcripts differ, largest difference of a probability {proof.largest_difference:.1e}"
    )


def _readable(clips: list[Any]) -> list[Any]:
    """The clips without those that training left out as well, which are told."""
    import sys

    from deepspeech.audio.formats import read_audio
    from deepspeech.errors import AudioError

    good = []
    for clip in clips:
        try:
            read_audio(clip)
            good.append(clip)
        except AudioError as error:
            print(f"deepspeech: {in_line(str(error))}; it is left out", file=sys.stderr)
    return good
