"""Training: it learns, resumes to the same weights, names its culprits, stops when asked, and survives bad luck."""

import json
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deepspeech import checkpoint
from deepspeech.checkpoint import Tensors
from deepspeech.errors import CheckpointError, DataError, TrainingError
from deepspeech.training.log import Log
from deepspeech.training.loop import plan_epoch
from deepspeech.training.run import Run
from deepspeech.training.signals import Stopped
from deepspeech.training.step import Trainer
from deepspeech.training.test import test as run_test
from deepspeech.training.validation import Validation
from tests.fakes import config


def weights(folder: Path) -> Tensors:
    newest = checkpoint.newest(folder / "checkpoints", ("train",))
    assert newest
    kept = checkpoint.load(newest)
    return kept.weights | {f"average {name}": value for name, value in kept.average.items()}


def assert_equal(a: Tensors, b: Tensors) -> None:
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def test_the_loss_falls_and_the_best_checkpoint_is_kept(tmp_path: Path) -> None:
    Run(config(tmp_path, training__epochs=12), Log(tmp_path / "checkpoints")).train()
    lines = [json.loads(line) for line in (tmp_path / "checkpoints/log.jsonl").read_text().splitlines()]
    losses = [line["train_loss"] for line in lines if "train_loss" in line]
    assert len(losses) == 12
    assert losses[-1] < losses[0]
    best = checkpoint.found(tmp_path / "checkpoints", "best")
    dev = [line["dev_loss"] for line in lines if "dev_loss" in line]
    assert checkpoint.describe(best[0])["position"]["progress"]["best"] == min(dev)


@pytest.mark.parametrize("repeat", [False, True])
def test_settings_are_printed_at_the_first_start_and_then_what_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], repeat: bool
) -> None:
    Run(config(tmp_path, training__epochs=1, training__preview_every_s=0.0), Log()).train()
    assert "\n[network]\nnormalize_features = true\n" in capsys.readouterr().err
    Run(config(tmp_path, training__epochs=1, training__preview_every_s=0.0), Log()).train(repeat)
    err = capsys.readouterr().err
    assert ("\n[network]\n" in err) == repeat
    assert (", 1 of 1 epochs done, with the same settings\n" in err) == (not repeat)
    Run(config(tmp_path, training__epochs=1, training__preview_every_s=9.0, data__workers=2), Log()).train(repeat)
    line = "changed settings: data.workers = 2, was 1; training.preview_every_s = 9.0, was 0.0\n"
    assert (line in capsys.readouterr().err) == (not repeat)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_seed_gives_the_same_weights(tmp_path: Path, threads: int) -> None:
    for name in ("a", "b"):
        augment = ["speed[p=0.5]", "time_mask[p=0.5,domain=features]"]
        Run(config(tmp_path / name, training__threads=threads, augment=augment), Log()).train()
    assert_equal(weights(tmp_path / "a"), weights(tmp_path / "b"))


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 2)):
        Run(config(tmp_path / name, training__seed=seed), Log()).train()
    assert not np.array_equal(weights(tmp_path / "a")["layer_1.weight"], weights(tmp_path / "b")["layer_1.weight"])


def test_stopped_at_every_batch_and_resumed_it_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"training__average_decay": 0.9, "training__schedule": "cosine"}
    Run(config(tmp_path / "whole", **settings), Log()).train()

    train_step = Trainer.train_step

    def step_and_stop(self: Trainer, *arguments: object) -> tuple[float, list[str]]:
        result = train_step(self, *arguments)  # type: ignore[arg-type]
        signal.raise_signal(signal.SIGTERM)
        return result

    monkeypatch.setattr(Trainer, "train_step", step_and_stop)
    for _ in range(6):  # batches in two epochs
        with pytest.raises(Stopped):
            Run(config(tmp_path / "pieces", **settings), Log()).train()
    Run(config(tmp_path / "pieces", **settings), Log()).train()
    assert_equal(weights(tmp_path / "whole"), weights(tmp_path / "pieces"))


def test_a_damaged_newest_checkpoint_is_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Run(config(tmp_path, checkpoint__every_s=1e-9), Log()).train()
    newest, before = checkpoint.found(tmp_path / "checkpoints", "train")[:2]
    file = newest / "weights.safetensors"
    file.write_bytes(file.read_bytes()[:-8])
    Run(config(tmp_path), Log()).train()
    said = capsys.readouterr().err
    assert "damaged" in said
    assert str(before) in said


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    made = config(tmp_path)
    (tmp_path / "train003.wav").unlink()
    (tmp_path / "dev001.wav").write_bytes(b"")
    with pytest.raises(DataError) as refused:
        Run(made, Log())
    assert "train003.wav" in str(refused.value)
    assert "dev001.wav" in str(refused.value)
    assert "--skip-bad" in str(refused.value)


