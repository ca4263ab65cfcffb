"""Where a run starts from: for each `checkpoint.which` and each state of two folders, the checkpoint that is taken."""

import json
from pathlib import Path

import numpy as np
import pytest

from deepspeech import checkpoint
from deepspeech.config import RunConfig, resolve
from deepspeech.errors import CheckpointError
from deepspeech.run_settings import CheckpointConfig
from deepspeech.training.log import Log
from deepspeech.training.resume import changed_settings, starting_point

RUN = {"config": {}, "position": {}}


def write(folder: Path, *names: str) -> None:
    for name in names:
        kind, step = name.split("-")
        checkpoint.save(folder, kind, int(step), ({"w": np.zeros(1, np.float32)}, {}, {}), RUN)


def taken(**settings: object) -> str:
    """Folder and name of the checkpoint that is taken; "" for none."""
    kept = starting_point(CheckpointConfig(**settings), Log())  # type: ignore[arg-type]
    return f"{kept.path.parent.name}/{kept.path.name}" if kept else ""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "own"


@pytest.fixture
def other(tmp_path: Path) -> Path:
    write(tmp_path / "other", "train-8", "best-6")
    return tmp_path / "other"


@pytest.mark.parametrize(
    ("which", "expected"),
    [("auto", "train-000008"), ("last", "train-000008"), ("best", "best-000006"), ("transfer", "best-000006")],
)
def test_another_folder_is_taken_while_the_own_is_empty(own: Path, other: Path, which: str, expected: str) -> None:
    assert taken(folder=str(own), load=str(other), which=which) == f"other/{expected}"
    write(own, "train-2")
    assert taken(folder=str(own), load=str(other), which=which) == "own/train-000002"


def test_a_best_one_that_came_after_the_last_is_the_latest(own: Path) -> None:
    write(own, "train-4", "best-4")
    assert taken(folder=str(own)) == "own/train-000004"
    write(own, "best-6")  # killed between the two
    assert taken(folder=str(own)) == "own/best-000006"


def test_a_checkpoint_may_be_named(own: Path, other: Path) -> None:
    write(own, "train-2", "train-4")
    assert taken(folder=str(own), load=str(own / "train-000002")) == "own/train-000002"
    assert taken(folder=str(own), load=str(other / "train-000008")) == "own/train-000004"  # it goes on, as ever
    assert taken(folder=str(own.parent / "new"), load=str(other / "train-000008")) == "other/train-000008"


def test_a_new_start_takes_nothing_but_a_restarted_process_goes_on(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(own, "train-4")
    assert taken(folder=str(own), which="init") == ""
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    assert taken(folder=str(own), which="init") == "own/train-000004"


def test_what_is_asked_for_and_not_there_is_an_error(own: Path, other: Path) -> None:
    assert taken(folder=str(own)) == ""
    with pytest.raises(CheckpointError, match="no 'last' checkpoint to start"):
        taken(folder=str(own), which="last")
    with pytest.raises(CheckpointError, match=f"{own.parent}/none: no 'auto' checkpoint to start"):
        taken(folder=str(own), load=str(own.parent / "none"))


def test_changed_settings_are_named_under_current_names() -> None:
    before = RunConfig().to_dict()
    before["training"]["optimiser"] = "nesterov"  # as files name it
    before["augment_after"] = 0.5
    before["text"], before["training"]["of_a_later_version"] = {"language": "fr"}, 1
    del before["training"]["seed"]  # as if the version did not know it
    now = resolve({"data": {"train": ["a.csv"]}})
    assert changed_settings(json.loads(json.dumps(before)), now) == [
        'data.train = ["a.csv"], was []',
        "augment_after = 0.0, was 0.5",
        'training.optimizer = "adam", was "nesterov"',
    ]


def test_damaged_ones_are_passed_over_and_named(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(own, "train-2", "train-4")
    (own / "train-000004/weights.safetensors").write_bytes(b"")
    assert taken(folder=str(own)) == "own/train-000002"
    said = capsys.readouterr().err
    assert "train-000004" in said
    assert "trying an older one" in said
    (own / "train-000002/run.json").write_text("{")
    with pytest.raises(CheckpointError, match="no readable checkpoint"):
        taken(folder=str(own))
