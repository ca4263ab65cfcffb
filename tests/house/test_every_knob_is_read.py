"""No setting without a reader: each field of a run's configuration is looked up by name in code that acts on it.

Checking a value in its own `__post_init__` is not reading it. The card is handed on whole: its fields must be the model
card's, and the door that exports must take it.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from deepspeech.acoustic.config import NetworkConfig
from deepspeech.acoustic.registry import FAMILIES
from deepspeech.config import CardConfig, RunConfig
from deepspeech.features.config import FrontEndConfig
from deepspeech.features.registry import FRONT_ENDS
from deepspeech.modelfile.card import ModelCard

SOURCE = Path(__file__).resolve().parents[2] / "src" / "deepspeech"
TABLES = {item.name: get_type_hints(RunConfig)[item.name] for item in fields(RunConfig)}
KINDS_OF: dict[Any, list[Any]] = {
    NetworkConfig: [family.config for family in FAMILIES.values()],
    FrontEndConfig: [config for config, _ in FRONT_ENDS.values()],
}
WHOLE = ("card",)


@dataclass
class Read:
    """Names looked up as attributes, by what stands before the dot, and the texts that name dictionary entries."""

    attributes: dict[str, set[str]] = field(default_factory=dict)
    entries: set[str] = field(default_factory=set)


def acting(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those of the checks that a dataclass makes of itself."""
    for child in ast.iter_child_nodes(tree):
        if not (isinstance(child, ast.FunctionDef) and child.name == "__post_init__"):
            yield child
            yield from acting(child)


def readers(source: Path) -> Read:
    read = Read()
    for path in sorted(source.rglob("*.py")):
        for node in acting(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                owner = ast.unparse(node.value).split(".")[-1]
                read.attributes.setdefault(node.attr, set()).add(owner)
            elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
                read.entries.add(str(node.slice.value))
            elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "setting":
                names = [str(argument.value) for argument in node.args if isinstance(argument, ast.Constant)]
                read.entries |= {key for name in names for key in name.split(".")}  # as checkpoint.setting takes them
            elif isinstance(node, ast.Dict):
                read.entries |= {str(key.value) for key in node.keys if isinstance(key, ast.Constant)}
    return read


READ = readers(SOURCE)
# Names by which the code calls each table; a field with a common name (`name`, `train`) counts only behind one of them.
CALLED = {
    "data": {"data"},
    "features": {"features", "config", "c", "self", "extractor"},
    "network": {"network", "config", "shape", "c", "self"},
    "training": {"training", "config", "c"},
    "checkpoint": {"checkpoint"},
    "transfer": {"transfer"},
    "decoding": {"decoding", "options"},
}
# Read as `getattr(data, kind)`, over the keys of a dictionary.
BY_KIND = {("data", "train"), ("data", "dev"), ("data", "test"), ("data", "metrics")}


def settings() -> list[tuple[str, str]]:
    found = {
        (table, item.name): None
        for table, kind in TABLES.items()
        for one in KINDS_OF.get(kind, [kind])
        if is_dataclass(one) and table not in WHOLE
        for item in fields(one)
    }
    return list(found)


@pytest.mark.parametrize(("table", "name"), settings())
def test_a_setting_has_a_reader(table: str, name: str) -> None:
    if (table, name) in BY_KIND:
        assert name in READ.entries
    else:
        assert READ.attributes.get(name, set()) & CALLED[table], f"nothing in src reads {table}.{name}"


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_table_or_a_setting_outside_tables_has_a_reader(table: str) -> None:
    assert READ.attributes.get(table, set()) & {"config", "run_config", "self"} or table in READ.entries


def test_the_card_is_handed_on_whole() -> None:
    assert {item.name for item in fields(CardConfig)} <= {item.name for item in fields(ModelCard)}
    assert "card" in READ.entries


def test_a_setting_without_a_reader_would_be_found(tmp_path: Path) -> None:
    code = (
        "class C:\n    knob: int = 3\n    def __post_init__(self):\n        assert self.knob\n        self.knob = 4\n"
    )
    (tmp_path / "a.py").write_text(code)
    assert "knob" not in readers(tmp_path).attributes
    (tmp_path / "b.py").write_text("def f(c: C):\n    return c.knob\n")
    assert readers(tmp_path).attributes["knob"] == {"c"}


def test_every_table_is_looked_at() -> None:
    tables: set[Any] = {table for table, _ in settings()}
    assert tables | set(WHOLE) == {table for table, kind in TABLES.items() if is_dataclass(kind) or kind in KINDS_OF}
