"""Transfer learning: what is copied, re-initialized and frozen; the result tests and exports."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepspeech import checkpoint
from deepspeech.checkpoint import Tensors
from deepspeech.config import RunConfig
from deepspeech.errors import CheckpointError, ConfigError
from deepspeech.training.log import Log
from deepspeech.training.run import Run
from deepspeech.training.test import test as run_test
from tests.fakes import config


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Checkpoints of a run with another alphabet."""
    (tmp_path / "other.txt").write_text("a\nb\nc\nd\ne\n \n")
    run = config(tmp_path / "source", data__alphabet=str(tmp_path / "other.txt"), network__layer_norm=True)
    Run(run, Log()).train()
    return tmp_path / "source/checkpoints"


def target(folder: Path, source: Path, **changes: object) -> RunConfig:
    return config(
        folder / "target", checkpoint__load=str(source), network__layer_norm=True, **changes,
    )  # fmt: skip


def weights(folder: Path) -> Tensors:
    path = checkpoint.newest(folder, ("train",))
    assert path
    return checkpoint.load(path).weights


def start(run: RunConfig) -> dict[str, np.ndarray]:
    """The network's tensors before the first step."""
    return {name: value.numpy().copy() for name, value in Run(run, Log()).network.state_dict().items()}


def test_dropped_layers_are_reinitialized_and_the_others_copied(tmp_path: Path, source: Path) -> None:
    best = checkpoint.newest(source, ("train", "best"))
    assert best
    given = checkpoint.load(best).weights
    for name, value in start(target(tmp_path, source, transfer__drop=["lstm", "layer_6"])).items():
        same = value.shape == given[name].shape and np.array_equal(value, given[name])
        if not name.startswith(("lstm", "layer_6")):
            assert same, name
        elif value.ndim > 1:  # biases begin as they always do
            assert not same, name


def test_another_alphabet_demands_a_new_last_layer(tmp_path: Path, source: Path) -> None:
    with pytest.raises(CheckpointError, match=r'another alphabet; .* transfer.drop=\["layer_6"\]'):
        Run(target(tmp_path, source), Log())
    Run(target(tmp_path, source, transfer__drop=["layer_6"]), Log())


def test_another_width_is_named(tmp_path: Path, source: Path) -> None:
    with pytest.raises(CheckpointError, match=r"layer_1.weight is 16 × 494 in the source and 24 × 494 here; .*layer_1"):
        Run(target(tmp_path, source, transfer__drop=["layer_6"], network__hidden=24), Log())


def test_frozen_layers_stay_and_the_others_learn(tmp_path: Path, source: Path) -> None:
    run = target(tmp_path, source, transfer__drop=["layer_6"], transfer__freeze=["layer_1", "layer_2", "lstm"])
    before = start(run)
    groups = Run(run, Log()).network.groups()
    Run(run, Log()).train()
    after = weights(tmp_path / "target/checkpoints")
    for layer in run.network.layers:
        for name in groups[layer]:
            assert np.array_equal(after[name], before[name]) == (layer in run.transfer.freeze), name


def test_a_resumed_transfer_goes_on_from_itself(tmp_path: Path, source: Path) -> None:
    run = target(tmp_path, source, transfer__drop=["layer_6"])
    Run(run, Log()).train()
    once = weights(tmp_path / "target/checkpoints")
    again = Run(run, Log())
    assert again.position.epoch == run.training.epochs
    for name, value in again.network.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), once[name])


def test_the_result_is_tested_with_its_own_alphabet(tmp_path: Path, source: Path) -> None:
    run = target(tmp_path, source, transfer__drop=["layer_6"])
    Run(run, Log()).train()
    tested = replace(
        run, data=replace(run.data, test=run.data.dev), checkpoint=replace(run.checkpoint, load="", which="auto")
    )
    assert all(scores.words for scores in run_test(tested, Log()).values())


def test_layers_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"transfer\.drop names 'layer_9'; layers are layer_1, "):
        config(tmp_path, transfer__drop=["layer_9"])
    with pytest.raises(ConfigError, match="names every layer"):
        config(tmp_path, transfer__freeze=list(RunConfig().network.layers))
    with pytest.raises(ConfigError, match=r"checkpoint\.load"):
        config(tmp_path, checkpoint__which="transfer")


