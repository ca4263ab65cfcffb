"""Whatever goes wrong in a command ends in one line and an exit code; a traceback only for who asks for it."""

import sys
from collections.abc import Callable

import pytest
import typer

from deepspeech.cli import main
from deepspeech.errors import DataError

Raises = Callable[[BaseException], tuple[int, str]]


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Raises:
    """Exit code and stderr of a command that raises this."""
    monkeypatch.setattr(sys, "argv", ["/usr/bin/deepspeech", "data", "check", "my set.csv"])
    monkeypatch.delenv(main.SHOW_TRACEBACK, raising=False)

    def run(error: BaseException) -> tuple[int, str]:
        def command() -> None:
            raise error

        with pytest.raises(SystemExit) as left:
            main.run(command)
        return int(left.value.code or 0), capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (DataError("x.csv:3: no sound"), 2, "x.csv:3: no sound"),
        (OSError(28, "No space left on device", "/a/b"), 2, "/a/b: No space left on device"),
        (OSError(28, "No space left on device"), 2, "No space left on device"),
        (OSError(36, "File name too long", "a" * 300), 2, "File name too long"),
        (MemoryError(), 2, "out of memory"),
        (OSError("of a library, without a number"), main.FAULT, "of a library"),
        (RecursionError("maximum recursion depth exceeded"), main.FAULT, "maximum recursion depth exceeded"),
        (ValueError("two\nlines"), main.FAULT, "two lines"),
        (AssertionError(), main.FAULT, "AssertionError"),
    ],
)
def test_any_error_is_one_line(ended: Raises, error: BaseException, code: int, says: str) -> None:
    found, said = ended(error)
    assert found == code
    assert said.count("\n") == 1
    assert "Traceback" not in said
    assert says in said


def test_a_fault_of_ours_names_command_and_asks_for_a_report(ended: Raises) -> None:
    said = ended(KeyError("x"))[1]
    assert "deepspeech data check 'my set.csv'" in said
    assert "please report it" in said
    assert main.SHOW_TRACEBACK in said


def test_who_asks_sees_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(main.SHOW_TRACEBACK, "1")
    with pytest.raises(ZeroDivisionError):
        main.run(lambda: 1 // 0)


def test_an_interrupt_is_no_fault(ended: Raises) -> None:
    assert ended(KeyboardInterrupt()) == (130, "")


def test_commands_may_leave_with_a_code_of_their_own() -> None:
    def command() -> None:
        raise typer.Exit(1)

    with pytest.raises(typer.Exit):
        main.run(command)
