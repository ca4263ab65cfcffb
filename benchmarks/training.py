"""Training throughput in seconds of audio per second, including data loading and features.

    python benchmarks/training.py TRAIN.csv --hidden 512 2048
    python benchmarks/training.py TRAIN.csv --hidden --kind deep_lstm conformer --two-views

Uses the training loop's loader, features and step, on one core by default, on clips in the order of training. Prints
the ratio to DeepSpeech 0.9.3's trainer (TensorFlow 1.15.4, batch size 16, AN4, one core of an AMD EPYC with AVX-512:
19.3 at hidden size 512, 0.60 at 2048), and the utilization: useful FLOP/s of the network (forward and backward, without
padding) over those of a product of large matrices in the same run.
"""

import argparse
import os
import time
from pathlib import Path

OLD = {512: 19.3, 2048: 0.60}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", type=Path)
    parser.add_argument("--hidden", type=int, nargs="*", default=[512, 2048], help="sizes of DeepSpeech's network")
    parser.add_argument("--kind", nargs="*", default=[], help="other families, of --size")
    parser.add_argument("--size", default="small")
    parser.add_argument("--two-views", action="store_true", help="train with CR-CTC; a clip's seconds count once")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--augment", nargs="*", default=[], help="apply augmentations, written as in settings")
    parser.add_argument("--seconds", type=float, default=40.0, help="measure each hidden size for this time")
    parser.add_argument("--busy", action="store_true", help="measure CPU time, for a machine with other load")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.cores])

    import torch

    torch.set_num_threads(1)
    print(f"{arguments.cores} core(s), batch {arguments.batch_size}, {arguments.precision}, torch {torch.__version__}")
    for hidden in arguments.hidden:
        names = dict.fromkeys(("float32", arguments.precision))
        limits = {name: gflops(torch, getattr(torch, name), arguments.busy) for name in names}
        rate = throughput(arguments, {"hidden": hidden})
        ratio = f", {rate / OLD[hidden]:.2f} times 0.9.3's {OLD[hidden]}" if hidden in OLD else ""
        print(f"hidden {hidden}: {rate:.2f} audio seconds per second{ratio}")
        reached = rate * operations(hidden) / 1e9
        print(f"    {operations(hidden) / 1e9:.3f} GFLOP per audio second, {reached:.1f} GFLOP/s reached")
        for name, limit in limits.items():
            share = reached / (limit * arguments.cores)
            print(f"    large matrix product in {name}: {limit:.1f} GFLOP/s per core; utilization: {100 * share:.0f} %")
    for kind in arguments.kind:
        rate = throughput(arguments, {"kind": kind, "size": arguments.size})
        print(f"{kind}, {arguments.size}: {rate:.2f} audio seconds per second{', two views' * arguments.two_views}")


def operations(hidden: int) -> float:
    """FLOP to train on a second of audio: each weight thrice per frame, layer 1's only twice (no input gradient)."""
    from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig
    from deepspeech.features.config import MfccConfig
    from deepspeech.text.tokens import ENGLISH

    features = MfccConfig()
    first = (2 * DeepSpeechConfig().context_frames + 1) * features.coefficients * hidden
    weights = 3 * hidden**2 + 8 * hidden**2 + hidden * ENGLISH.classes
    return 2 * (2 * first + 3 * weights) / features.step_s


def gflops(torch, dtype, busy: bool) -> float:
    clock = time.thread_time if busy else time.perf_counter
    a, b = torch.randn(1024, 1024).to(dtype), torch.randn(1024, 1024).to(dtype)
    torch.mm(a, b)
    best = 0.0
    for _ in range(10):
        started = clock()
        torch.mm(a, b)
        best = max(best, 2 * 1024**3 / (clock() - started) / 1e9)
    return best


def throughput(arguments: argparse.Namespace, network_settings: dict) -> float:
    """Audio seconds per wall (or CPU) second of whole steps, after two warm-up steps."""
    import torch

    from deepspeech.acoustic.contract import new_network
    from deepspeech.config import resolve
    from deepspeech.datasets.augment.spec import parse
    from deepspeech.datasets.check import examine_all
    from deepspeech.datasets.clips import ClipCache
    from deepspeech.datasets.formats.csv_files import read_csv
    from deepspeech.datasets.pipeline import Pipeline
    from deepspeech.datasets.sampler import batches
    from deepspeech.features.registry import new_front_end
    from deepspeech.text.tokens import ENGLISH
    from deepspeech.training import optim
    from deepspeech.training.loader import load, refuse
    from deepspeech.training.step import Trainer

    config = resolve({"network": network_settings, "training": {"learning_rate": 1e-4}})
    features, outputs = config.features, config.network.outputs
    samples, _ = examine_all(read_csv(arguments.csv), ENGLISH, features, str(arguments.csv), 1, outputs)
    augmentations, views = tuple(parse(text) for text in arguments.augment), arguments.two_views
    cache = ClipCache(1000 if augmentations else 0)
    pipeline = Pipeline(new_front_end(features), ENGLISH, cache, augmentations, outputs=outputs, two_views=views)
    plan = batches([s.duration_s or 0 for s in samples], arguments.batch_size, "shuffled", 1, 0) * 100
    network = new_network(config.network, features.dimensions, ENGLISH.classes).train()
    optimizer = optim.optimizer_of(network, config.training)
    inter_ctc = 0.3 if config.network.intermediate else 0.0
    trainer = Trainer(network, optimizer, 0.0, arguments.precision, arguments.cores, inter_ctc=inter_ctc)
    groups = ([samples[i] for i in group] for group in plan)
    clock = time.process_time if arguments.busy else time.perf_counter
    trained_s, started = 0.0, clock()
    loaded = load(groups, pipeline, 0, arguments.cores, torch.device("cpu"), refuse, arguments.cores)
    for number, (group, microbatches) in enumerate(loaded):
        trainer.train_step(microbatches, number, 0.2 * views)
        if number == 1:
            trained_s, started = 0.0, clock()
        elif number > 1:
            trained_s += sum(sample.duration_s or 0.0 for sample in group)
        if number > 2 and clock() - started > arguments.seconds:
            break
    return trained_s / (clock() - started)


if __name__ == "__main__":
    main()
