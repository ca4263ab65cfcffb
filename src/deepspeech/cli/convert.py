"""`deepspeech convert OLD NEW`: convert models of DeepSpeech 0.7 to 0.9 and Coqui STT."""

from pathlib import Path
from typing import Annotated, Any

import typer


def convert(
    old: Annotated[
        Path,
        typer.Argument(
            metavar="OLD",
            help="Read this .tflite, .pb or .pbmm file, TensorFlow checkpoint (folder or files), or a fetched model of "
            "`deepspeech models`.",
        ),
    ],
    new: Annotated[
        Path,
        typer.Argument(metavar="NEW", help="Write NAME.onnx, a model file, or a checkpoint folder of any other name."),
    ],
    alphabet: Annotated[
        Path | None, typer.Option(help="Read the alphabet.txt of a checkpoint; exported models contain it.")
    ] = None,
) -> None:
    """Convert an old model to a model file or a checkpoint.

    8-bit weights are kept unchanged in a model file. Neither TensorFlow nor TFLite is needed.

    Example: deepspeech convert deepspeech-0.9.3-models.pbmm english.onnx
    """
    from deepspeech.remote.catalogue import original_of
    from deepspeech.text.tokens import Characters

    old = Path(original_of(old))
    characters = Characters.from_file(alphabet) if alphabet else None
    if new.suffix == ".onnx":
        _model_file(old, new, characters)
    else:
        _checkpoint(old, new, characters)


def _model_file(old: Path, new: Path, characters: Any) -> None:
    from deepspeech.old_models.convert import read, write_model_file

    model = read(old, characters)
    write_model_file(model, new)
    print(f"{old}: {model.in_words()}\n{new}: {new.stat().st_size / 1e6:.1f} MB, {model.card.precision}")


def _checkpoint(old: Path, new: Path, characters: Any) -> None:
    import shlex

    from deepspeech.old_models.to_checkpoint import settings, write_all

    written = write_all(old, new, characters)
    for path, model in written:
        print(f"{old}: {model.in_words()}\n{path}: float32")
    model = written[0][1]
    changes = {"checkpoint.load": new} | settings(model)
    if not model.card.tokens.bytes_mode:
        changes["data.alphabet"] = new / "alphabet.txt"
    options = " ".join(f"--set {shlex.quote(f'{name}={_toml(value)}')}" for name, value in changes.items())
    print(f"Train further: deepspeech train CONFIG.toml {options}")


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
