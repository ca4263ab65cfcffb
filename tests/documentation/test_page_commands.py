"""Every `deepspeech` command on every page exists, with its options and with arguments of the right type.

Also those that no test can execute: commands that listen, serve or train for hours. Nothing is executed here.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from deepspeech.cli.main import app
from tests.documentation.pages import ROOT, pages

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^    .+\n)+", re.MULTILINE)
INLINE = re.compile(r"`(deepspeech [^`\n]+)`")
SHELL = ("sh", "text", "")
ABBREVIATED = re.compile(r"…|\.\.\.|\[--|\bNAME\b|\bQID\b")  # a form of a command, not one to type


def commands(page: Path) -> Iterator[tuple[str, bool]]:
    """Each command, and whether it stands in a block, so that it must be whole."""
    text = page.read_text(encoding="utf-8")
    parts = [content for language, content in FENCED.findall(text) if language in SHELL]
    parts += INDENTED.findall(FENCED.sub("", text))
    for part in parts:
        for line in re.sub(r"\s*\\\n\s*", " ", part).splitlines():
            line = line.strip().removeprefix("$ ")
            if match := re.search(r"(?:^|\| |-m )(deepspeech (?!--).*)", line):
                yield re.split(r"\s{2,}#|\s\|", match[1])[0], True
    yield from ((one, False) for one in INLINE.findall(text) if not one.startswith("deepspeech --"))


def parsed(line: str) -> None:
    """Raise click's UsageError where a command cannot be parsed."""
    command = typer.main.get_command(app)
    words = shlex.split(line)[1:]
    while hasattr(command, "list_commands") and words and not words[0].startswith("-"):
        inner = command.get_command(command.make_context("deepspeech", [], resilient_parsing=True), words[0])
        assert inner, f"no command {words[0]}"
        command, words = inner, words[1:]
    if words and "--help" not in words:
        command.make_context("deepspeech", words)


ALL = [(page, *found) for page in pages() for found in dict.fromkeys(commands(page))]


def test_commands_are_found() -> None:
    assert len(ALL) > 150
    assert "deepspeech train runs/demo.toml" in [line for _, line, _ in ALL]


@pytest.mark.parametrize(("page", "line", "whole"), ALL, ids=[f"{page.name}: {line[:60]}" for page, line, _ in ALL])
def test_a_command_of_the_documentation_exists(page: Path, line: str, whole: bool) -> None:
    if ABBREVIATED.search(line):
        pytest.skip("a form, not a command to type")
    try:
        parsed(line)
    except Exception as error:
        kind = type(error).__name__  # typer has its own copy of click's exceptions
        if kind in ("MissingParameter", "BadOptionUsage") and not whole:
            return  # part of a command in a sentence
        if kind not in ("UsageError", "NoSuchOption", "BadParameter", "MissingParameter"):
            raise
        pytest.fail(f"{page.relative_to(ROOT)}: {line}: {error.format_message()}")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "line", ["deepspeech trian a.toml", "deepspeech train --shwo", "deepspeech lm tune --model a --trials many"]
)
def test_a_wrong_command_would_be_found(line: str) -> None:
    with pytest.raises((AssertionError, Exception), match=r"no command|No such option|valid integer"):
        parsed(line)
