"""Options on how text is normalized, with one meaning in every command, and the TextConfig that they stand for."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

_OPTIONS: dict[str, tuple[Any, Any]] = {
    "language": (
        Annotated[
            str,
            typer.Option(
                "--language",
                metavar="CODE",
                help="Normalize text of this language, such as fr: lower case, composed (NFC), no punctuation, numbers "
                "and abbreviations as words. See docs/text.md.",
            ),
        ],
        "",
    ),
    "lower": (
        Annotated[
            bool | None,
            typer.Option("--lower/--no-lower", help="Lower the case; the default of a language.", show_default=False),
        ],
        None,
    ),
    "nfc": (
        Annotated[
            bool | None,
            typer.Option("--nfc/--no-nfc", help="Compose characters; the default of a language.", show_default=False),
        ],
        None,
    ),
    "numbers": (
        Annotated[
            bool | None,
            typer.Option(
                "--numbers/--no-numbers",
                help="Spell out numbers, dates, signs and abbreviations; the default of a language.",
                show_default=False,
            ),
        ],
        None,
    ),
    "map_file": (
        Annotated[
            Path | None,
            typer.Option("--map", metavar="FILE", help="Replace words first: lines of WORD, a tab, how it is spoken."),
        ],
        None,
    ),
}


def takes_text(command: Callable[..., None]) -> Callable[..., None]:
    """A command with these options in place of its last parameter, which is called with a TextConfig to use where none
    of them is given, and returns the TextConfig of the options."""
    own, hints = inspect.signature(command), get_type_hints(command, include_extras=True)
    *kept, last = own.parameters.values()

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        chosen = {name: options.pop(name, default) for name, (_, default) in _OPTIONS.items()}
        command(*arguments, **options, **{last.name: lambda base=None: text_config(**chosen, base=base)})

    kind = inspect.Parameter.KEYWORD_ONLY
    added = [inspect.Parameter(name, kind, default=one[1], annotation=one[0]) for name, one in _OPTIONS.items()]
    run.__signature__ = own.replace(  # type: ignore[attr-defined]
        parameters=[*(one.replace(annotation=hints[one.name]) for one in kept), *added]
    )
    run.__annotations__ = {one.name: hints[one.name] for one in kept} | {one.name: one.annotation for one in added}
    return run


def text_config(
    language: str = "",
    lower: bool | None = None,
    nfc: bool | None = None,
    numbers: bool | None = None,
    map_file: Path | None = None,
    base: Any = None,
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
        map=str(map_file) if map_file else "",
    )
    return chosen if chosen or base is None else base
