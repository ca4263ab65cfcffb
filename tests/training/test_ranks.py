"""Several processes learn what one would have learnt, stop together, go on in any number, and say who is to blame."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import distributed

from deepspeech import checkpoint
from deepspeech.checkpoint import Tensors
from deepspeech.config import RunConfig
from deepspeech.datasets.pipeline import Example, Pipeline
from deepspeech.datasets.sample import Sample
from deepspeech.errors import ConfigError, TrainingError
from deepspeech.training.log import Log
from deepspeech.training.ranks import ALONE, Ranks, fresh_store, joined
from deepspeech.training.run import Run
from deepspeech.training.step import StepResult, Trainer
from tests.fakes import config
from tests.training.several import Ended, train_together, undisturbed

PLAIN = {f"dropout_{layer}": 0.0 for layer in ("1", "2", "3", "5")} | {"hidden": 16}


def small(folder: Path, threads: int = 1, **changes: Any) -> RunConfig:
    """Two epochs of batches of 5, 5 and 2 clips: no number of processes divides them all evenly."""
    changes = {"network": PLAIN, "training__batch_size": 5, **changes}
    return config(folder, training__threads=threads, **changes)


def together(made: RunConfig, count: int, folder: Path, before: Callable[[int], None] = undisturbed) -> Ended:
    return train_together([made] * count, folder, before)


def losses(folder: Path) -> list[float]:
    rows = [json.loads(line) for line in (folder / "checkpoints/log.jsonl").read_text().splitlines()]
    return [row[name] for row in rows for name in ("train_loss", "dev_loss") if name in row]


def weights(folder: Path) -> Tensors:
    newest = checkpoint.newest(folder / "checkpoints", ("train",))
    assert newest
    kept = checkpoint.load(newest)
    return kept.weights | {f"average/{n}": v for n, v in kept.average.items()} | kept.optimizer


def assert_same(a: Tensors, b: Tensors) -> None:
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


# ---- the same learning -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize(
    "settings",
    [{}, {"training__accumulate": 2, "training__clip_norm": 1.0, "training__schedule": "cosine"}],
    ids=["plain", "accumulate"],
)
def test_several_processes_have_the_losses_of_one(tmp_path: Path, count: int, settings: dict[str, Any]) -> None:
    made = small(tmp_path / "one", **settings)
    Run(made, Log(tmp_path / "one/checkpoints")).train()
    ended = together(small(tmp_path / "more", **settings), count, tmp_path)
    assert ended.codes == [0] * count, ended.said
    assert len(losses(tmp_path / "one")) == 4
    assert losses(tmp_path / "more") == pytest.approx(losses(tmp_path / "one"), rel=1e-5)
    assert ended.said[1:] == [""] * (count - 1), "only the first speaks"


def test_two_processes_are_two_threads_to_the_bit_with_dropout_too(tmp_path: Path) -> None:
    """As many microbatches in all draw the same dropout, and two summands have but one sum."""
    settings = {"network": {"hidden": 16, "dropout_1": 0.2, "dropout_lstm": 0.1}, "training__average_decay": 0.9}
    Run(small(tmp_path / "one", threads=2, **settings), Log()).train()
    ended = together(small(tmp_path / "two", **settings), 2, tmp_path)
    assert ended.codes == [0, 0], ended.said
    assert_same(weights(tmp_path / "one"), weights(tmp_path / "two"))


# ---- stopping and going on -------------------------------------------------------------------------------------------


def after_steps(number: int, act: Callable[[], object]) -> None:
    """`act` in the midst of this process's training: when it has done so many steps."""
    train_step, done = Trainer.train_step, [0]

    def counted(self: Trainer, *arguments: Any) -> StepResult:
        result = train_step(self, *arguments)
        done[0] += 1
        if done[0] == number:
            act()
        return result

    Trainer.train_step = counted  # type: ignore[method-assign]


def stop_second(number: int) -> None:
    if number == 1:
        after_steps(4, lambda: signal.raise_signal(signal.SIGTERM))


def kill_second(number: int) -> None:
    if number == 1:
        after_steps(4, lambda: os.kill(os.getpid(), signal.SIGKILL))


def test_a_signal_to_one_stops_all_and_any_number_goes_on(tmp_path: Path) -> None:
    Run(small(tmp_path / "whole", threads=2), Log(tmp_path / "whole/checkpoints")).train()
    stopped = together(small(tmp_path / "pieces"), 2, tmp_path, stop_second)
    assert stopped.codes == [143, 143], stopped.said
    assert "A checkpoint is written" in stopped.said[0]
    newest = checkpoint.newest(tmp_path / "pieces/checkpoints", ("train",))
    assert newest
    assert newest.name == "train-000004"
    Run(small(tmp_path / "pieces", threads=2), Log(tmp_path / "pieces/checkpoints")).train()
    assert_same(weights(tmp_path / "whole"), weights(tmp_path / "pieces"))


def test_one_that_is_killed_ends_the_others_in_one_line_and_nothing_is_lost(tmp_path: Path) -> None:
    settings = {"checkpoint__every_s": 1e-9}
    ended = together(small(tmp_path / "killed", **settings), 2, tmp_path, kill_second)
    assert ended.codes == [2, -signal.SIGKILL]
    last = ended.said[0].splitlines()[-1]
    assert "lost connection to another process" in last
    assert "--max-restarts" in last
    Run(small(tmp_path / "killed", threads=2, **settings), Log()).train()
    Run(small(tmp_path / "whole", threads=2), Log()).train()
    assert_same(weights(tmp_path / "whole"), weights(tmp_path / "killed"))