def test_bad_samples_are_left_out_when_that_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = config(tmp_path, data__on_bad_sample="skip")
    (tmp_path / "train003.wav").unlink()
    made = replace(made, data=replace(made.data, on_bad_sample="skip"))
    run = Run(made, Log())
    assert len(run.parts.datasets.train) == 11
    assert "train003.wav" in capsys.readouterr().err


def test_a_loss_that_is_not_finite_names_the_clips_and_learns_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(config(tmp_path, training__epochs=10, data__dev=[]), Log())
    run.network.layer_6.bias.data.fill_(float("nan"))
    before = run.network.layer_1.weight.detach().clone()
    with pytest.raises(TrainingError, match="not finite in 10 consecutive batches"):
        run.train()
    assert "train000.wav" in capsys.readouterr().err
    assert bool((run.network.layer_1.weight == before).all())


def test_another_shape_or_alphabet_is_refused_by_name(tmp_path: Path) -> None:
    Run(config(tmp_path), Log()).train()
    with pytest.raises(CheckpointError, match=r"layer_1\.weight is 16 × 494 in the source and 20 × 494 here"):
        Run(config(tmp_path, network={"hidden": 20}), Log())
    (tmp_path / "alphabet.txt").write_text("a\nb\nc\nd\n \n")
    with pytest.raises(CheckpointError, match="another alphabet"):
        Run(config(tmp_path, data__alphabet=str(tmp_path / "alphabet.txt")), Log())


