"""Building acts on nothing: no file, no folder, no output; and the same configuration gives the same parts."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from deepspeech.config import RunConfig
from deepspeech.errors import ConfigError
from deepspeech.text.tokens import ENGLISH
from deepspeech.training.build import Parts, build
from deepspeech.training.datasets import open_datasets
from deepspeech.training.log import Log
from tests.fakes import config


def built(made: RunConfig) -> Parts:
    return build(made, ENGLISH, open_datasets(made, ENGLISH, Log()))


def test_nothing_is_written_printed_or_read(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    made = config(tmp_path, augment=["overlay[source=" + str(tmp_path / "train.csv") + "]"], training__summaries="tb")
    datasets = open_datasets(made, ENGLISH, Log())
    before = {path: path.stat().st_atime_ns for path in tmp_path.rglob("*")}
    capfd.readouterr()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        parts = build(made, ENGLISH, datasets)
    assert capfd.readouterr() == ("", "")
    assert {path for path in tmp_path.rglob("*")} == set(before)
    assert not Path(made.checkpoint.folder).exists()
    assert not parts.plain.augmentations
    assert [entry.name for entry in parts.pipeline.augmentations] == ["overlay"]
    assert parts.pipeline.cache is parts.plain.cache  # a clip is decoded once


def test_weights_hang_on_the_seed_alone(tmp_path: Path) -> None:
    made = config(tmp_path)
    first = built(made).network.state_dict()
    torch.rand(7)  # whatever else draws numbers meanwhile
    again = built(replace(made, training=replace(made.training, learning_rate=1.0, threads=1))).network.state_dict()
    other = built(replace(made, training=replace(made.training, seed=made.training.seed + 1))).network.state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["layer_1.weight"], other["layer_1.weight"])


def test_frozen_layers_are_not_optimized(tmp_path: Path) -> None:
    parts = built(config(tmp_path, transfer__freeze=["layer_1"]))
    optimized = {id(p) for group in parts.optimizer.param_groups for p in group["params"]}
    for name, parameter in parts.network.named_parameters():
        assert (id(parameter) in optimized) == (not name.startswith("layer_1.")), name


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU takes a batch whole")
def test_a_cpu_gets_a_microbatch_a_thread_and_cannot_compile_for_several(tmp_path: Path) -> None:
    assert built(config(tmp_path, training__threads=3)).microbatches == 3
    with pytest.raises(ConfigError, match=r"training\.compile does not support several threads"):
        built(config(tmp_path, training__threads=2, training__compile=True))
