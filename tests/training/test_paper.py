"""Learning as Hannun et al. 2014 did: Nesterov's momentum, annealing, strides, jitter at the test."""

import json
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from deepspeech import checkpoint
from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig
from deepspeech.acoustic.deepspeech.network import DeepSpeech
from deepspeech.acoustic.restore import restore
from deepspeech.config import RunConfig, TrainingConfig, TransferConfig
from deepspeech.datasets.formats.csv_files import read_csv
from deepspeech.errors import CheckpointError, ConfigError, DataError
from deepspeech.training import optim
from deepspeech.training.log import Log
from deepspeech.training.run import Run
from deepspeech.training.signals import Stopped
from deepspeech.training.step import Trainer
from deepspeech.training.test import acoustic_model_of
from deepspeech.training.test import test as run_test
from tests.fakes import config, corpus

NETWORK = {"hidden": 16, "recurrent": "relu", "bidirectional": True, "dropout_1": 0.05}
NESTEROV = {"training__optimizer": "nesterov", "training__learning_rate": 0.003, "training__clip_norm": 10.0}


def test_it_learns(tmp_path: Path) -> None:
    Run(config(tmp_path, network=NETWORK, training__epochs=12, **NESTEROV), Log(tmp_path / "checkpoints")).train()
    lines = [json.loads(line) for line in (tmp_path / "checkpoints/log.jsonl").read_text().splitlines()]
    losses = [line["train_loss"] for line in lines if "train_loss" in line]
    assert losses[-1] < 0.7 * losses[0]


def test_stopped_at_every_batch_and_resumed_it_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {"network": {**NETWORK, "stride": 2}, "training__schedule": "annealed", **NESTEROV}
    Run(config(tmp_path / "whole", **changes), Log()).train()
    train_step = Trainer.train_step

    def step_and_stop(self: Trainer, *arguments: object) -> tuple[float, list[str]]:
        result = train_step(self, *arguments)  # type: ignore[arg-type]
        signal.raise_signal(signal.SIGTERM)
        return result

    monkeypatch.setattr(Trainer, "train_step", step_and_stop)
    for _ in range(6):  # batches in two epochs
        with pytest.raises(Stopped):
            Run(config(tmp_path / "pieces", **changes), Log()).train()
    Run(config(tmp_path / "pieces", **changes), Log()).train()
    one, other = (
        checkpoint.load(checkpoint.found(tmp_path / name / "checkpoints", "train")[0]) for name in ("whole", "pieces")
    )
    assert one.weights.keys() == other.weights.keys()
    for name in one.weights:
        np.testing.assert_array_equal(one.weights[name], other.weights[name], err_msg=name)
    assert {name.split("/")[0] for name in one.optimizer} == {"momentum"}


def test_momentum_after_adam_starts_from_zero(tmp_path: Path) -> None:
    Run(config(tmp_path, network=NETWORK), Log()).train()
    run = Run(config(tmp_path, network=NETWORK, training__epochs=3, **NESTEROV), Log())
    assert run.position.epoch == 2
    assert not run.parts.optimizer.state
    run.train()


def test_the_feed_forward_layers_of_an_lstm_network_may_be_taken_over(tmp_path: Path) -> None:
    Run(config(tmp_path / "lstm"), Log()).train()
    load = {"checkpoint__load": str(tmp_path / "lstm/checkpoints"), "checkpoint__which": "transfer"}
    with pytest.raises(CheckpointError, match=r"has no layer_4\.recurrent; .* drop layer_4"):
        Run(config(tmp_path / "a", network=NETWORK, **load), Log())
    run = Run(config(tmp_path / "b", network=NETWORK, transfer__drop=["layer_4"], **load), Log())
    before = restore(checkpoint.best_or_newest(tmp_path / "lstm/checkpoints")).network
    assert torch.equal(run.network.layer_5.weight, before.layer_5.weight)
    run.train()