# ---- faults ----------------------------------------------------------------------------------------------------------


def spoil_a_clip(number: int) -> None:
    prepare = Pipeline.prepare

    def spoilt(self: Pipeline, sample: Sample, epoch: int) -> Example:
        example = prepare(self, sample, epoch)
        if sample.audio.name == "train005.wav" and self.epochs > 1:  # not while features are measured
            example.features_TF[3] = np.nan
        return example

    Pipeline.prepare = spoilt  # type: ignore[method-assign]


def test_a_clip_that_spoils_its_batch_is_named_whoever_had_it(tmp_path: Path) -> None:
    ended = together(small(tmp_path, training__probe=False), 2, tmp_path, spoil_a_clip)
    assert ended.codes == [0, 0], ended.said
    named = [line for line in ended.said[0].splitlines() if "NaN" in line]
    assert [line.count("train005.wav") for line in named] == [1, 1]  # once an epoch, and no other clip of its batch
    assert not any("train004.wav" in line or "train006.wav" in line for line in named)
    assert all(np.isfinite(value).all() for value in weights(tmp_path).values())


def test_a_clip_that_another_process_left_out_is_told(tmp_path: Path) -> None:
    made = small(tmp_path, data__on_bad_sample="skip")
    for number in range(12):
        (tmp_path / f"train{number:03d}.wav").unlink() if number % 2 else None
    ended = together(made, 2, tmp_path)  # the second one's look finds them all
    assert ended.codes == [0, 0], ended.said
    assert all(f"train{number:03d}.wav" in ended.said[0] for number in (1, 3, 5, 7, 9, 11))


def test_processes_that_would_learn_different_things_are_refused(tmp_path: Path) -> None:
    made = small(tmp_path)
    other = replace(made, training=replace(made.training, learning_rate=0.5))
    ended = train_together([made, other], tmp_path)
    assert ended.codes == [2, 2]
    assert "process 1 of this run has settings other than process 0" in ended.said[0]
    assert "process 1 of 2: " in ended.said[1]


def test_an_environment_that_makes_no_sense_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "two")
    with pytest.raises(ConfigError, match="WORLD_SIZE is 'two'"), joined():
        pass


LEAVING = """
from pathlib import Path
from deepspeech.training.ranks import process_group
from deepspeech.training.signals import Stopped
try:
    with process_group(0, 1):
        import torch.distributed.nn  # the first optimizer does
        raise Stopped(15)
except Stopped:
    threads = [path.read_text() for path in Path("/proc/self/task").glob("*/comm")]
    print([name for name in threads if "gloo" in name])
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are listed in /proc")
def test_no_thread_of_a_process_group_outlives_it() -> None:
    """One that waits for Python's lock while the interpreter ends aborts the process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    ended = subprocess.run([sys.executable, "-c", LEAVING], env=os.environ | place, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, "[]\n"), ended.stderr


# ---- the parts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_shards_are_all_and_of_equal_size(count: int) -> None:
    shards = [Ranks(number, count).shard(range(13)) for number in range(count)]
    assert sorted(item for shard in shards for item in shard) == list(range(13))
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


def test_alone_everything_is_what_it_was() -> None:
    assert ALONE.unshard(ALONE.shard([3, 1, 2])) == [3, 1, 2]
    assert ALONE.all_reduce_sum(1.5, 2) == [1.5, 2]
    assert (ALONE.all_reduce_max(3), ALONE.broadcast("x"), ALONE.all_gather([1])) == (3, "x", [1])
    ALONE.check_same("anything", 1)
    with joined() as ranks:
        assert ranks is ALONE


@pytest.mark.parametrize(
    ("host", "other", "expected"), [("here", range(4), 2), ("here", range(4, 8), 4), ("elsewhere", range(4), 4)]
)
def test_bound_ranks_do_not_divide_their_cores_again(
    host: str, other: range, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Two(Ranks):
        def gather(self, value: Any) -> list[Any]:
            return [value, [host, list(other)]]

    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(4)), raising=False)
    monkeypatch.setattr("deepspeech.cores._quotas", lambda _: iter(()))
    monkeypatch.setattr(socket, "gethostname", lambda: "here")
    assert Two(0, 2, 0, 2).cores() == expected


def test_what_differs_is_told_by_number() -> None:
    class Three(Ranks):
        def gather(self, value: Any) -> list[Any]:
            return [value, value, "other"]

    with pytest.raises(TrainingError, match="process 2 of this run has weights other than process 0"):
        Three(0, 3).check_same("weights", "mine")


# ---- finding each other ----------------------------------------------------------------------------------------------


def meet(store: distributed.Store, word: str, count: int = 3) -> list[str]:
    """The words that `count` processes find which start together, when the first of them writes `word`."""

    def one(number: int) -> None:
        ours = fresh_store(store, number, count)
        if number == 0:
            ours.set("word", word)
        found[number] = ours.get("word").decode()

    found = [""] * count
    threads = [threading.Thread(target=one, args=[number]) for number in reversed(range(count))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_processes_of_a_later_start_do_not_find_the_earlier_in_a_store_that_is_kept() -> None:
    store = distributed.HashStore()
    for word in ("first", "second", "third"):
        assert meet(store, word) == [word] * 3


def test_nor_do_they_after_a_start_that_did_not_end_well() -> None:
    store = distributed.HashStore()
    for key, value in {"joins 1": "a", "joins 2": "b", "start": "c a b", "c 1": "", "word": "old"}.items():
        store.set(key, value)
    assert meet(store, "new") == ["new"] * 3
