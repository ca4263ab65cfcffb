"""Killed at any moment, the next start goes on and ends with every bit that an undisturbed run ends with."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepspeech import checkpoint
from deepspeech.config import RunConfig
from deepspeech.training.log import Log
from deepspeech.training.run import Run
from tests.fakes import config
from tests.killing import Killed, killed_after

MOMENTS = 1000  # more than there are

# Rates at which the dev loss goes up and down: best ones are replaced, plateaus go back to them.
SETTINGS: dict[str, Any] = {
    "network": {"hidden": 4, "context_frames": 1, "dropout_1": 0.1},
    "training__epochs": 4, "training__learning_rate": 0.3, "training__threads": 1, "training__average_decay": 0.5,
    "training__plateau_epochs": 1, "training__plateau_factor": 0.5, "training__early_stop_min_delta": 1.0,
    "training__batch_size": 6, "training__probe": False, "training__preview_every_s": 0.0, "checkpoint__keep": 2,
}  # fmt: skip


def at(made: RunConfig, folder: Path) -> RunConfig:
    return replace(made, checkpoint=replace(made.checkpoint, folder=str(folder)))


def result(folder: Path) -> dict[str, Any]:
    """All that a run leaves: the last and the best checkpoint."""
    kept: dict[str, Any] = {}
    for path in (checkpoint.found(folder, "train")[0], *checkpoint.found(folder, "best")):
        one = checkpoint.load(path)
        groups = {"weights": one.weights, "average": one.average, "optimiser": one.optimizer}
        kept |= {f"{path.name} {group} {name}": value for group, of in groups.items() for name, value in of.items()}
        kept[f"{path.name} position"] = one.run["position"]
    return kept


def assert_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)


class World:
    """An undisturbed run, and others of the same settings that are killed."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:
        self.folder, self._monkeypatch = folder, monkeypatch
        self.made = config(folder, **SETTINGS, **more)
        with killed_after(MOMENTS, monkeypatch) as clock:
            Run(at(self.made, folder / "whole"), Log()).train()
        self.moments, self.whole = clock.passed, result(folder / "whole")

    def start(self, moments: int) -> bool:
        """Start, or go on, for so many moments; whether it came to its end."""
        try:
            with killed_after(moments, self._monkeypatch):
                Run(at(self.made, self.folder / "killed"), Log()).train()
        except Killed:
            return False
        return True

    def check(self) -> None:
        assert_same(self.whole, result(self.folder / "killed"))
        assert not [path for path in (self.folder / "killed").iterdir() if path.name.startswith(".")]

    def clear(self) -> None:
        shutil.rmtree(self.folder / "killed", ignore_errors=True)


@pytest.mark.parametrize("every_s", [0.0, 1e-9], ids=["epochs", "steps"])
def test_killed_again_and_again_it_ends_as_if_undisturbed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every_s: float
) -> None:
    world = World(tmp_path, monkeypatch, checkpoint__every_s=every_s)
    starts = 1
    while not world.start(12 + 5 * starts):  # soon long enough to write something, and never the same moment
        starts += 1
    assert starts > 2
    world.check()


@pytest.mark.slow
@pytest.mark.parametrize("every_s", [0.0, 1e-9], ids=["epochs", "steps"])
def test_killed_at_each_moment_it_ends_as_if_undisturbed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every_s: float
) -> None:
    world = World(tmp_path, monkeypatch, checkpoint__every_s=every_s)
    for moments in range(world.moments):
        world.clear()
        assert not world.start(moments)
        assert world.start(MOMENTS)
        world.check()
