"""kill -9 at random moments, ten times: the run goes on each time, and ends with the weights of an undisturbed one."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from deepspeech import checkpoint

ROOT = Path(__file__).resolve().parents[2]
KILLS = 10


def start(folder: Path, *more: str) -> "subprocess.Popen[bytes]":
    settings = {
        "checkpoint.folder": str(folder),
        "checkpoint.every_s": "0.2",
        "data.limit_train": "96",
        "data.limit_dev": "4",
        "data.test": "[]",
        "network.hidden": "48",
        "training.epochs": "40",
        "training.threads": "2",
        "training.precision": "float32",
        "training.warmup_epochs": "1",
        "training.evaluate_every": "10",
    }
    assignments = [*(f"{key}={value}" for key, value in settings.items()), *more]
    changes = [word for assignment in assignments for word in ("--set", assignment)]
    command = [sys.executable, "-m", "deepspeech", "train", str(ROOT / "runs/demo.toml"), *changes]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)


def progress_of(folder: Path) -> int:
    newest = checkpoint.newest(folder, ("train",))
    return int(newest.name.split("-")[1]) if newest else 0


def final(folder: Path) -> dict[str, np.ndarray]:
    newest = checkpoint.newest(folder, ("train",))
    assert newest
    kept = checkpoint.load(newest)
    assert kept.run["position"]["epoch"] == 40
    return kept.weights | {f"average {n}": v for n, v in kept.average.items()} | kept.optimizer


@pytest.mark.slow
def test_killed_ten_times_it_ends_as_if_undisturbed(tmp_path: Path) -> None:
    whole = start(tmp_path / "whole")
    assert whole.wait() == 0
    chance, killed = random.Random(7), 0
    while killed < KILLS:
        before = progress_of(tmp_path / "killed")
        process = start(tmp_path / "killed")
        # The moment is drawn from when it first has something new to lose.
        while process.poll() is None and progress_of(tmp_path / "killed") == before:
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 1.0))
        if process.poll() is not None:
            break
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        killed += 1
    assert killed == KILLS, "the run was over before it was killed often enough; make it longer"
    assert start(tmp_path / "killed").wait() == 0
    a, b = final(tmp_path / "whole"), final(tmp_path / "killed")
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)
