"""A process that reads shards is killed, and another goes on: in the end each clip was learnt from once."""

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from deepspeech.datasets.shards.writer import ShardOptions, write_shards
from tests.datasets.test_pipeline import clip

CLIPS, KILLS = 60, 4
# Learns as training does: goes on from the saved position, and saves the position together with what was learnt.
READER = """
import json, os, sys
from deepspeech.datasets.clips import ClipCache
from deepspeech.datasets.config import DataConfig
from deepspeech.datasets.sampler import batches
from deepspeech.datasets.samples import read_samples
from deepspeech.datasets.shards.order import epoch_plan

folder, state = sys.argv[1:]
position = json.load(open(state)) if os.path.exists(state) else {"epoch": 0, "batch": 0, "learnt": []}
samples, data = read_samples(folder), DataConfig(shuffle_window=15)
while position["epoch"] < 2:
    epoch = position["epoch"]
    plan = epoch_plan(samples, data, 7, epoch, lambda lengths, seed: batches(lengths, 4, "shuffled", seed, epoch))
    for group in plan[position["batch"] :]:
        for place in group:
            sample = samples[place]
            ClipCache(0).read(sample, 16000)
            position["learnt"].append([epoch, sample.audio.name])
        position["batch"] += 1
        print(position["batch"], flush=True)
        if position["batch"] % 3 == 0:
            json.dump(position, open(state + ".part", "w"))
            os.replace(state + ".part", state)
    position["epoch"], position["batch"] = epoch + 1, 0
json.dump(position, open(state, "w"))
"""


def start(folder: Path, state: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", READER, str(folder), str(state)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_killed_at_any_batch_it_goes_on_without_repeating_or_losing_a_clip(tmp_path: Path) -> None:
    given = [clip(tmp_path / "clips", f"{i}.wav", "x", 60_000 + 100 * i) for i in range(CLIPS)]
    assert write_shards(given, tmp_path / "shards", ShardOptions(1)).shards > 5
    killed, whole = tmp_path / "killed.json", tmp_path / "whole.json"
    chance = random.Random(3)
    for _ in range(KILLS):
        process = start(tmp_path / "shards", killed)
        assert process.stdout
        for _ in range(chance.randrange(4, 9)):
            assert process.stdout.readline(), "it was over before it was killed; make it longer"
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        process.stdout.close()
    for state in (killed, whole):
        process = start(tmp_path / "shards", state)
        process.communicate()
        assert process.returncode == 0
    learnt, undisturbed = (json.loads(state.read_text())["learnt"] for state in (killed, whole))
    assert learnt == undisturbed
    names = {path.audio.name.partition(".")[0] for path in given}
    for epoch in (0, 1):
        once = Counter(name for number, name in learnt if number == epoch)
        assert len(once) == len(names)
        assert set(once.values()) == {1}
