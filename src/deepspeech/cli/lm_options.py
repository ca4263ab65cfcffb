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


def tokens_in(
    model: Path | None, alphabet: Path | None, subwords: Path | None, bytes_mode: bool, needed: bool
) -> tuple[Any, bool, Any]:
    """The characters in which words are spelled, whether bytes are in their place, and the card of `model`, if named.

    Raises ConfigError where both a model and an alphabet are named, LmError where none is, but `needed`.
    """
    from deepspeech.errors import ConfigError, LmError
    from deepspeech.modelfile.arrays import read_metadata
    from deepspeech.modelfile.card import ModelCard
    from deepspeech.old_models.convert import as_model_file
    from deepspeech.remote.catalogue import model_of

    if model is None:
        characters = spelling(alphabet, subwords)
        if needed and characters is None and not bytes_mode:
            names = "--alphabet, the alphabet.txt of its model (or --subwords, or --bytes)"
            raise LmError(f"a scorer for words needs {names}")
        return characters, bytes_mode, None
    if alphabet or subwords:
        raise ConfigError(f"--model has tokens of its own; leave out --{'alphabet' if alphabet else 'subwords'}")
    file = as_model_file(Path(model_of(model)))
    if file.is_dir():
        raise ConfigError(f"{model}: a folder; name a model file, exported with deepspeech export")
    card = ModelCard.from_metadata(read_metadata(file))
    if card.tokens.bytes_mode:
        return None, True, card
    return getattr(card.tokens, "characters", card.tokens), False, card


def tokens_of(characters: Any, bytes_mode: bool) -> Any:
    """The token set of the network that the scorer is for."""
    from deepspeech.text.tokens import Utf8Bytes

    return Utf8Bytes() if bytes_mode else characters


def end_tidily() -> None:
    """Remove temporary files on SIGTERM, as on Ctrl-C."""
    import signal
    import sys

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
