"""Checkpoints: what is saved comes back, a failing write harms nothing, damage is found and said."""

import errno
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from deepspeech import checkpoint
from deepspeech.checkpoint import Tensors, describe, found, load, newest, prune, save
from deepspeech.errors import CheckpointError

RUN: dict[str, Any] = {"config": {"network": {"hidden": 4}}, "alphabet": ["ä", " "], "position": {"epoch": 3}}
WEIGHTS: Tensors = {
    "dense_1.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "turned": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    "step": np.array(3, np.int64),
}
AVERAGE: Tensors = {"dense_1.weight": np.ones((2, 3), np.float32)}
OPTIMISER: Tensors = {"first/dense_1.weight": np.full((2, 3), 0.5, np.float32)}


def written(folder: Path, kind: str = "train", step: int = 120, shift: float = 0) -> Path:
    weights = {name: (value + shift).astype(value.dtype) for name, value in WEIGHTS.items()}
    return save(folder, kind, step, (weights, AVERAGE, OPTIMISER), RUN)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def equal(ours: Tensors, theirs: Tensors) -> bool:
    return ours.keys() == theirs.keys() and all(
        ours[name].dtype == theirs[name].dtype and np.array_equal(ours[name], theirs[name]) for name in ours
    )


def full_disk(tensors: Tensors, path: Path) -> None:
    path.write_bytes(b"half of the bytes")
    raise OSError(errno.ENOSPC, "No space left on device")


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    path = written(tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / "train-000120"
    assert sorted(p.name for p in path.iterdir()) == ["run.json", "weights.safetensors"]
    kept = load(path)
    assert kept.path == path
    assert equal(kept.weights, WEIGHTS)
    assert equal(kept.average, AVERAGE)
    assert equal(kept.optimizer, OPTIMISER)
    assert {key: kept.run[key] for key in RUN} == RUN
    assert (kept.run["step"], kept.run["format"]) == (120, checkpoint.FORMAT)


tensors = st.dictionaries(
    st.text("abc._0123456789", min_size=1, max_size=8),
    st.sampled_from([np.float32, np.int64]).flatmap(
        lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
    ),
    max_size=3,
)


@settings(max_examples=25, deadline=None)  # each one waits for the disk
@given(tensors, tensors, tensors, st.integers(0, 10**7))
def test_any_tensors_come_back_in_their_groups(
    tmp_path_factory: pytest.TempPathFactory, weights: Tensors, average: Tensors, optimizer: Tensors, step: int
) -> None:
    folder = tmp_path_factory.mktemp("c")
    kept = load(save(folder, "best", step, (weights, average, optimizer), RUN))
    for ours, theirs in ((kept.weights, weights), (kept.average, average), (kept.optimizer, optimizer)):
        assert ours.keys() == theirs.keys()
        assert all(ours[name].tobytes() == theirs[name].tobytes() for name in theirs)
        assert all(ours[name].shape == theirs[name].shape for name in theirs)
    assert found(folder, "best") == [kept.path]
    shutil.rmtree(folder)


def test_the_page_is_readable_text(tmp_path: Path) -> None:
    text = (written(tmp_path) / "run.json").read_text(encoding="utf-8")
    assert '"ä"' in text
    assert json.loads(text)["position"] == {"epoch": 3}


@pytest.mark.parametrize("step", [120, 121])
def test_a_full_disk_leaves_the_older_one_intact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    older = written(tmp_path)
    before = tree(tmp_path)
    monkeypatch.setattr(checkpoint, "save_file", full_disk)
    with pytest.raises(CheckpointError) as caught:
        written(tmp_path, step=step, shift=1)
    assert "No space left on device" in str(caught.value)
    assert f"train-{step:06d}" in str(caught.value)
    assert tree(tmp_path) == before
    assert list(tmp_path.iterdir()) == [older]
    assert equal(load(older).weights, WEIGHTS)


def test_a_failure_at_the_last_moment_leaves_the_older_one_intact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = written(tmp_path)
    before = tree(tmp_path)
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if (self / "run.json").exists() and self.name.startswith(".train-000120.partial"):
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(CheckpointError, match="Input/output error"):
        written(tmp_path, shift=1)
    assert tree(tmp_path) == before
    assert list(tmp_path.iterdir()) == [older]


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="cannot write the checkpoint"):
        written(tmp_path / "file")


