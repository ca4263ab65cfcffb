"""Options shared by several commands."""

from pathlib import Path
from typing import Annotated, Any

import typer

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
        metavar="TEXT[:STRENGTH]",
        help="Boost a name or phrase; may be repeated. STRENGTH, 1 by default, is added to the log probability of "
        "each character; see docs/hot-words.md.",
    ),
]
HotPhrasesFile = Annotated[Path | None, typer.Option(help="Read hot phrases from this file, one per line.")]
PackagedAlpha = Annotated[
    float | None,
    typer.Option(
        help="Set the default weight of the scorer.  [default: 0.931; built from less than a million words: 0.4]",
        show_default=False,
    ),
]
PackagedBeta = Annotated[
    float | None,
    typer.Option(
        help="Set the default bonus for each word.  [default: 1.183]",
        show_default=False,
    ),
]
SubwordsFile = Annotated[
    Path | None,
    typer.Option(
        "--subwords", help="Read the SentencePiece model or list of pieces of a subword network, instead of --alphabet."
    ),
]


def decode_options(beam_width: int, **chosen: float | None) -> Any:
    """DecodeOptions with those of `chosen` that are not None."""
    from deepspeech.decoder.options import DecodeOptions

    settings: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
    return DecodeOptions(beam_width, **settings)
