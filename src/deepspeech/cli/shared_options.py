"""Options shared by several commands, and their checks."""

from pathlib import Path
from typing import Annotated

import typer

Alpha = Annotated[float | None, typer.Option(help="Set the weight of the scorer; its own by default.")]
Beta = Annotated[float | None, typer.Option(help="Set the bonus for each word; the scorer's own by default.")]
BeamWidth = Annotated[int | None, typer.Option(help="Set the beam width; the model's own by default.")]
HotPhrase = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TEXT[:STRENGTH]",
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


def weights_need(scorer: Path | None, alpha: float | None, beta: float | None) -> None:
    """Raise ConfigError for alpha or beta without a scorer."""
    from deepspeech.errors import ConfigError

    if scorer is None and not (alpha is None and beta is None):
        raise ConfigError("--alpha and --beta weigh a scorer; name it with --scorer, or leave them out")
