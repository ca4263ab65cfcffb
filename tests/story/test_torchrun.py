"""The whole way with torchrun: a killed process is started again by it, and a run that is stopped can go on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from deepspeech import checkpoint

ROOT = Path(__file__).resolve().parents[2]
EPOCHS = 30
LONGEST_S = 200


def command(folder: Path, count: int, *options: str) -> list[str]:
    settings = {
        "checkpoint.folder": folder, "checkpoint.every_s": 0.2, "data.limit_train": 96, "data.limit_dev": 4,
        "data.test": "[]", "network.hidden": 48, "training.epochs": EPOCHS, "training.threads": 1,
        "training.precision": "float32", "training.warmup_epochs": 1, "training.evaluate_every": 10,
    }  # fmt: skip
    changes = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    torchrun = ["-m", "torch.distributed.run", "--nproc-per-node", str(count)]
    return [
        sys.executable, *torchrun, "--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0", *options,
        "-m", "deepspeech", "train", str(ROOT / "runs/demo.toml"), *changes,
    ]  # fmt: skip


def start(folder: Path, count: int, *options: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(command(folder, count, *options), stderr=subprocess.PIPE, text=True, cwd=ROOT)


def ranks_of(launcher: int) -> list[int]:
    """The processes that a launcher has started, in their order."""
    found = []
    for page in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(page.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == launcher:
            found.append(int(page.parent.name))
    return sorted(found)


def steps(folder: Path) -> int:
    newest = checkpoint.newest(folder, ("train",))
    return int(newest.name.split("-")[1]) if newest else 0


def wait_for_a_checkpoint(process: "subprocess.Popen[str]", folder: Path) -> None:
    while process.poll() is None and not steps(folder):
        time.sleep(0.02)
    assert process.poll() is None, "the run was over before it could be disturbed; make it longer"


def final(folder: Path) -> dict[str, np.ndarray]:
    newest = checkpoint.newest(folder, ("train",))
    assert newest
    kept = checkpoint.load(newest)
    assert kept.run["position"]["epoch"] == EPOCHS
    return kept.weights | {f"average {n}": v for n, v in kept.average.items()} | kept.optimizer


@pytest.mark.slow
def test_a_killed_process_is_replaced_and_the_result_is_the_same(tmp_path: Path) -> None:
    whole = start(tmp_path / "whole", 2)
    said = whole.communicate(timeout=LONGEST_S)[1]
    assert whole.returncode == 0, said
    process = start(tmp_path / "killed", 2, "--max-restarts", "2")
    wait_for_a_checkpoint(process, tmp_path / "killed")
    os.kill(ranks_of(process.pid)[1], signal.SIGKILL)
    said = process.communicate(timeout=LONGEST_S)[1]
    assert process.returncode == 0, said
    assert "Loading most recent checkpoint" in said
    a, b = final(tmp_path / "whole"), final(tmp_path / "killed")
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


@pytest.mark.slow
def test_asked_to_stop_torchrun_leaves_a_checkpoint_from_which_four_go_on(tmp_path: Path) -> None:
    process = start(tmp_path, 2)
    wait_for_a_checkpoint(process, tmp_path)
    process.terminate()
    said = process.communicate(timeout=LONGEST_S)[1]
    assert process.returncode != 0
    assert "A checkpoint is written; run the same command again to resume." in said
    before = steps(tmp_path)
    again = start(tmp_path, 4)
    said = again.communicate(timeout=LONGEST_S)[1]
    assert again.returncode == 0, said
    assert f"train-{before:06d}" in said
    assert final(tmp_path)