@pytest.mark.parametrize("recurrent", ["lstm", "relu"])
def test_a_network_with_no_layer_left_to_learn_is_refused(recurrent: str) -> None:
    network = DeepSpeechConfig(recurrent=recurrent)
    with pytest.raises(ConfigError, match="every layer"):
        RunConfig(network=network, transfer=TransferConfig(freeze=network.layers))


def test_the_rate_falls_by_its_factor_after_each_epoch() -> None:
    c = TrainingConfig(learning_rate=0.5, schedule="annealed", anneal=0.8, warmup_epochs=1)
    rates = [optim.learning_rate(c, step, 2) for step in range(8)]
    assert rates == pytest.approx([0.25, 0.5, 0.5, 0.5, 0.4, 0.4, 0.32, 0.32])


def test_nesterovs_step_looks_ahead() -> None:
    """v ← μ·v + g; w ← w − rate·(g + μ·v), as in Sutskever et al. 2013 written for the weights that are looked at."""
    network = DeepSpeech(DeepSpeechConfig(hidden=4), 3, 5)
    optimizer = optim.optimizer_of(network, TrainingConfig(optimizer="nesterov", momentum=0.9, learning_rate=0.1))
    bias = network.layer_1.bias
    with torch.no_grad():
        bias.fill_(1.0)
    weight, velocity = 1.0, 0.0
    for gradient in (1.0, -3.0, 0.5):
        bias.grad = torch.full_like(bias, gradient)
        optimizer.step()
        velocity = 0.9 * velocity + gradient
        weight -= 0.1 * (gradient + 0.9 * velocity)
        torch.testing.assert_close(bias.detach(), torch.full_like(bias, weight))


def test_transcripts_must_fit_the_frames_that_strides_leave(tmp_path: Path) -> None:
    tables = {"network": {**NETWORK, "stride": 12}, **NESTEROV}
    with pytest.raises(DataError, match="transcript too long for the sound: it needs"):
        Run(config(tmp_path, **tables), Log())


def test_the_test_listens_with_jitter_where_that_is_asked_for(tmp_path: Path) -> None:
    made = config(tmp_path, network={**NETWORK, "stride": 2}, training__epochs=4, **NESTEROV)
    Run(made, Log()).train()
    made = replace(made, data=replace(made.data, test=made.data.dev))
    plain = run_test(made, Log())
    jitter = run_test(replace(made, training=replace(made.training, test_jitter_ms=5.0)), Log())
    (name,) = made.data.dev
    assert plain[name].loss is not None
    assert jitter[name].loss is None  # the mean of three has none


def test_jitter_is_the_mean_of_three_hearings(tmp_path: Path) -> None:
    made = config(tmp_path, network=NETWORK, **NESTEROV)
    Run(made, Log()).train()
    restored, samples = (
        restore(checkpoint.best_or_newest(tmp_path / "checkpoints")),
        read_csv(corpus(tmp_path, 4, "dev")),
    )
    parts = []
    for shift_samples in (-80, 0, 80):
        emit = acoustic_model_of(restored, 4, 1, 0.0)
        moved = [
            replace(sample, audio=shift(sample.audio, shift_samples, tmp_path / f"moved{shift_samples}"))
            for sample in samples
        ]
        parts.append({item.sample.id: item.emission.probabilities_TV for item in emit(moved)})
    for item in acoustic_model_of(restored, 4, 1, 5.0)(samples):
        mean = sum(part[item.sample.id] for part in parts) / 3
        np.testing.assert_allclose(item.emission.probabilities_TV, mean, atol=1e-5)


def shift(path: Path, by: int, folder: Path) -> Path:
    """The same recording in a file that begins earlier or later."""
    from deepspeech.audio.formats import read_audio, write_wav

    samples, rate_hz = read_audio(path)
    moved = np.zeros_like(samples)
    for place in range(len(samples)):
        if 0 <= place - by < len(samples):
            moved[place] = samples[place - by]
    folder.mkdir(exist_ok=True)
    write_wav(folder / path.name, moved, rate_hz)
    return folder / path.name
