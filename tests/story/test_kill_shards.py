"""kill -9 while a run learns from shards: it goes on, and ends with the weights of an undisturbed one."""

import os
import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from deepspeech.datasets.samples import read_samples
from deepspeech.datasets.shards.writer import ShardOptions, write_shards
from tests.story.test_kill import ROOT, final, progress_of, start

KILLS = 5


@pytest.mark.slow
def test_killed_five_times_it_ends_as_if_undisturbed(tmp_path: Path) -> None:
    written = write_shards(read_samples(ROOT / "data/demo/train.csv"), tmp_path / "shards", ShardOptions(1, "wav"))
    assert written.shards > 4
    more = (f'data.train=["{tmp_path}/shards"]', "data.shuffle_window=30", "data.limit_train=0", "training.epochs=40")
    whole = start(tmp_path / "whole", *more)
    assert whole.wait() == 0
    chance, killed = random.Random(7), 0
    while killed < KILLS:
        before = progress_of(tmp_path / "killed")
        process = start(tmp_path / "killed", *more)
        while process.poll() is None and progress_of(tmp_path / "killed") == before:
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 1.0))
        assert process.poll() is None, "the run was over before it was killed often enough; make it longer"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        killed += 1
    assert start(tmp_path / "killed", *more).wait() == 0
    a, b = final(tmp_path / "whole"), final(tmp_path / "killed")
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)
