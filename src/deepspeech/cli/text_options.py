"""Options on how text is normalized, with one meaning in every command, and the TextConfig that they stand for."""

from pathlib import Path
from typing import Annotated, Any

import typer

Language = Annotated[
    str,
    typer.Option(
        "--language", metavar="CODE",
        help="Normalize text of this language, such as fr: lower case, composed (NFC), no punctuation, numbers and "
        "abbreviations as words. See docs/text.md.",
    ),
]  # fmt: skip
Lower = Annotated[
    bool | None,
    typer.Option(
        "--lower/--no-lower", help="Lower the case; the default with --language.", show_default=False
    ),
]  # fmt: skip
Nfc = Annotated[
    bool | None,
    typer.Option(
        "--nfc/--no-nfc", help="Compose characters (Unicode NFC); the default with --language.", show_default=False
    ),
]  # fmt: skip
Numbers = Annotated[
    bool | None,
    typer.Option(
        "--numbers/--no-numbers",
        help="Spell out numbers, dates and signs; the default with --language.",
        show_default=False,
    ),
]
Map = Annotated[
    Path | None,
    typer.Option("--map", metavar="FILE", help="Replace words first: lines of WORD, a tab, how it is spoken."),
]


def text_config(
    language: str, lower: bool | None, nfc: bool | None, numbers: bool | None, words: Path | None, base: Any = None
) -> Any:
    """The TextConfig of these options; without any of them `base`, or one without settings. Raises ConfigError."""
    from deepspeech.errors import ConfigError
    from deepspeech.text.config import TextConfig

    if numbers and not language:
        raise ConfigError("--numbers needs --language: the words of numbers are those of a language")
    chosen = TextConfig(
        language=language,
        case={None: "", True: "lower", False: "keep"}[lower],
        form={None: "", True: "NFC", False: "keep"}[nfc],
        numbers=numbers,
        map=str(words) if words else "",
    )
    return chosen if chosen or base is None else base
