"""Writes the pages of the documentation that the code itself tells: commands, settings, limits, Python API.

In: the command line, the configuration classes and the public names. Out: Markdown in a folder that git ignores.
docs/conf.py calls it at each build.
"""

import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer

import deepspeech
from deepspeech.acoustic.registry import DEFAULT, FAMILIES
from deepspeech.cli.main import app
from deepspeech.config import RunConfig
from deepspeech.datasets.config import DataConfig
from deepspeech.decoder.options import DecodeOptions
from deepspeech.features.registry import FRONT_ENDS
from deepspeech.run_settings import CardConfig, CheckpointConfig, TrainingConfig, TransferConfig
from deepspeech.serve.limits import Limits
from deepspeech.serve.settings import ServeSettings
from deepspeech.settings import documented
from deepspeech.text.config import TextConfig

TABLES = {
    "data": (DataConfig, "Which data sets, and how they are read. More: [data sets](../data.md)."),
    "text": (TextConfig, "How transcripts are normalized. More: [text](../text.md)."),
    "training": (
        TrainingConfig,
        "Optimizer, schedule, stopping, precision. More: [monitoring training](../training.md).",
    ),
    "checkpoint": (CheckpointConfig, "Where a run keeps its state, and what it resumes from."),
    "transfer": (TransferConfig, "What is taken over from another model. More: [transfer learning](../transfer.md)."),
    "decoding": (
        DecodeOptions,
        "The beam search of tests. More: [speed of the search](../transcribe.md#speed-of-the-search).",
    ),
    "card": (CardConfig, "What the exported model says of itself."),
}
OLD_API = ("Model", "Stream", "Metadata", "CandidateTranscript", "TokenMetadata")
API = {
    "Recognize": ("Recognizer", "Transcript", "DecodeOptions", "HotPhrases"),
    "Stream": ("EndpointRules", "SpeechStarted", "Partial", "SpeechStopped", "Final"),
    "Align": ("align", "AlignOptions", "Alignment"),
    "Errors": ("DeepSpeechError",),
    "The API of DeepSpeech 0.9.3 and Coqui STT": OLD_API,
}
MORE_API = {
    "Language models": ("deepspeech.lm.model.LanguageModel",),
    "The decoder package": ("deepspeech.mozilla.ds_ctcdecoder",),
    "Parts of a recognition": (
        "deepspeech.runtime.recording.Recording",
        "deepspeech.decoder.transcript.Word",
        "deepspeech.modelfile.card.ModelCard",
    ),
}


def write(folder: Path) -> None:
    """Write all generated pages; unchanged ones keep their time, so that Sphinx reads only what is new."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("commands", commands()), ("settings", settings()), ("api", api())):
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def cell(text: str) -> str:
    """`text` inside a table of Markdown."""
    return re.sub(r"\s+", " ", text).replace("|", r"\|").replace("<", "&lt;").replace("*", r"\*").strip()


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; empty if there are no rows."""
    names, lines = list(head), [list(row) for row in rows]
    if not lines:
        return ""
    ruled = [names, ["---"] * len(names), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in ruled) + "\n\n"


def commands() -> str:
    """Every command with its arguments and options, as `--help` prints them."""
    page = [
        "# Commands\n\nGenerated from the commands themselves: what `--help` prints. Results go to standard output, "
        "progress and errors to standard error. Exit codes: 0 done, 1 the answer is bad (data with faults), 2 the "
        "request was wrong.\n\n"
    ]
    for path, command in walk(typer.main.get_command(app), "deepspeech"):
        page.append(f"{'#' * (2 if path.count(' ') == 1 else 3)} `{path}`\n\n{described(command)}{parameters(command)}")
    return "".join(page)