def test_early_stop_and_plateau_act(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = {"training__early_stop_epochs": 2, "training__epochs": 30, "training__early_stop_min_delta": 1000.0}
    Run(config(tmp_path / "early", **settings), Log()).train()
    said = capsys.readouterr().err
    assert "Early stop triggered" in said
    assert said.count("Finished training epoch") == 3  # one that was the best, two that were no better
    settings = {"training__plateau_epochs": 1, "training__epochs": 3, "training__early_stop_min_delta": 1000.0}
    Run(config(tmp_path / "plateau", training__learning_rate=1e-12, **settings), Log()).train()
    assert "Encountered a plateau, reducing learning rate to 1e-13" in capsys.readouterr().err


def test_the_test_reports_each_file_apart(tmp_path: Path) -> None:
    made = config(tmp_path)
    made = replace(made, data=replace(made.data, test=(made.data.dev[0], made.data.train[0])))
    Run(made, Log()).train()
    results = run_test(made, Log())
    assert [len(scores.samples) for scores in results.values()] == [4, 12]
    assert all(sample.loss is not None for sample in results[made.data.dev[0]].samples)


def test_starting_over_sets_earlier_checkpoints_aside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Run(config(tmp_path, training__epochs=3), Log()).train()
    earlier = weights(tmp_path)
    run = Run(config(tmp_path, checkpoint__which="init", training__epochs=1, training__seed=9), Log())
    assert run.position.step == 0
    run.train()
    assert "earlier-1" in capsys.readouterr().err
    assert [path.name for path in checkpoint.found(tmp_path / "checkpoints", "train")] == ["train-000003"]
    kept = checkpoint.load(checkpoint.found(tmp_path / "checkpoints/earlier-1", "train")[0])
    np.testing.assert_array_equal(kept.weights["layer_1.weight"], earlier["layer_1.weight"])


def test_starting_from_another_folder_begins_a_new_count(tmp_path: Path) -> None:
    Run(config(tmp_path / "a"), Log()).train()
    run = Run(config(tmp_path / "b", checkpoint__load=str(tmp_path / "a/checkpoints")), Log())
    assert run.position.epoch == 0
    np.testing.assert_array_equal(
        run.network.layer_1.weight.detach().numpy(), weights(tmp_path / "a")["layer_1.weight"]
    )


def test_batches_are_as_long_together_as_is_asked(tmp_path: Path) -> None:
    run = Run(config(tmp_path, training__batch_seconds=2.0, training__epochs=1), Log())
    lengths = [sample.duration_s or 0.0 for sample in run.parts.datasets.train]
    plan = plan_epoch(run.parts, 0)
    assert 1 < len(plan) < 12
    assert all(len(group) * max(lengths[i] for i in group) <= 2.0 for group in plan)
    run.train()
    assert run.position.step == len(plan)


def test_the_sum_over_batches_is_the_gradient_of_one(tmp_path: Path) -> None:
    """Accumulated or divided among shares: a step of the same clips is the same step."""
    plain = {f"dropout_{layer}": 0.0 for layer in ("1", "2", "3", "5")} | {"hidden": 16}
    # Not Adam, which makes as much of a gradient near nothing as of any other.
    settings = {"data__order": "ascending", "training__epochs": 1, "training__optimizer": "nesterov", "network": plain}
    for name, size, several in (("one", 6, 1), ("three", 2, 3)):
        made = config(tmp_path / name, training__batch_size=size, training__accumulate=several, **settings)
        Run(made, Log()).train()
    one, three = (
        checkpoint.load(checkpoint.best_or_newest(tmp_path / name / "checkpoints", ("train",)))
        for name in ("one", "three")
    )
    assert one.run["step"] == three.run["step"] == 2
    for name in one.weights:
        np.testing.assert_allclose(three.weights[name], one.weights[name], rtol=1e-4, atol=1e-5, err_msg=name)


# ---- which of its own checkpoints ------------------------------------------------------------------------------------


def test_the_best_of_the_own_folder_is_the_best_and_not_the_last(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Run(config(tmp_path, training__epochs=1), Log()).train()
    best = weights(tmp_path)
    Run(config(tmp_path, training__epochs=3, training__learning_rate=50.0), Log()).train()  # the dev loss rises
    assert checkpoint.found(tmp_path / "checkpoints", "best")[0].name == "best-000003"
    for load in ("", str(tmp_path / "checkpoints"), str(tmp_path / "checkpoints/best-000003")):
        run = Run(config(tmp_path, checkpoint__which="best", checkpoint__load=load, training__epochs=2), Log())
        assert (run.position.step, run.position.epoch) == (3, 1)
        for name, value in run.network.state_dict().items():
            np.testing.assert_array_equal(value.numpy(), best[name])
    run.train()
    assert "Resuming from step 3; later checkpoints are kept in" in capsys.readouterr().err
    assert [path.name for path in checkpoint.found(tmp_path / "checkpoints", "train")] == [
        "train-000006",
        "train-000003",
    ]


def test_a_plateau_takes_the_average_back_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"training__plateau_epochs": 1, "training__early_stop_min_delta": 1000.0}
    run = Run(config(tmp_path, training__average_decay=0.9, training__learning_rate=50.0, **settings), Log())
    reduce, seen = Validation._reduce_rate, []

    def reduced(self: Validation) -> None:
        reduce(self)
        kept = checkpoint.load(checkpoint.found(tmp_path / "checkpoints", "best")[0])
        for name, value in self.state.average.weights.items():
            np.testing.assert_array_equal(value.numpy(), kept.average[name], err_msg=name)
        seen.append(kept.path.name)

    monkeypatch.setattr(Validation, "_reduce_rate", reduced)
    run.train()
    assert seen == ["best-000003"]


@pytest.mark.parametrize("seed", [2**63 - 1, 2**63, 2**64 + 5, 10**40])
def test_any_seed_that_is_not_negative_will_do(tmp_path: Path, seed: int) -> None:
    Run(config(tmp_path, training__seed=seed, training__epochs=1), Log()).train()


@pytest.mark.parametrize("kind", ["dev", "metrics"])
def test_a_clip_damaged_inside_is_left_out_of_a_judgement_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    made = config(tmp_path, data__on_bad_sample="skip", training__eval_batch_size=1)
    if kind == "metrics":
        made = replace(made, data=replace(made.data, metrics=made.data.dev, dev=()))
    made = replace(made, data=replace(made.data, test=(str(tmp_path / "dev.csv"),)))
    run = Run(made, Log())
    (tmp_path / "dev002.wav").write_bytes(b"RIFF")  # after the look at the set
    run.train()
    said = capsys.readouterr().err
    assert said.count("(1 of 4 clips skipped)") == 2
    assert "skipped: " in said
    assert "dev002.wav" in said
    opened = run.parts.datasets
    monkeypatch.setattr("deepspeech.training.test.open_datasets", lambda *_: opened)
    opened.test.update({made.data.test[0]: next(iter((opened.dev or opened.metrics).values()))})
    (scores,) = run_test(made, Log()).values()
    assert len(scores.samples) == 3
    assert "1 of 4 clips skipped" in capsys.readouterr().err
    refusing = replace(made, data=replace(made.data, on_bad_sample="refuse"))
    with pytest.raises(DataError, match=r"dev002\.wav"):
        run_test(refusing, Log())
