"""No setting without a reader: tiny runs are watched, and acting code must look up each field of their configuration.

Reads are traced, not searched for in the source: checks that a configuration makes of itself, its copies and pages of
it do not count. What a card says must arrive in the model file.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from deepspeech.acoustic.config import NetworkConfig
from deepspeech.acoustic.registry import FAMILIES
from deepspeech.cli.export import export
from deepspeech.config import RunConfig
from deepspeech.datasets.formats.csv_files import read_csv
from deepspeech.datasets.shards.writer import ShardOptions, write_shards
from deepspeech.features.config import FrontEndConfig
from deepspeech.features.registry import FRONT_ENDS
from deepspeech.run_settings import CardConfig
from deepspeech.runtime.session import Session
from deepspeech.training.log import Log
from deepspeech.training.run import Run
from deepspeech.training.test import test as run_test
from tests.fakes import config, small_scorer

TABLES = {item.name: get_type_hints(RunConfig)[item.name] for item in fields(RunConfig)}
KINDS_OF: dict[Any, list[Any]] = {
    NetworkConfig: [family.config for family in FAMILIES.values()],
    FrontEndConfig: [config for config, _ in FRONT_ENDS.values()],
}
CLASSES: dict[Any, str] = {
    one: table for table, kind in TABLES.items() for one in KINDS_OF.get(kind, [kind]) if is_dataclass(one)
} | {RunConfig: ""}
EXPORTED = "card"  # read when a model is exported, from what the checkpoint holds
PASSIVE = ("__post_init__", "to_dict", "described", "check")  # of a configuration: what only checks or shows it

Reads = set[tuple[str, str]]


def settings() -> list[tuple[str, str]]:
    found = {(table, item.name): None for kind, table in CLASSES.items() if table != EXPORTED for item in fields(kind)}
    return [setting for setting in found if setting != ("", EXPORTED)]


@contextmanager
def traced(classes: dict[Any, str]) -> Iterator[Reads]:
    """Within, every read of a field of `classes` by acting code is noted, as (table, name)."""
    seen: Reads = set()
    with pytest.MonkeyPatch.context() as patch:
        for kind, table in classes.items():
            patch.setattr(kind, "__getattribute__", _spy(frozenset(f.name for f in fields(kind)), table, seen))
        yield seen


def _spy(names: frozenset[str], table: str, seen: Reads) -> Callable[[Any, str], Any]:
    def read(self: Any, name: str) -> Any:
        if name in names and _acts():
            seen.add((table, name))
        return object.__getattribute__(self, name)

    return read


def _acts() -> bool:
    """Is it code of the package that reads, and no check, copy or page of a configuration?"""
    frame = sys._getframe(2)
    while frame.f_code.co_name.startswith("<") and frame.f_back:  # a comprehension belongs to its function
        frame = frame.f_back
    module = str(frame.f_globals.get("__name__", ""))
    return (
        module.startswith("deepspeech.") and module != "deepspeech.config" and frame.f_code.co_name not in PASSIVE
    )  # fmt: skip


@pytest.fixture(scope="module")
def reads(tmp_path_factory: pytest.TempPathFactory) -> Reads:
    """What tiny runs and a test look up: Adam, Nesterov, MFCCs, log-mel energies, a transfer, and each family."""
    folder = tmp_path_factory.mktemp("runs")
    scorer = small_scorer(folder / "small.scorer")
    made = config(folder / "a", training__epochs=1, augment=["time_mask[domain=features]"], scorer=str(scorer))
    made = replace(made, data=replace(made.data, test=made.data.dev, metrics=made.data.dev))
    write_shards(read_csv(made.data.train[0]), folder / "shards", ShardOptions(kind="wav"))
    steps: dict[str, Any] = {"optimizer": "nesterov", "schedule": "annealed", "batch_size": "auto", "epochs": 2}
    steps |= {"plateau_epochs": 1, "early_stop_min_delta": 1000.0}
    other = config(folder / "b", features={"kind": "log_mel"}, training=steps | {"threads": 1})
    other = replace(other, data=replace(other.data, train=(str(folder / "shards"),)))
    load = {"checkpoint__load": str(folder / "a/checkpoints"), "transfer__drop": ["layer_6"]}
    conformer = {"kind": "conformer", "width": 8, "blocks": 1, "heads": 1}
    deep_lstm = {"kind": "deep_lstm", "width": 8, "blocks": 1}
    with traced(CLASSES) as seen:
        Run(config(folder / "d", network=conformer, training__epochs=1), Log()).train()
        Run(config(folder / "e", network=deep_lstm, training__epochs=1), Log()).train()
        Run(made, Log()).train()
        run_test(made, Log())
        Run(other, Log()).train()
        Run(replace(made, checkpoint=replace(made.checkpoint, reset_rate=True)), Log())  # goes on
        Run(config(folder / "c", transfer__freeze=["layer_1"], **load), Log())
    return seen


@pytest.mark.parametrize(("table", "name"), settings())
def test_a_setting_has_a_reader(reads: Reads, table: str, name: str) -> None:
    assert (table, name) in reads, f"nothing that acts reads {table}.{name}"


def test_every_entry_of_the_card_arrives_in_the_model_file(tmp_path: Path) -> None:
    card = {item.name: f"of {item.name}" for item in fields(CardConfig)}
    Run(config(tmp_path, training__epochs=1, card=card), Log()).train()
    export(tmp_path / "checkpoints", tmp_path / "a.onnx")
    written = Session(tmp_path / "a.onnx").card
    assert {name: getattr(written, name) for name in card} == card


def test_a_setting_without_a_reader_would_be_found() -> None:
    @dataclass(frozen=True)
    class Knobs:
        turned: int = 1
        checked: int = 2
        forgotten: int = 3

        def __post_init__(self) -> None:
            assert all(getattr(self, name) for name in ("turned", "checked"))

    acting: dict[str, Any] = {"__name__": "deepspeech.somewhere"}
    exec("def act(knobs): return [knobs.turned for _ in range(2)]", acting)
    with traced({Knobs: "knobs"}) as seen:
        knobs = replace(Knobs(), turned=2)
        assert asdict(knobs)
        assert repr(knobs)
        assert knobs != Knobs()
        assert not seen
        acting["act"](knobs)
    assert seen == {("knobs", "turned")}
    with traced({Knobs: "knobs"}) as seen:
        pass
    acting["act"](knobs)
    assert not seen, "what is not traced any more goes on being read"