# ---- what the source's weights mean ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "here", "named"),
    [
        (
            {"network__layer_norm": True},
            {},
            r"the source has norms\.1\.bias, .* drop layer_1, layer_2, layer_3, layer_5",
        ),
        ({"network__lstm_layers": 2}, {}, r"the source has lstm\.bias_hh_l1, .* drop lstm"),
        ({"features__low_hz": 60.0}, {}, r"features\.low_hz is 20\.0 here and 60\.0 there; .*layer_1"),
        ({}, {"features__sample_rate_hz": 8000}, r"features\.sample_rate_hz is 8000 here and 16000 there; .*layer_1"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(
    tmp_path: Path, there: dict[str, Any], here: dict[str, Any], named: str
) -> None:
    run = config(tmp_path / "a", training__epochs=1, **there)
    Run(run, Log()).train()
    with pytest.raises(CheckpointError, match=named):
        Run(config(tmp_path / "b", checkpoint__load=str(tmp_path / "a/checkpoints"), **here), Log())
    with pytest.raises(CheckpointError, match=named.split(";")[0].partition(", .*")[0]):
        Run(config(tmp_path / "a", **here), Log())  # its own run resumed


def test_a_checkpoint_of_before_online_cmn_was_trained_without(tmp_path: Path) -> None:
    log_mel = {"features__kind": "log_mel"}
    Run(config(tmp_path / "a", training__epochs=1, **log_mel), Log()).train()
    for path in (tmp_path / "a/checkpoints").glob("*/run.json"):
        run = json.loads(path.read_text())
        del run["config"]["features"]["online_cmn_s"]
        path.write_text(json.dumps(run))
    load = {"checkpoint__load": str(tmp_path / "a/checkpoints")}
    Run(config(tmp_path / "b", **log_mel, **load), Log())
    with pytest.raises(CheckpointError, match=r"features\.online_cmn_s is 10\.0 here and 0\.0 there"):
        Run(config(tmp_path / "c", features__online_cmn_s=10.0, **log_mel, **load), Log())


def test_dropping_the_layer_that_hears_other_features_lets_them_be_others(tmp_path: Path) -> None:
    Run(config(tmp_path / "a", training__epochs=1), Log()).train()
    run = config(
        tmp_path / "b", checkpoint__load=str(tmp_path / "a/checkpoints"), features__coefficients=13,
        transfer__drop=["layer_1"],
    )  # fmt: skip
    network = Run(run, Log()).network
    assert network.feature_mean.shape == (13,)
    assert bool((network.feature_scale != 1).any())  # measured again


def test_settings_that_change_what_layers_do_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Run(config(tmp_path / "a", training__epochs=1), Log()).train()
    load = {"checkpoint__load": str(tmp_path / "a/checkpoints")}
    capsys.readouterr()
    Run(config(tmp_path / "b", network__relu_clip=6.0, network__normalize_features=False, **load), Log())
    said = capsys.readouterr().err
    assert "network.relu_clip is 6.0 here and 20.0 there" in said
    assert "network.normalize_features is False here and True there: feature normalization is that of" in said
    with pytest.raises(CheckpointError, match=r"network\.relu_clip is 6\.0 here and 20\.0 there"):
        Run(config(tmp_path / "a", network__relu_clip=6.0), Log())


def test_settings_that_change_how_it_learns_may_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Run(config(tmp_path, training__epochs=1), Log()).train()
    capsys.readouterr()
    changes = {"training__learning_rate": 0.001, "network__dropout_1": 0.3, "training__epochs": 3}
    assert Run(config(tmp_path, **changes), Log()).position.epoch == 1
    assert "there" not in capsys.readouterr().err


def distance(run: Run, given: Tensors) -> float:
    """From weights, over all layers but the output layer."""
    ours = {name: p.detach().numpy() for name, p in run.network.named_parameters() if not name.startswith("layer_6")}
    return float(sum(np.square(value - given[name]).sum() for name, value in ours.items()) ** 0.5)


def test_keep_holds_weights_near_those_training_started_from(tmp_path: Path, source: Path) -> None:
    best = checkpoint.newest(source, ("best", "train"))
    assert best
    found, given = {}, checkpoint.load(best).weights
    for keep in (0.0, 100.0):
        run = Run(target(tmp_path / str(keep), source, transfer__drop=["layer_6"], transfer__keep=keep), Log())
        run.train()
        found[keep] = distance(run, given)
    assert found[100.0] < 0.7 * found[0.0]


def test_a_resumed_run_holds_on_to_the_same_weights(tmp_path: Path, source: Path) -> None:
    changes = {"transfer__drop": ["layer_6"], "transfer__keep": 100.0, "training__epochs": 4}
    whole = Run(target(tmp_path / "whole", source, **changes), Log())
    whole.train()
    Run(target(tmp_path / "parts", source, **{**changes, "training__epochs": 2}), Log()).train()
    resumed = Run(target(tmp_path / "parts", source, **changes), Log())
    resumed.train()
    for a, b in zip(whole.network.parameters(), resumed.network.parameters(), strict=True):
        np.testing.assert_array_equal(a.detach(), b.detach())


def test_keep_without_a_start_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"transfer\.keep needs weights to start from"):
        Run(config(tmp_path, transfer__keep=1.0), Log())


def test_a_resumed_run_whose_start_is_gone_says_so(tmp_path: Path, source: Path) -> None:
    changes = {"transfer__drop": ["layer_6"], "transfer__keep": 1.0}
    Run(target(tmp_path, source, **changes), Log()).train()
    source.rename(source.with_name("elsewhere"))
    with pytest.raises(CheckpointError, match=r"no checkpoint, but transfer\.keep needs it"):
        Run(target(tmp_path, source, **changes), Log())


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("layer_decay", 0.0, "above 0 and at most 1"),
        ("layer_decay", 1.5, "above 0 and at most 1"),
        ("unfreeze_epochs", -1.0, "must not be negative"),
        ("keep", float("nan"), "must not be negative"),
    ],
)
def test_settings_out_of_range_are_refused(tmp_path: Path, setting: str, value: float, words: str) -> None:
    with pytest.raises(ConfigError, match=f"transfer.{setting} .*{words}"):
        config(tmp_path, **{f"transfer__{setting}": value})
