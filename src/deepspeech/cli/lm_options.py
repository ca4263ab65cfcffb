"""Options that several `deepspeech lm` commands have, and what they stand for."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.shared_options import SubwordsFile as SubwordsFile

ModelAlphabet = Annotated[
    Path | None, typer.Option("--alphabet", help="Read the alphabet.txt of the acoustic model; required for words.")
]
PackagedAlpha = Annotated[
    float | None,
    typer.Option(
        help="Set the default weight of the scorer.  [default: 0.931; built from less than a million words: 0.4]",
        show_default=False,
    ),
]
PackagedBeta = Annotated[
    float | None, typer.Option(help="Set the default bonus for each word.  [default: 1.183]", show_default=False)
]


def weights_of(alpha: float | None, beta: float | None) -> Any:
    """Alpha and beta, None if neither is set; the default of a single one is that of the released English scorer."""
    from deepspeech.lm.package import Weights

    weights = {name: value for name, value in (("alpha", alpha), ("beta", beta)) if value is not None}
    return Weights(**weights) if weights else None


def spelling(alphabet: Path | None, subwords: Path | None) -> Any:
    """The characters in which words are spelled; None without --alphabet and --subwords."""
    from deepspeech.errors import ConfigError
    from deepspeech.modelfile.vocabulary import read_vocabulary
    from deepspeech.text.tokens import Characters

    if alphabet and subwords:
        raise ConfigError("--alphabet and --subwords exclude each other; leave one of them out")
    if subwords:
        return read_vocabulary(subwords).characters
    return Characters.from_file(alphabet) if alphabet else None


def tokens_of(characters: Any, bytes_mode: bool) -> Any:
    """The token set of the network that the scorer is for."""
    from deepspeech.text.tokens import Utf8Bytes

    return Utf8Bytes() if bytes_mode else characters


def end_tidily() -> None:
    """Remove temporary files on SIGTERM, as on Ctrl-C."""
    import signal
    import sys

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