def test_the_same_step_again_replaces_the_folder(tmp_path: Path) -> None:
    written(tmp_path)
    path = written(tmp_path, shift=5)
    assert load(path).weights["step"] == 8
    assert list(tmp_path.iterdir()) == [path]


def test_leftovers_of_a_killed_write_do_not_disturb_the_next(tmp_path: Path) -> None:
    for name in (".train-000120.partial", ".train-000120.old.partial"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "weights.safetensors").write_bytes(b"half")
    assert newest(tmp_path, ("train",)) is None
    path = written(tmp_path)
    assert equal(load(path).weights, WEIGHTS)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("place", [0, 40, -1])
def test_a_changed_byte_is_found(tmp_path: Path, place: int) -> None:
    path = written(tmp_path)
    file = path / "weights.safetensors"
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged \\(checksum differs\\); use an older one"):
        load(path)


@pytest.mark.parametrize("length", [0, 1, 50])
def test_a_cut_page_is_reported(tmp_path: Path, length: int) -> None:
    path = written(tmp_path)
    page = path / "run.json"
    page.write_bytes(page.read_bytes()[:length])
    with pytest.raises(CheckpointError, match="not a readable checkpoint"):
        load(path)


@pytest.mark.parametrize("content", ["[]", "3", "{}", '{"format": "x"}', '{"format": 1, "step": 3}', "\udcff"])
def test_a_foreign_page_is_reported(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(CheckpointError, match="not a readable checkpoint") as caught:
        describe(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}: ")
    assert "\n" not in str(caught.value)


def test_a_page_of_a_newer_version_is_reported(tmp_path: Path) -> None:
    path = written(tmp_path)
    page = json.loads((path / "run.json").read_text())
    (path / "run.json").write_text(json.dumps(page | {"format": checkpoint.FORMAT + 1}))
    with pytest.raises(CheckpointError, match="newer version \\(format 2\\); update deepspeech"):
        load(path)


def test_missing_weights_are_reported(tmp_path: Path) -> None:
    path = written(tmp_path)
    (path / "weights.safetensors").unlink()
    with pytest.raises(CheckpointError, match="cannot read the checkpoint"):
        load(path)


def test_found_lists_the_newest_first_by_number(tmp_path: Path) -> None:
    for step in (9, 1_000_000, 100):
        written(tmp_path, step=step)
    written(tmp_path, "best", 50)
    for name in ("train-x", "train-000100.old", "other-000001"):
        (tmp_path / name).mkdir()
    assert [path.name for path in found(tmp_path, "train")] == ["train-1000000", "train-000100", "train-000009"]
    assert found(tmp_path / "none", "train") == []


def test_newest_takes_the_first_kind_that_is_there(tmp_path: Path) -> None:
    assert newest(tmp_path, ("best", "train")) is None
    last = written(tmp_path, step=9)
    assert newest(tmp_path, ("best", "train")) == last
    best = written(tmp_path, "best", 3)
    assert newest(tmp_path, ("best", "train")) == best
    assert newest(tmp_path, ("train", "best")) == last
    assert newest(best, ("train",)) == best


def test_prune_keeps_the_newest_of_its_kind_and_sweeps(tmp_path: Path) -> None:
    for step in (1, 2, 3, 10):
        written(tmp_path, step=step)
    written(tmp_path, "best", 1)
    (tmp_path / ".train-000011.partial").mkdir()
    (tmp_path / "alphabet.txt").write_text("a\n")
    prune(tmp_path, "train", 2)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["alphabet.txt", "best-000001", "train-000003", "train-000010"]


def test_prune_to_nothing_means_keep_all_as_it_did(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        written(tmp_path, step=step)
    prune(tmp_path, "train", 0)
    assert len(found(tmp_path, "train")) == 3
