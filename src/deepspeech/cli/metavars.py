"""What an option or argument takes, as help and completion show it: FILE, SECONDS, `auto|cpu|cuda`.

In: the function of a command. Out: the same, each option and argument without a metavar of its own with one by the
parameter's name and type, so that one thing has one name in all commands; examples in one line each, to be pasted.
"""

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from typer.core import TyperCommand
from typer.models import ArgumentInfo, OptionInfo

Action = TypeVar("Action", bound=Callable[..., Any])

FOLDERS = {
    "corpus", "directories", "directory", "folder", "folder_with_archives", "path", "root", "source", "storage",
    "temporary",
}  # fmt: skip # besides *_dir
NAMES = {
    "alpha": "WEIGHT", "alpha_max": "WEIGHT", "array_bits": "BITS", "at_least": "TRANSCRIPTS",
    "audio_type": "wav|flac|opus", "author": "NAME", "beam_threshold": "LOGP", "beam_width": "SEQUENCES",
    "beta": "BONUS", "beta_max": "BONUS", "binary_type": "trie|probing", "bitrate": "BITS/S",
    "candidates": "TRANSCRIPTS", "clock": "FRACTION", "confidence": "PROBABILITY", "contact": "ADDRESS",
    "cors_origin": "ORIGIN", "data": "DATA", "delimiter": "CHARACTER", "description": "SENTENCE", "dev": "FRACTION",
    "english_name": "NAME", "exclude_numbers": "true|false", "files": "FILE", "host": "ADDRESS",
    "ignore_too_long": "true|false", "iso639_3": "CODE", "keep_archive": "true|false",
    "keep_intermediate": "true|false", "language": "CODE", "license": "SPDX", "max_duration": "MS", "memory": "SIZE",
    "min_score": "SCORE", "normalize": "RULE", "number": "SAMPLES", "order": "N", "prune": "COUNT", "qid": "NUMBER",
    "quantize": "BITS", "rare": "TRANSCRIPTS", "rate": "HZ", "sets": "ARCHIVES", "shard": "I/N", "show": "EXAMPLES",
    "silence": "SECONDS", "skiplist": "PARTS", "speaker": "NAME", "start": "SAMPLE", "test": "FRACTION",
    "text_language": "CODE", "text_suffix": "SUFFIX", "threshold": "DBFS", "tls_certificate": "FILE",
    "tls_key": "FILE", "token_min_logp": "LOGP", "tolerance": "FRACTION", "top_k": "WORDS", "trusted_proxy": "ADDRESS",
    "tsv_file": "TSV", "worst": "CLIPS", "wyoming_port": "PORT", "zip_file": "ZIP",
}  # fmt: skip
UNITS = {
    "_s": "SECONDS", "_sec": "SECONDS", "_ms": "MS", "_mb": "MB", "_hz": "HZ", "_column": "COLUMN", "_file": "FILE",
    "_dir": "FOLDER",
}  # fmt: skip


class Command(TyperCommand):
    """A command whose help names its arguments by their metavars alone; Typer adds Python's types: `FILE <path>`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for one in self.params:
            if one.param_type_name == "argument":
                one.display_type_rich = lambda ctx: None  # type: ignore[attr-defined]


def metavar(name: str, kind: Any) -> str:
    """What the parameter `name` of this type takes; its own name where nothing better is known."""
    of_unit = next((shown for suffix, shown in UNITS.items() if name.endswith(suffix)), "")
    if name in NAMES or of_unit:
        return NAMES.get(name) or of_unit
    if Path in _parts(kind):
        return "FOLDER" if name in FOLDERS else "FILE"
    return name.upper()


def with_metavars(command: Action) -> Action:
    """`command`, with a metavar for each option and argument, and completion for those of fixed choices."""
    for one in inspect.signature(command).parameters.values():
        kind, *details = get_args(one.annotation)
        for option in details:
            if isinstance(option, OptionInfo | ArgumentInfo) and not _is_switch(kind):
                name_value(option, one.name, kind)
    command.__doc__ = pasteable(command.__doc__)
    return command


def name_value(option: OptionInfo | ArgumentInfo, name: str, kind: Any) -> None:
    """Give `option` (or an argument) a metavar, and completion where it lists fixed choices, unless it has them."""
    option.metavar = option.metavar or metavar(name, kind)
    if re.fullmatch(r"[a-z0-9]+(\|[a-z0-9]+)+", option.metavar) and option.autocompletion is None:
        option.autocompletion = _completion(option.metavar.split("|"))


def pasteable(text: str | None) -> str:
    """Help whose examples are not wrapped: a terminal breaks the line, and a copy of it is whole."""
    paragraphs = re.split(r"\n\s*\n", inspect.cleandoc(text or ""))
    shown = ["\b\n" + " ".join(one.split()) if one.startswith("Example: ") else one for one in paragraphs]
    return "\n\n".join(shown)


def _completion(choices: list[str]) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        return [one for one in choices if one.startswith(incomplete)]

    return complete


def _is_switch(kind: Any) -> bool:
    return bool in _parts(kind)


def _parts(kind: Any) -> set[Any]:
    """The types in `kind`: of `list[Path] | None`, for one."""
    inner = [part for one in get_args(kind) for part in _parts(one)]
    return {kind, get_origin(kind), *inner}