def walk(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Each command below a group, with its name as it is typed; a group before its commands."""
    context = command.make_context(path, [], resilient_parsing=True)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        yield f"{path} {name}", inner
        if hasattr(inner, "list_commands"):
            yield from walk(inner, f"{path} {name}")


def described(command: Any) -> str:
    """The help of a command; its example as a block of code."""
    parts = []
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        text = paragraph.replace("\b", "").strip()
        if text.startswith("Example: "):
            example = re.sub(r"\s+", " ", text.removeprefix("Example: "))
            parts.append(f"```text\n{example}\n```")
        else:
            parts.append(cell(text))
    return "\n\n".join(part for part in parts if part) + "\n\n"


def parameters(command: Any) -> str:
    """Tables of arguments and options."""
    known = [one for one in command.params if not getattr(one, "hidden", False) and "--help" not in one.opts]
    arguments = [one for one in known if one.param_type_name == "argument"]
    options = [one for one in known if one.param_type_name == "option"]
    return table(
        ("argument", "what it is"),
        ((f"`{one.metavar or one.name.upper()}`", cell(one.help or "")) for one in arguments),
    ) + table(
        ("option", "default", "what it does"),
        (
            (f"`{', '.join([*one.opts, *one.secondary_opts])}`", default_of(one), cell(one.help or ""))
            for one in options
        ),
    )


def default_of(option: Any) -> str:
    """The default of an option; empty for none and for switches that are off."""
    value = option.default
    if value in (None, False, "", ()) or callable(value) or type(value).__name__ == "Sentinel":
        return "required" if option.required else ""
    return f"`{getattr(value, 'value', value)}`"


def settings() -> str:
    """Every setting of a training run and of a server."""
    page = [
        "# Settings\n\nGenerated from the configuration classes. A run takes its settings from the defaults, a recipe "
        "(`--recipe`), then a TOML file whose tables are the sections below, then `--set TABLE.KEY=VALUE`. "
        "`deepspeech train --show` prints what results. A server has a TOML file of its own.\n\n"
        "## Outside the tables\n\n",
        rows_of(RunConfig),
    ]
    for name, (kind, text) in TABLES.items():
        page.append(f"## `[{name}]`\n\n{text}\n\n{rows_of(kind)}")
    page.append(
        "## `[network]`\n\n`kind` names the family; each has its own settings. More: [networks](../networks.md).\n\n"
    )
    for name, family in FAMILIES.items():
        page.append(f'### `kind = "{name}"`{" (default)" if name == DEFAULT else ""}\n\n{rows_of(family.config)}')
    page.append("## `[features]`\n\n`kind` is the network's, unless it is set. More: [features](../features.md).\n\n")
    for name, (kind, _) in FRONT_ENDS.items():
        page.append(f'### `kind = "{name}"`\n\n{rows_of(kind)}')
    page.append(
        "## A server\n\nThe file of `deepspeech serve --config`. `[models.NAME]` has `path`, `scorer` and "
        f"`hot_phrases`. More: [serve](../serve.md#configuration).\n\n{rows_of(ServeSettings)}"
        f"### `[limits]`\n\n{rows_of(Limits)}"
    )
    return "".join(page)


def rows_of(kind: Any) -> str:
    return table(
        ("setting", "default", "unit", "what it does", "when to change it"),
        (
            (f"`{name}`", f"`{shown(default)}`", cell(one.unit), cell(one.effect), cell(one.change))
            for name, default, one in documented(kind)
        ),
    )


def shown(value: Any) -> str:
    """A default as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "not set"
    if isinstance(value, tuple):
        return "[" + ", ".join(shown(one) for one in value) + "]"
    return f'"{value}"' if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)


def api() -> str:
    """The public names of Python, from their docstrings."""
    page = [
        "# Python API\n\nGenerated from the docstrings. `from deepspeech import NAME` for the first sections; "
        "they are imported when they are used, so `import deepspeech` is fast and needs no torch. "
        "How to use them: [transcribe](../transcribe.md), [align](../align.md).\n\n"
    ]
    for title, names in API.items():
        page.append(f"## {title}\n\n" + "".join(directive(deepspeech, name) for name in names))
    for title, paths in MORE_API.items():
        page.append(f"## {title}\n\n" + "".join(named(path) for path in paths))
    return "".join(page)


def directive(module: Any, name: str) -> str:
    kind = "autoclass" if inspect.isclass(getattr(module, name)) else "autofunction"
    return block(f".. {kind}:: {module.__name__}.{name}")


def named(path: str) -> str:
    return block(f".. {'autoclass' if path.rpartition('.')[2][0].isupper() else 'automodule'}:: {path}")


def block(text: str) -> str:
    return f"```{{eval-rst}}\n{text}\n```\n\n"
