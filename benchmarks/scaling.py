"""Estimated scaling to several GPUs: compute time of a step, then the all-reduce over the slowest link.

    python benchmarks/scaling.py
    python benchmarks/scaling.py --step-ms 70 --network-gbit 400 --gpus 8 64 512

A calculation; nothing is run. The gradient's size is counted from the network; a step's time is `--step-ms` if it was
measured, else operations over the GPU's rate (data sheet) times an assumed utilization. docs/many-machines.md explains
each figure.
"""

import argparse
import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Cluster:
    """GPUs in machines; rates in bytes per second, one way."""

    gpus_a_machine: int
    inside_bytes_s: float  # within a machine, per GPU
    between_bytes_s: float  # between machines, per machine
    hop_s: float  # latency of one message between machines


def parameters(hidden: int, classes: int, window: int = 19 * 26) -> int:
    """Number of parameters: layers 1 to 3, LSTM with two biases, layers 5 and 6."""
    dense = window * hidden + hidden + 3 * (hidden * hidden + hidden)
    lstm = 4 * (2 * hidden * hidden + 2 * hidden)
    return dense + lstm + hidden * classes + classes


def exchange_s(gradient_bytes: float, gpus: int, cluster: Cluster) -> float:
    """An all-reduce: 2 (n - 1) / n of the data pass each link (Patarasu & Yuan 2009), and two trees of messages."""
    if gpus == 1:
        return 0.0
    moved = 2 * (gpus - 1) / gpus * gradient_bytes
    machines = math.ceil(gpus / cluster.gpus_a_machine)
    if machines == 1:
        return moved / cluster.inside_bytes_s
    slowest = min(cluster.inside_bytes_s, cluster.between_bytes_s)
    return moved / slowest + 2 * math.ceil(math.log2(machines)) * cluster.hop_s


def step_s(weights: int, audio_s: float, tflops: float, reached: float) -> float:
    """Forward and backward: 6 operations per weight and frame, 50 frames per second."""
    return 6 * weights * 50 * audio_s / (tflops * 1e12 * reached)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hidden", type=int, default=2048)
    parser.add_argument("--classes", type=int, default=29)
    parser.add_argument("--clips", type=int, default=64, help="assume this many clips per step and GPU")
    parser.add_argument("--clip-s", type=float, default=5.0, help="assume this mean length, including padding")
    parser.add_argument("--step-ms", type=float, help="use this measured time of a step on one GPU")
    parser.add_argument("--tflops", type=float, default=989.0, help="set the GPU's 16-bit rate (H100 SXM: 989)")
    parser.add_argument("--reached", type=float, default=0.15, help="assume this utilization of it")
    parser.add_argument(
        "--inside-gbyte", type=float, default=450.0, help="set one-way GB/s within a machine (NVLink 4: 450)"
    )
    parser.add_argument("--network-gbit", type=float, default=100.0, help="set Gbit/s of a machine's network")
    parser.add_argument("--wire", type=float, default=0.8, help="assume this utilization of both rates")
    parser.add_argument("--hop-us", type=float, default=20.0, help="assume this latency of a message between machines")
    parser.add_argument("--gpus-a-machine", type=int, default=8)
    parser.add_argument("--gpus", type=int, nargs="+", default=[1, 8, 64, 512])
    a = parser.parse_args()

    weights = parameters(a.hidden, a.classes)
    gradient_bytes = 4 * weights
    cluster = Cluster(
        a.gpus_a_machine, a.inside_gbyte * 1e9 * a.wire, a.network_gbit / 8 * 1e9 * a.wire, a.hop_us / 1e6
    )
    audio_s = a.clips * a.clip_s
    alone_s = a.step_ms / 1e3 if a.step_ms else step_s(weights, audio_s, a.tflops, a.reached)
    print(f"{weights:,} weights, {gradient_bytes / 1e6:.1f} MB of gradients in float32")
    print(f"step of {a.clips} clips of {a.clip_s:g} s on one GPU: {1e3 * alone_s:.1f} ms", end=" ")
    print("(measured)" if a.step_ms else f"({a.tflops:g} TFLOP/s, assumed utilization {100 * a.reached:g} %)")
    print()
    print("| GPUs | clips per step | all-reduce | step | hours of audio per hour | efficiency |")
    print("|---|---|---|---|---|---|")
    for gpus in a.gpus:
        exchange = exchange_s(gradient_bytes, gpus, cluster)
        whole = alone_s + exchange
        print(
            f"| {gpus} | {gpus * a.clips} | {1e3 * exchange:.1f} ms | {1e3 * whole:.1f} ms | "
            f"{gpus * audio_s / whole:,.0f} | {100 * alone_s / whole:.0f} % |"
        )


if __name__ == "__main__":
    main()
