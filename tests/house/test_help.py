"""Help says what an option or argument takes, in its own words, and lists whole sentences."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from deepspeech.cli.main import app

BARE = re.compile(r" (<.*>|\[?(TEXT|INTEGER|FLOAT|PATH|FILENAME|DIRECTORY|(INTEGER|FLOAT) RANGE)\]?)( |$)")
ROOT = typer.main.get_command(app)


def walk(command: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Path, command and context of a group, its commands and theirs."""
    context = command.make_context(path, [], resilient_parsing=True)
    yield path, command, context
    for name in command.list_commands(context) if hasattr(command, "list_commands") else ():
        yield from walk(command.get_command(context, name), f"{path} {name}")


COMMANDS = {path: (command, context) for path, command, context in walk(ROOT, "deepspeech")}
GROUPS = [path for path, (command, _) in COMMANDS.items() if hasattr(command, "list_commands")]


@pytest.mark.parametrize(
    "shown", ["--rate INTEGER", "--model <list[Path]>", "--rare INTEGER RANGE", "--to <int range>", "old <path>"]
)
def test_a_bare_metavar_is_found(shown: str) -> None:
    assert BARE.search(shown)


@pytest.mark.parametrize("path", COMMANDS)
def test_no_option_or_argument_takes_a_mere_type(path: str) -> None:
    command, context = COMMANDS[path]
    records = [one.get_help_record(context) for one in command.params]
    assert [shown for shown, _ in filter(None, records) if BARE.search(shown)] == []


@pytest.mark.parametrize("path", COMMANDS)
def test_arguments_have_names_of_their_own_in_capitals(path: str) -> None:
    """As options' values have: FILE, FOLDER, and what it is where a command has two."""
    command, context = COMMANDS[path]
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    shown = [one.get_help_record(context)[0] for one in arguments]
    assert [one for one in shown if not re.fullmatch(r"[A-Z]+(=[A-Za-z.]+)?", one)] == []
    assert len(set(shown)) == len(shown)


@pytest.mark.parametrize("path", GROUPS)
def test_no_summary_is_cut_at_80_columns(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    command, context = COMMANDS[path]
    text = command.get_help(context)
    assert "\nCommands:\n" in text
    assert [line for line in text.splitlines() if line.endswith(("...", "…")) and "[ARGS]..." not in line] == []


@pytest.mark.parametrize("path", [path for path in COMMANDS if path not in GROUPS])
def test_examples_are_one_line_each_of_options_that_exist(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    command, context = COMMANDS[path]
    examples = re.findall(r"^ *Example: (.*)$", command.get_help(context), re.MULTILINE)
    known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    assert examples
    for example in examples:
        assert example.startswith(f"{path} ") or example == path
        assert set(re.findall(r"(?<= )--?[a-z][a-z0-9-]*", example)) <= known
        command.make_context(path, shlex.split(example.removeprefix(path)))  # nothing is lacking


def test_fixed_choices_are_completed() -> None:
    command, context = COMMANDS["deepspeech transcribe"]
    completed = {
        one.name: [item.value for item in one.shell_complete(context, "")]
        for one in command.params
        if re.fullmatch(r"\w+(\|\w+)+", one.metavar or "")
    }
    assert completed["device"] == ["auto", "cpu", "cuda"]
    everywhere = [
        (path, one.name)
        for path, (command, context) in COMMANDS.items()
        for one in command.params
        if re.fullmatch(r"[a-z0-9]+(\|[a-z0-9]+)+", one.metavar or "") and not one.shell_complete(context, "")
    ]
    assert everywhere == []
