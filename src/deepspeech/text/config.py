"""TextConfig: how text as people type it becomes text as it is said: a run's table [text], part of a card."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from deepspeech.errors import ConfigError, TextError
from deepspeech.settings import setting
from deepspeech.text.reading import NOT_TEXT, text_of
from deepspeech.untrusted import read_named

_CHOICES = {"case": ("lower", "keep"), "form": ("NFC", "NFD", "NFKC", "keep"), "punctuation": ("space", "keep")}
_NAMED = {"case": "lower", "form": "NFC", "numbers": True, "punctuation": "space"}
_UNNAMED = {"case": "keep", "form": "keep", "numbers": False, "punctuation": "keep"}


@dataclass(frozen=True)
class TextConfig:
    """Settings of the normalizer. A language sets all others; without any setting text stays as it is."""

    language: str = setting("", "the language whose characters, numbers, signs and abbreviations texts have", "always")
    case: str = setting("", "lower or keep; empty: lower where a language is named", "for an alphabet with capitals")
    form: str = setting(
        "", "Unicode form NFC, NFD or NFKC, or keep; empty: NFC where a language is named", "for ligatures: NFKC"
    )
    numbers: bool | None = setting(
        None,
        "spell out numbers, dates and signs; not set: where a language is named",
        "for texts without digits: false",
    )
    punctuation: str = setting(
        "",
        "space: characters outside the alphabet become spaces; keep; empty: as for case",
        "to learn punctuation: keep",
    )
    map: str = setting("", "a file of lines written<TAB>spoken, applied before all else", "for abbreviations and names")
    words: tuple[str, ...] = setting((), "such lines, as written=spoken", "for a few of them")

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in ("", *choices):
                raise ConfigError(f"text.{name} is '{getattr(self, name)}'; use one of {', '.join(choices)}")
        if self.numbers and not self.language:
            raise ConfigError("text.numbers needs text.language: the words of numbers are those of a language")
        for entry in self.words:
            pair(entry)

    def __bool__(self) -> bool:
        return self != TextConfig()

    def chosen(self, name: str) -> Any:
        """The value of a setting, or its default: with a language, or without."""
        value = getattr(self, name)
        return (_NAMED if self.language else _UNNAMED)[name] if value in ("", None) else value

    def complete(self) -> "TextConfig":
        """The same with the lines of the file `map` in `words`. Raises TextError."""
        if not self.map:
            return self
        lines = (f"{written}\t{spoken}" for written, spoken in read_map(Path(self.map)).items())
        return replace(self, map="", words=(*lines, *self.words))

    def to_dict(self) -> dict[str, Any]:
        """What is set, for a card or a checkpoint."""
        return {name: value for name, value in asdict(self).items() if value not in ("", None, ())}

    @classmethod
    def from_dict(cls, entries: Mapping[str, Any]) -> "TextConfig":
        """The inverse of `to_dict`. Raises ConfigError for settings of a later version."""
        known = {one.name for one in fields(cls)}
        if unknown := sorted(set(entries) - known):
            raise ConfigError(f"text.{unknown[0]} is no setting of this version; update deepspeech")
        words, numbers = entries.get("words", ()), entries.get("numbers")
        plain = [*words, *(value for name, value in entries.items() if name not in ("words", "numbers"))]
        if not all(isinstance(value, str) for value in plain) or numbers not in (None, True, False):
            raise ConfigError("the settings of text are damaged")
        return cls(**{**entries, "words": tuple(words)})


def pair(entry: str) -> tuple[str, str]:
    """`written<TAB>spoken` or `written=spoken` as a pair. Raises ConfigError."""
    written, mark, spoken = entry.partition("\t" if "\t" in entry else "=")
    if not mark or not written.strip():
        raise ConfigError(f"text.words holds '{entry}'; write 'written=spoken', for example 'Mt.=mount'")
    return written.strip(), spoken.strip()


def read_map(path: Path) -> dict[str, str]:
    """A file of lines `written<TAB>spoken`; empty lines and lines with # first are skipped. Raises TextError."""
    try:
        text = text_of(read_named(path))
    except OSError as error:
        raise TextError(f"{path}: cannot be read ({error.strerror}); name a file of spellings") from None
    except UnicodeError:
        raise TextError(f"{path}: {NOT_TEXT}") from None
    spellings = {}
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.startswith("#"):
            written, tab, spoken = line.partition("\t")
            if not tab or not written.strip():
                raise TextError(f"{path}:{number}: no tab; write the word, a tab, and how it is spoken")
            spellings[written.strip()] = spoken.strip()
    return spellings
