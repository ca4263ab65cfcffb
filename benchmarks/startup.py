"""Startup of training on a large sharded set: time to the first planned batches, and memory.

Writes a manifest of synthetic clips (its shards are sparse files of the right size), then reads, checks and plans it as
a run does, each time in a new process: first without the index, which this creates, then with it.

    python benchmarks/startup.py --clips 10000000
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

A_SHARD = 2000
WORDS = ("the", "of", "and", "to", "in", "is", "you", "that", "it", "he", "was", "for", "on", "are", "as", "with")


def write(folder: Path, clips: int) -> None:
    draw = random.Random(1)
    with (folder / "manifest.jsonl").open("w") as file:
        for shard in range(-(-clips // A_SHARD)):
            name, offset, rows = f"shard-{shard:06d}.tar", 512, []
            for number in range(min(A_SHARD, clips - shard * A_SHARD)):
                seconds, text = draw.uniform(3, 12), " ".join(draw.choices(WORDS, k=8))
                size = round(seconds * 4000)
                row = {"member": f"{number:08d}.opus", "offset": offset, "size": size, "duration": round(seconds, 3)}
                rows.append(json.dumps(row | {"text": text}))
                offset += size + 1024
            with (folder / name).open("wb") as made:
                made.truncate(offset)
            file.write("\n".join([json.dumps({"shard": name, "bytes": offset}), *rows]) + "\n")


def start(folder: str) -> None:
    from deepspeech.config import resolve
    from deepspeech.datasets.sampler import batches
    from deepspeech.datasets.shards.order import durations, epoch_plan, identity
    from deepspeech.text.tokens import ENGLISH
    from deepspeech.training.datasets import open_datasets
    from deepspeech.training.log import Log

    imported, cpu = time.monotonic(), time.process_time()
    config = resolve({"data": {"train": [folder]}})
    train = open_datasets(config, ENGLISH, Log()).train
    opened = time.monotonic()
    plan = epoch_plan(train, config.data, 1, 1, lambda lengths, seed: batches(lengths, 16, "shuffled", seed, 1))
    largest = plan.largest(durations(train))
    identity(train)
    figures = {
        "clips": len(train), "batches": len(plan), "largest": len(largest), "open_s": round(opened - imported, 1),
        "plan_s": round(time.monotonic() - opened, 1), "cpu_s": round(time.process_time() - cpu, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip
    print(json.dumps(figures))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=10_000_000)
    parser.add_argument("--start", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.start:
        start(arguments.start)
        return
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), arguments.clips)
        for name in ("first", "again"):
            print(name, flush=True)
            subprocess.run([sys.executable, __file__, "--start", folder], check=True)


if __name__ == "__main__":
    main()
