"""CPU time of a step of 320 ms with each of our 8-bit kernels that this processor has, and in ONNX Runtime.

    python benchmarks/int8_kernels.py MODEL.int8.onnx [--clips 1 16] [--rounds 15] [--portable]

MODEL is an int8 export of any family; `benchmarks/recognition.py FILE --random 2048` writes one of random weights. All
alternate on one core. The portable kernel is far slower, and left out unless asked for.
"""

import argparse
import os
import time
from pathlib import Path
from statistics import median

import numpy as np

from deepspeech._native import Int8Network
from deepspeech.runtime.engines.engine import Engine
from deepspeech.runtime.engines.int8 import open_int8
from deepspeech.runtime.engines.onnx import OnnxEngine
from deepspeech.runtime.session import Session

STEP_S = 0.32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--clips", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--portable", action="store_true")
    values = parser.parse_args()
    os.sched_setaffinity(0, {0})
    card = Session(values.model, own_int8=False).card
    engines: dict[str, Engine] = {"ONNX Runtime": OnnxEngine(values.model, card, 1)}
    for name in Int8Network.kernels():
        if name != "portable" or values.portable:
            own = open_int8(values.model, card, name)
            if own is None:
                raise SystemExit(f"{values.model}: our kernels do not run it")
            engines[name] = own
    outputs = round(STEP_S / card.frame_s)
    chunk = card.chunk.sized(outputs * card.chunk.stride)
    for clips in values.clips:
        compare(engines, clips, chunk.frames, card.features.dimensions, values.rounds)


def compare(engines: dict[str, Engine], clips: int, frames: int, dimensions: int, rounds: int) -> None:
    chunk = np.random.default_rng(1).normal(size=(clips, frames, dimensions)).astype(np.float32)
    outputs = np.full(clips, frames, np.int32)
    times_ms: dict[str, list[float]] = {name: [] for name in engines}
    for turn in range(rounds + 1):
        for name, engine in engines.items():
            states, started_s = engine.start(clips), time.process_time()
            engine.step(chunk, states, outputs)
            if turn:  # the first warms up
                times_ms[name].append(1000 * (time.process_time() - started_s))
    for name, times in times_ms.items():
        print(
            f"{clips} clip(s), {name}: median {median(times):.2f} ms of CPU time, {min(times):.2f} to {max(times):.2f}"
        )


if __name__ == "__main__":
    main()
