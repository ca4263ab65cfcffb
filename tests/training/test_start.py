"""Where the normalization of features comes from, and where it goes: measured, kept, taken over, exported."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from deepspeech import checkpoint
from deepspeech.acoustic.restore import restore
from deepspeech.audio.formats import read_audio
from deepspeech.cli.export import export
from deepspeech.errors import CheckpointError
from deepspeech.features.normalization import measure
from deepspeech.features.registry import new_front_end
from deepspeech.runtime.session import Session
from deepspeech.training.log import Log
from deepspeech.training.run import Run
from tests.fakes import config

LOG_MEL = {"kind": "log_mel", "mel_bands": 20}


def run_of(folder: Path, **changes: object) -> Run:
    return Run(config(folder, **{"features": LOG_MEL, "training__epochs": 1, **changes}), Log())


def trained(folder: Path, **changes: object) -> Path:
    run_of(folder, **changes).train()
    return checkpoint.best_or_newest(folder / "checkpoints")


def rewrite(folder: Path, **entries: object) -> None:
    """Change run.json of every checkpoint."""
    for path in (folder / "checkpoints").glob("*/run.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def normalization_of(run: Run) -> object:
    assert run.parts.plain.front_end.normalization == run.parts.pipeline.front_end.normalization
    return run.parts.plain.front_end.normalization


def is_identity(network: torch.nn.Module) -> bool:
    return not network.feature_mean.any() and bool((network.feature_scale == 1).all())


def test_log_mel_is_normalized_by_the_front_end_mfcc_by_the_network(tmp_path: Path) -> None:
    run = run_of(tmp_path / "log_mel")
    front_end = new_front_end(run.config.features)
    sounds = [read_audio(sample.audio)[0] for sample in run.parts.datasets.train]
    assert normalization_of(run) == measure(front_end.unnormalized(sound) for sound in sounds)
    assert is_identity(run.network)
    run = run_of(tmp_path / "mfcc", features={})
    assert normalization_of(run) is None
    assert not is_identity(run.network)
    run = run_of(tmp_path / "off", features={**LOG_MEL, "normalize": False})
    assert normalization_of(run) is None
    assert not is_identity(run.network)
    run = run_of(tmp_path / "none", features={**LOG_MEL, "normalize": False}, network={"normalize_features": False})
    assert normalization_of(run) is None
    assert is_identity(run.network)


def test_it_is_kept_and_exported(tmp_path: Path) -> None:
    kept = trained(tmp_path)
    restored = restore(kept)
    assert restored.normalization
    again = run_of(tmp_path, training__epochs=2)
    assert normalization_of(again) == restored.normalization
    export(kept, tmp_path / "a.onnx", language="en")  # compares the file's transcripts and probabilities
    card = Session(tmp_path / "a.onnx").card
    assert card.normalization == restored.normalization
    sound = read_audio(again.parts.datasets.train[0].audio)[0]
    np.testing.assert_array_equal(card.front_end.whole(sound), restored.front_end.whole(sound))
    assert abs(card.front_end.whole(sound).mean()) < 1


def test_transfer_takes_the_source_s_unless_the_first_layer_is_dropped(tmp_path: Path) -> None:
    trained(tmp_path / "source")
    mine = {"mean": [-3.0] * 20, "deviation": [2.0] * 20}  # as no corpus of tones gives
    rewrite(tmp_path / "source", normalization=mine)

    def first_mean(**changes: object) -> float:
        run = run_of(tmp_path / "target", checkpoint__load=str(tmp_path / "source/checkpoints"), **changes)
        return normalization_of(run).mean[0]  # type: ignore[attr-defined]

    assert first_mean() == -3.0
    assert first_mean(transfer__drop=["layer_1"]) != -3.0


def test_a_checkpoint_whose_network_normalizes_goes_on_so(tmp_path: Path) -> None:
    """As one of log-mel features did that was written before front ends normalized."""
    kept = trained(tmp_path, features={**LOG_MEL, "normalize": False})
    settings = json.loads((kept / "run.json").read_text())["config"]
    del settings["features"]["normalize"]
    rewrite(tmp_path, config=settings)
    assert restore(kept).normalization is None
    run = run_of(tmp_path, training__epochs=2)
    assert normalization_of(run) is None
    assert not is_identity(run.network)


@pytest.mark.parametrize(
    "damage", [{"mean": [0.0]}, {"mean": "x", "deviation": [1]}, 3, {"mean": [1], "deviation": [1]}]
)
def test_a_damaged_one_is_refused(tmp_path: Path, damage: object) -> None:
    kept = trained(tmp_path)
    rewrite(tmp_path, normalization=damage)
    with pytest.raises(CheckpointError, match="describe its network"):
        restore(kept)
    with pytest.raises(CheckpointError, match="its normalization of features"):
        run_of(tmp_path, training__epochs=2)
