"""Throughput of data loading from a sharded set: seconds of audio batched per second, without a network.

    python benchmarks/loader.py make CLIPS.csv FOLDER --clips 50000 --kind flac
    python benchmarks/loader.py run FOLDER --cores 2

`make` expands a few clips to a large set: each copy has a slightly different level and starts up to 50 ms later, so
that all differ. `run` loads one epoch with the training loop's order, loader, features and collation, augmentation off.
CPU seconds are those of the whole process; on an idle machine with two cores, twice the audio seconds per CPU second is
the upper bound for threads. Bytes read from disk, not from the page cache, are reported too, since they may be the
bottleneck.
"""

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    maker = commands.add_parser("make")
    maker.add_argument("csv", type=Path)
    maker.add_argument("folder", type=Path)
    maker.add_argument("--clips", type=int, default=50_000)
    maker.add_argument("--kind", default="flac")
    maker.add_argument("--shard-mb", type=int, default=128)
    runner = commands.add_parser("run")
    runner.add_argument("folder", type=Path)
    runner.add_argument("--cores", type=int, default=2)
    runner.add_argument("--batch-size", type=int, default=64)
    runner.add_argument("--epoch", type=int, default=1)
    runner.add_argument("--seconds", type=float, default=1e9, help="stop after this time")
    runner.add_argument("--feature-cache", default="", help="cache features here, to read them in a second run")
    arguments = parser.parse_args()
    make(arguments) if arguments.command == "make" else run(arguments)


def make(arguments: argparse.Namespace) -> None:
    from deepspeech.datasets.sample import Sample
    from deepspeech.datasets.samples import read_samples
    from deepspeech.datasets.shards.writer import ShardOptions, write_shards

    samples = read_samples(arguments.csv)
    with tempfile.TemporaryDirectory(dir=arguments.folder.parent) as folder:
        clips = [
            Sample(str(path), path, text, path.stat().st_size)
            for path, text in varied(samples, Path(folder), arguments)
        ]
        written = write_shards(clips, arguments.folder, ShardOptions(arguments.shard_mb), os.cpu_count() or 1)
    size = sum(path.stat().st_size for path in arguments.folder.iterdir())
    print(f"{written.clips} clips, {written.seconds:.0f} s, {written.shards} shards, {size / 1e9:.2f} GB")


def varied(samples, folder: Path, arguments: argparse.Namespace) -> Iterator[tuple[Path, str]]:
    from deepspeech.audio.encode import encode
    from deepspeech.audio.formats import read_audio
    from deepspeech.progress import Progress

    sounds = [read_audio(sample.audio) for sample in samples]
    random = np.random.default_rng(1)
    for number in Progress(arguments.clips, "making clips", "clips").over(range(arguments.clips)):
        (sound, rate_hz), text = sounds[number % len(sounds)], samples[number % len(sounds)].transcript
        changed = np.roll(sound, int(random.integers(rate_hz // 20))) * np.float32(random.uniform(0.7, 1.0))
        path = folder / f"{number:06d}.{arguments.kind}"
        path.write_bytes(encode(changed, rate_hz, arguments.kind))
        yield path, text


def run(arguments: argparse.Namespace) -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.cores])

    import torch

    from deepspeech.datasets.clips import ClipCache
    from deepspeech.datasets.config import DataConfig
    from deepspeech.datasets.feature_cache import open_feature_cache
    from deepspeech.datasets.pipeline import Pipeline
    from deepspeech.datasets.sampler import batches
    from deepspeech.datasets.samples import read_samples
    from deepspeech.datasets.shards.check import examine_shards
    from deepspeech.datasets.shards.order import epoch_plan
    from deepspeech.features.config import MfccConfig
    from deepspeech.features.mfcc import Mfcc
    from deepspeech.text.tokens import ENGLISH
    from deepspeech.training.loader import load, refuse

    torch.set_num_threads(1)
    features, epoch = MfccConfig(), arguments.epoch
    started = time.perf_counter()
    samples, faults = examine_shards(read_samples(arguments.folder), ENGLISH, features, str(arguments.folder))
    opened_s = time.perf_counter() - started
    plan = epoch_plan(
        samples,
        DataConfig(),
        1,
        epoch,
        lambda lengths, seed: batches(lengths, arguments.batch_size, "shuffled", seed, epoch),
    )
    planned_s = time.perf_counter() - started - opened_s
    print(f"{len(samples)} clips opened and checked in {opened_s:.2f} s, planned in {planned_s:.2f} s")
    assert not faults
    kept = open_feature_cache(arguments.feature_cache, features, (), print)
    pipeline = Pipeline(Mfcc(features), ENGLISH, ClipCache(0), feature_cache=kept)
    groups = ([samples[i] for i in group] for group in plan)
    disk_blocks = resource.getrusage(resource.RUSAGE_SELF).ru_inblock
    seconds, clips, started, cpu = 0.0, 0, time.perf_counter(), time.process_time()
    for group, _ in load(groups, pipeline, epoch, arguments.cores, torch.device("cpu"), refuse):
        seconds, clips = seconds + sum(sample.duration_s or 0.0 for sample in group), clips + len(group)
        if time.perf_counter() - started > arguments.seconds:
            break
    wall_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    print(f"{clips} clips, {seconds:.0f} s of audio, in {wall_s:.1f} s on {arguments.cores} core(s)")
    disk_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_inblock - disk_blocks) * 512 / 1e6
    print(f"{seconds / wall_s:.0f} audio seconds per second; {disk_mb:.0f} MB from disk")
    print(f"{seconds / cpu_s:.0f} audio seconds per CPU second ({cpu_s:.1f}); load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
