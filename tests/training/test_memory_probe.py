"""Memory: too large a batch is refused before anything is learnt, and the largest that fits is found."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from deepspeech import checkpoint
from deepspeech.config import RunConfig
from deepspeech.errors import ConfigError, TrainingError
from deepspeech.training.loader import TensorBatch
from deepspeech.training.log import Log
from deepspeech.training.memory_probe import explain_out_of_memory, largest, new_probe
from deepspeech.training.run import Run
from deepspeech.training.step import Trainer
from tests.fakes import config, corpus


@given(st.integers(0, 10**9), st.integers(1, 10**8), st.integers(1, 500), st.integers(1, 10**11))
def test_the_largest_batch_is_found_where_memory_grows_evenly(base: int, each: int, most: int, limit: int) -> None:
    def needs(clips: int) -> int:
        return base + each * clips

    if needs(1) > limit:
        with pytest.raises(TrainingError, match="not even one clip fits"):
            largest(needs, limit, most)
        return
    found = largest(needs, limit, most)
    assert needs(found) <= limit
    assert found == min(most, (limit - base) // each)


@given(st.integers(1, 400))
def test_a_gpu_that_refuses_earlier_than_its_figures_say_is_believed(fitting: int) -> None:
    def needs(clips: int) -> int:
        if clips > fitting:
            raise TrainingError("out of memory")
        return 1000 + 10 * clips

    found = largest(needs, 10_000, 10_000)
    assert fitting * 7 // 8 - 1 <= found <= fitting


def test_more_copies_need_more_memory(tmp_path: Path) -> None:
    run = Run(config(tmp_path, network={"hidden": 256}, data__cache_mb=0, training__probe=False), Log())
    probe = new_probe(run.parts, run.parts.datasets.train, 0)
    few, many = probe.peak_bytes(4), probe.peak_bytes(128)
    assert many > few + 124 * 6 * 256 * 50 * 4  # at least the layers' outputs, of 50 frames or more


def test_the_longest_clips_go_first_and_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Run(config(tmp_path / "a", training__probe=False), Log()).train()
    seen: list[tuple[int, int]] = []
    gradients = Trainer._gradients

    def noted(self: Trainer, batch: TensorBatch, *key: float) -> tuple[torch.Tensor, list[torch.Tensor]]:
        seen.append((len(batch.ids), batch.features_BTF.shape[1]))
        return gradients(self, batch, *key)  # type: ignore[arg-type]

    monkeypatch.setattr(Trainer, "_gradients", noted)
    Run(config(tmp_path / "b"), Log()).train()
    assert seen[0][1] == max(frames for _, frames in seen)
    a, b = (checkpoint.load(checkpoint.best_or_newest(tmp_path / name / "checkpoints", ("train",))) for name in "ab")
    assert all((a.weights[name] == b.weights[name]).all() for name in a.weights)


def out_of_memory(self: Trainer, batch: TensorBatch, *key: float) -> None:
    if batch.features_BTF.shape[0] > 1:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")


def test_what_does_not_fit_is_told_before_anything_is_learnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(config(tmp_path), Log())
    monkeypatch.setattr(Trainer, "_gradients", out_of_memory)
    with pytest.raises(
        TrainingError, match=r"a batch of 4 clips of \d+ frames does not fit into memory; lower"
    ) as told:
        run.train()
    assert "\n" not in str(told.value)
    assert run.position.step == 0


def test_other_errors_of_torch_are_not_mistaken_for_it() -> None:
    with pytest.raises(RuntimeError, match="shapes"), explain_out_of_memory("a batch"):
        raise RuntimeError("shapes do not match")


def auto(folder: Path, memory_mb: int) -> RunConfig:
    made = config(folder, training__batch_size="auto", training__memory_mb=memory_mb, data__cache_mb=0)
    corpus(folder, 12)
    return made


def test_auto_takes_what_fits_and_keeps_it_on_resuming(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = auto(tmp_path, 100_000)
    Run(made, Log()).train()
    said = capsys.readouterr().err
    assert "Batches of 12 of the longest clips fit" in said  # as many as there are
    assert "batch_size = 12" in said
    again = Run(replace(made, training=replace(made.training, memory_mb=100_001)), Log())
    assert again.config.training.batch_size == 12
    assert "fit into" not in capsys.readouterr().err


def test_too_little_memory_for_anything_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="not even one clip fits"):
        Run(auto(tmp_path, 1), Log())


def test_the_command_prints_a_size_and_learns_nothing(deepspeech, tmp_path: Path) -> None:
    made = config(tmp_path)
    words = {"data.train": made.data.train[0], "network.hidden": 16, "checkpoint.folder": tmp_path / "checkpoints"}
    changes = [word for key, value in words.items() for word in ("--set", f"{key}={value}")]
    code, out, _ = deepspeech("train", "--probe", *changes)
    assert (code, out) == (0, "training.batch_size = 12\n")
    assert not checkpoint.found(tmp_path / "checkpoints", "train")


def test_a_size_that_is_no_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="batch_size is 'all'; it must be a number of at least 1, or \"auto\""):
        config(tmp_path, training__batch_size="all")


def test_translating_with_several_threads_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"training\.compile does not support several threads"):
        Run(config(tmp_path, training__compile=True), Log())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's translator warns of what it finds in passing
def test_translated_it_learns_the_same(tmp_path: Path) -> None:
    for name, wanted in (("plain", False), ("compiled", True)):
        made = config(
            tmp_path / name,
            training__compile=wanted,
            training__threads=1,
            network={"hidden": 16},
            training__precision="float32",
        )
        run = Run(made, Log())
        run.train()
        assert next(iter(run.network.state_dict())) == "feature_mean"  # a checkpoint's names stay
    a, b = (
        checkpoint.load(checkpoint.best_or_newest(tmp_path / name / "checkpoints", ("train",)))
        for name in ("plain", "compiled")
    )
    for name in a.weights:
        torch.testing.assert_close(torch.tensor(b.weights[name]), torch.tensor(a.weights[name]), rtol=1e-3, atol=1e-4)
