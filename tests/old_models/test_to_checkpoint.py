"""Old models as checkpoints: training goes on from them, with Adam's moments where the old one kept them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from deepspeech import checkpoint
from deepspeech.acoustic.restore import restore
from deepspeech.config import RunConfig
from deepspeech.errors import CheckpointError
from deepspeech.old_models.convert import as_model_file
from deepspeech.old_models.to_checkpoint import adopted, settings, write_all
from deepspeech.training.log import Log
from deepspeech.training.run import Run
from deepspeech.training.state import Position
from tests.fakes import by_window, config
from tests.old_models.old_files import CELL, CHARACTERS, Network, checkpoint_folder, frozen_graph

WINDOWS = np.random.default_rng(2).normal(size=(1, 20, 19, 26)).astype(np.float32)


def answer(path: Path) -> np.ndarray:
    network = restore(path).network
    with torch.no_grad():
        logits, _ = by_window(network, torch.from_numpy(WINDOWS), network.start(1))
    return torch.from_numpy(logits[0]).softmax(-1).numpy()


@pytest.mark.parametrize("layer_norm", [False, True])
def test_the_checkpoint_answers_as_the_old_model(tmp_path: Path, layer_norm: bool) -> None:
    network = Network(layer_norm=layer_norm)
    written = write_all(checkpoint_folder(tmp_path / "old", network), tmp_path / "new")
    assert [path.name for path, _ in written] == ["best-000000", "train-000000"]
    for path, _ in written:
        np.testing.assert_allclose(answer(path), network.answer(WINDOWS[0]), atol=1e-5)
    assert (tmp_path / "new" / "alphabet.txt").read_text(encoding="utf-8") == "\n".join(CHARACTERS) + "\n"


def test_an_export_becomes_the_best_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "m.pb").write_bytes(frozen_graph(Network()))
    ((path, model),) = write_all(tmp_path / "m.pb", tmp_path / "new")
    assert path.name == "best-000000"
    assert settings(model) == {"network.hidden": 8}
    np.testing.assert_allclose(answer(path), Network().answer(WINDOWS[0]), atol=1e-5)


def test_moments_come_along_and_belong_to_their_weights(tmp_path: Path) -> None:
    network = Network()
    write_all(checkpoint_folder(tmp_path / "old", network), tmp_path / "new")
    kept = checkpoint.load(tmp_path / "new" / "train-000000")
    for name, value in kept.weights.items():
        if name.startswith("feature"):
            continue
        source = kept.weights["lstm.bias_ih_l0"] if name == "lstm.bias_hh_l0" else value
        np.testing.assert_allclose(kept.optimizer[f"first/{name}"], source * 0.1, rtol=1e-6, err_msg=name)
        np.testing.assert_allclose(kept.optimizer[f"second/{name}"], source**2, rtol=1e-6, err_msg=name)
        assert kept.optimizer[f"step/{name}"] == 7
    assert Position.of(kept.run["position"]) == Position()


def test_cudnns_lstm_has_no_moments_and_begins_at_zero(tmp_path: Path) -> None:
    write_all(checkpoint_folder(tmp_path / "old", Network(), cudnn=True), tmp_path / "new")
    kept = checkpoint.load(tmp_path / "new" / "train-000000")
    names = {name.split("/")[1] for name in kept.optimizer}
    assert "layer_1.weight" in names
    assert not [name for name in names if name.startswith("lstm")]
    assert f"{CELL}/kernel" not in names


def run_config(folder: Path, **more: object) -> RunConfig:
    (folder / "letters.txt").write_text("\n".join(" abcd") + "\n")
    return config(folder, network={"hidden": 8}, data__alphabet=str(folder / "letters.txt"), **more)


def english(folder: Path) -> Path:
    """An old checkpoint folder whose alphabet has four letters, as the fake corpus has."""
    network = Network()
    network.variables["layer_6/weights"] = network.variables["layer_6/weights"][:, :6]
    network.variables["layer_6/bias"] = network.variables["layer_6/bias"][:6]
    checkpoint_folder(folder, network)
    (folder / "alphabet.txt").unlink()
    return folder


def test_training_goes_on_from_a_folder_of_tensorflow_checkpoints(tmp_path: Path) -> None:
    old = english(tmp_path / "old")
    requested = run_config(tmp_path, checkpoint={"folder": str(tmp_path / "own"), "load": str(old)})
    run, messages = adopted(requested)
    assert len(messages) == 2
    before = restore(tmp_path / "own" / "converted" / "best-000000").network.state_dict()
    trained = Run(run, Log())
    for name, value in trained.network.state_dict().items():
        assert torch.equal(value, before[name])
    trained.train()
    assert not torch.equal(trained.network.layer_1.weight, before["layer_1.weight"])
    again, messages = adopted(requested)  # the run's own checkpoints go before
    assert (again, messages) == (requested, [])


def test_the_run_of_a_folder_that_held_them_itself_finds_them(tmp_path: Path) -> None:
    old = english(tmp_path / "old")
    run, messages = adopted(run_config(tmp_path, checkpoint={"folder": str(old)}))
    assert (run.checkpoint.load, len(messages)) == ("", 2)
    begun = Run(run, Log())
    state = begun.parts.optimizer.state[begun.network.layer_2.weight]
    assert state["step"] == 7
    np.testing.assert_allclose(state["exp_avg"], begun.network.layer_2.weight.detach() * 0.1, rtol=1e-6)
    assert adopted(run) == (run, [])
    assert as_model_file(old) == old  # from now on ours count


@pytest.mark.parametrize("where", ["folder", "load"])
def test_a_network_for_other_characters_begins_with_the_old_layers(tmp_path: Path, where: str) -> None:
    old = checkpoint_folder(tmp_path / "old", Network())
    places = {"folder": str(tmp_path / "own"), where: str(old)}
    run, _ = adopted(run_config(tmp_path, checkpoint=places, transfer={"drop": ["layer_6"]}))
    assert run.checkpoint.load == str(Path(places["folder"]) / "converted")
    begun = Run(run, Log()).network
    np.testing.assert_array_equal(begun.layer_5.weight.detach(), Network().variables["layer_5/weights"].T)
    assert begun.layer_6.weight.shape == (6, 8)


@pytest.mark.parametrize(("which", "name"), [("best", "best-000000"), ("last", "train-000000")])
def test_only_the_requested_kind_is_taken(tmp_path: Path, which: str, name: str) -> None:
    old = english(tmp_path / "old")
    adopted(run_config(tmp_path, checkpoint={"folder": str(old), "which": which}))
    assert [path.name for path in old.iterdir() if path.is_dir()] == [name]


def test_nothing_is_adopted_where_there_is_nothing_old(tmp_path: Path) -> None:
    requested = run_config(tmp_path)
    assert adopted(requested) == (requested, [])
    untouched = replace(
        requested, checkpoint=replace(requested.checkpoint, load=str(english(tmp_path / "old")), which="init")
    )
    assert adopted(untouched) == (untouched, [])


def test_a_folder_without_checkpoints_is_reported(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no TensorFlow checkpoint there"):
        write_all(tmp_path, tmp_path / "new")
