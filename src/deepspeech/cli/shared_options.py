"""Options shared by several commands, and their checks."""

from pathlib import Path
from typing import Annotated, Any

import typer

ModelFile = Annotated[
    Path,
    typer.Option(
        "--model",
        "-m",
        help="Use this model: a file (.tflite, .pb, .pbmm too), a checkpoint folder, or a name of `deepspeech models`.",
    ),
]
Alpha = Annotated[float | None, typer.Option(help="Set the weight of the scorer; its own by default.")]
Beta = Annotated[float | None, typer.Option(help="Set the bonus for each word; the scorer's own by default.")]
BeamWidth = Annotated[int | None, typer.Option(help="Set the beam width; the model's own by default.")]
BeamThreshold = Annotated[
    float | None,
    typer.Option(help="Drop hypotheses whose log probability is this far below the best; 0: none.", show_default=False),
]
TokenMinLogp = Annotated[
    float | None,
    typer.Option(help="In each frame, ignore tokens below this log probability; 0: none.", show_default=False),
]
HotPhrase = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PHRASE[:STRENGTH]",
        help="Boost a name or phrase; may be repeated. STRENGTH, 1 by default, is added to the log probability of "
        "each character; see docs/hot-words.md.",
    ),
]
HotPhrasesFile = Annotated[Path | None, typer.Option(help="Read hot phrases from this file, one per line.")]
SubwordsFile = Annotated[
    Path | None,
    typer.Option(
        "--subwords", help="Read the SentencePiece model or list of pieces of a subword network, instead of --alphabet."
    ),
]


def check_positive(numbers: dict[str, int | None]) -> None:
    """Raise ConfigError for an option, by name, whose number is below 1."""
    from deepspeech.errors import ConfigError

    for option, value in numbers.items():
        if value is not None and value < 1:
            raise ConfigError(f"{option} is {value}; it must be at least 1")


def decode_options(beam_width: int, **chosen: float | None) -> Any:
    """DecodeOptions with those of `chosen` that are not None."""
    from deepspeech.decoder.options import DecodeOptions

    settings: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
    return DecodeOptions(beam_width, **settings)


def weights_need(scorer: Path | None, alpha: float | None, beta: float | None) -> None:
    """Raise ConfigError for alpha or beta without a scorer."""
    from deepspeech.errors import ConfigError

    if scorer is None and not (alpha is None and beta is None):
        raise ConfigError("--alpha and --beta weigh a scorer; name it with --scorer, or leave them out")
