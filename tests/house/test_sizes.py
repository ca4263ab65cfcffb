"""Files stay under 400 lines and functions under 60, so that a page can be read without scrolling."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES, FUNCTION_LINES = 400, 60
CODE = [
    *(ROOT / "src").rglob("*.py"),
    *(path for kind in ("cc", "hh") for path in (ROOT / "native").rglob(f"*.{kind}")),
]


def functions(source: str) -> Iterator[tuple[str, int]]:
    """Name and number of lines of every function."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or 0) - node.lineno + 1


def test_files_and_functions_are_short() -> None:
    long = [f"{path}: {n} lines" for path in CODE if (n := path.read_text().count("\n")) > FILE_LINES]
    for path in CODE:
        if path.suffix == ".py":
            long += [f"{path}: {name}, {n} lines" for name, n in functions(path.read_text()) if n > FUNCTION_LINES]
    assert not long, "divide them: " + ", ".join(long)


@pytest.mark.parametrize("lines", [60, 61])
def test_a_function_is_counted_from_its_first_line_to_its_last(lines: int) -> None:
    assert list(functions("def a():\n" + "    pass\n" * (lines - 1))) == [("a", lines)]
