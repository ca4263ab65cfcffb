"""Options that several commands have, with one meaning and one help text."""

from pathlib import Path
from typing import Annotated

import typer

Alpha = Annotated[float | None, typer.Option(help="Weight of the scorer; its own by default.")]
Beta = Annotated[float | None, typer.Option(help="Bonus for each word; the scorer's own by default.")]
BeamWidth = Annotated[int | None, typer.Option(help="Prefixes kept by the search; the model's own by default.")]
HotPhrase = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TEXT[:STRENGTH]",
        help="A name or some words to listen for; may be repeated. STRENGTH, 1 by default, is the natural "
        "logarithm by which each letter counts more; see docs/hot-words.md.",
    ),
]
HotPhrasesFile = Annotated[Path | None, typer.Option(help="A file of such texts, one a line.")]
PackagedAlpha = Annotated[
    float | None, typer.Option(help="Weight of the scorer.  [default: 0.931]", show_default=False)
]
PackagedBeta = Annotated[float | None, typer.Option(help="Bonus for each word.  [default: 1.183]", show_default=False)]
SubwordsFile = Annotated[
    Path | None,
    typer.Option("--subwords", help="For a network of subwords, instead: its SentencePiece model or list of pieces."),
]
