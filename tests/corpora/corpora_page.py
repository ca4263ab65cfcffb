"""docs/corpora.md's table, made of real imports: each importer runs on its small tree.

python tests/corpora/corpora_page.py      rewrites the table; tests/corpora/test_recipes.py compares it
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import trees

from deepspeech.cli.import_corpus import command, names
from deepspeech.corpora import report
from deepspeech.corpora.report import ImportReport

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "corpora.md"
BEGIN, END = "<!-- made by tests/corpora/corpora_page.py -->\n", "<!-- end -->\n"


@dataclass(frozen=True)
class Run:
    """An import of a small tree: the tree, where it lies, and what the importer reported."""

    tree: trees.Tree
    folder: Path
    report: ImportReport


def run(name: str, folder: Path, *more: str) -> Run:
    """Build the tree of an importer in `folder` and run its command on it and `more` options."""
    tree = trees.BUILDERS[name](folder)
    with reports() as seen:
        command(name)(args=[trees_option(argument) for argument in (*tree.arguments, *more)], standalone_mode=False)
    return Run(tree, folder, seen[0])


def trees_option(argument: object) -> str:
    """Trees are given the option names of the old scripts; the old doors do the same."""
    text = str(argument)
    return text.replace("_", "-") if text.startswith("--") else text


@contextmanager
def reports() -> Iterator[list[ImportReport]]:
    """Reports are collected instead of shown."""
    seen: list[ImportReport] = []
    shown, report.show = report.show, seen.append
    try:
        yield seen
    finally:
        report.show = shown


def row(name: str, done: Run) -> str:
    """A line of the table."""
    module = import_module(f"deepspeech.corpora.recipes.{name.replace('-', '_')}")
    corpus = (module.__doc__ or "").split("\n")[0].rstrip(".")
    clips = sum(one.clips for one in done.report.sets)
    kept = sum(one.imported for one in done.report.sets)
    dropped = Counter[str]()
    for one in done.report.sets:
        for (_, words), count in one.dropped.items():
            dropped[words] += count
    why = "; ".join(
        f"{count} × {words}" for words, count in sorted(dropped.items(), key=lambda item: (-item[1], item[0]))
    )
    old = next((f"`bin/{script.name}{old_usage(name)}`" for script in old_scripts(name)), "none")
    return f"| `deepspeech import {name}{usage(name)}` | {corpus} | {old} | {kept} of {clips} | {why or '–'} |"


def old_scripts(name: str) -> list[Path]:
    """The old script of an importer, if DeepSpeech or its fork had one."""
    paths = [ROOT / "bin" / f"import_{form}.py" for form in (name, name.replace("-", "_"))]
    return [path for path in paths if path.is_file()][:1]


def usage(name: str) -> str:
    """What must be given: ` DIR --language L`."""
    words = ""
    for one in command(name).params:
        if one.required:
            option = "" if one.param_type_name == "argument" else f" {one.opts[0]}"
            words += f"{option} {one.name.upper()}"
    return words


def old_usage(name: str) -> str:
    """The same as the old script's help spelt it."""
    words = usage(name)
    for option in ("--csv-filename", "--target-dir"):
        words = words.replace(option, f"--{option[2:].replace('-', '_')}")
    return words


def table(runs: dict[str, Run]) -> str:
    head = "| command | corpus | old command | kept of its test tree | dropped, and why |\n|---|---|---|---|---|\n"
    return head + "".join(f"{row(name, done)}\n" for name, done in sorted(runs.items()))


def with_table(text: str, made: str) -> str:
    """The page with its table replaced."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + made + END + rest.split(END)[1]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        runs = {}
        for name in names():
            (Path(folder) / name).mkdir()
            runs[name] = run(name, Path(folder) / name)
        made = table(runs)
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), made), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
