"""Printable: no control character reaches a terminal, and progress lines still do what they do."""

import io
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech.cli.main import run
from deepspeech.errors import DataError
from deepspeech.printable import PrintableStream, in_line, printable
from deepspeech.progress import Progress, overwrite


@given(st.text(st.characters(codec=None)))
def test_no_control_character_is_left(text: str) -> None:
    found = printable(text)
    assert not [c for c in found if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"]
    found.encode("utf-8")


@given(st.text(st.characters(codec=None)))
def test_a_name_takes_one_line(name: str) -> None:
    assert not {"\n", "\r", "\t"} & set(in_line(name))


def test_text_stays_as_it_is() -> None:
    text = "naïve 日本語 \t\u200f\u0301👩‍🚀\n"
    assert printable(text) == text
    assert printable("\x1b]0;x\x07 a\r\x00\x9b2J\udcff") == r"\u001b]0;x\u0007 a\u000d\u0000\u009b2J\udcff"


def test_commands_print_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> None:
        print("said \x1b[2J")
        print("warned \x07", file=sys.stderr)
        raise DataError("bad\x1b[1m.wav: is bad")

    before = sys.stdout, sys.stderr
    with pytest.raises(SystemExit):
        run(command)
    out, err = capsys.readouterr()
    assert out == "said \\u001b[2J\n"
    assert err == "warned \\u0007\ndeepspeech: bad\\u001b[1m.wav: is bad\n"
    assert (sys.stdout, sys.stderr) == before


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_moves_the_cursor_and_nothing_else_does() -> None:
    terminal = Terminal()
    stream = PrintableStream(terminal)
    with Progress(2, "clip\x1b[2J.wav", "clips", stream=stream) as progress:  # type: ignore[arg-type]
        progress.advance(2)
    overwrite("so \x1b[2J far", stream)  # type: ignore[arg-type]
    written = terminal.getvalue()
    assert "\r" in written
    assert written.count("\x1b") == written.count("\x1b[K") > 1
    assert "so \\u001b[2J far" in written
