"""Cost of the front ends: CPU time per frame and per second of audio, on one core.

    python benchmarks/features.py [--seconds 20] [--repeats 200]

In: noise. Out: for each kind at its defaults, and for MFCC also at the window and step of the others, microseconds per
frame for whole clips and for a stream fed with chunks of 320 ms, and the speed of the former as a multiple of real
time. Measures the CPU time of this thread; kinds alternate, and the minimum of many repeats is reported.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np

from deepspeech.features.config import LogMelConfig, MfccConfig
from deepspeech.features.front_end import Float32, FrontEnd
from deepspeech.features.normalization import Normalization
from deepspeech.features.registry import new_front_end

CHUNK_MS = 320


def candidates() -> dict[str, FrontEnd]:
    log_mel, bands = LogMelConfig(), LogMelConfig().mel_bands
    return {
        "mfcc": new_front_end(MfccConfig()),
        "mfcc, 25/10 ms": new_front_end(MfccConfig(window_ms=log_mel.window_ms, step_ms=log_mel.step_ms)),
        "log_mel": new_front_end(log_mel),
        "log_mel, normalized": new_front_end(log_mel, Normalization((-8.0,) * bands, (3.0,) * bands)),
    }


def streamed(front_end: FrontEnd, samples: Float32) -> int:
    stream, size = front_end.stream(), front_end.config.sample_rate_hz * CHUNK_MS // 1000
    return sum(len(stream.feed(samples[start : start + size])) for start in range(0, len(samples), size))


def cost_us(step: Callable[[], int]) -> float:
    """Microseconds per frame; `step` returns the number of frames."""
    start_s = time.thread_time()
    frames = step()
    return 1e6 * (time.thread_time() - start_s) / frames


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=200)
    options = parser.parse_args()
    found = candidates()
    samples = np.random.default_rng(0).normal(0, 0.1, 16000 * options.seconds).astype(np.float32)
    whole, stream = dict.fromkeys(found, np.inf), dict.fromkeys(found, np.inf)
    for _ in range(options.repeats):
        for name, front_end in found.items():
            whole[name] = min(whole[name], cost_us(lambda end=front_end: len(end.whole(samples))))  # type: ignore[misc]
            stream[name] = min(stream[name], cost_us(lambda end=front_end: streamed(end, samples)))  # type: ignore[misc]
    print(f"{'':22}{'us a frame':>12}{'streamed':>12}{'x real time':>14}")
    for name, front_end in found.items():
        pace = 1e6 * front_end.step_s / whole[name]
        print(f"{name:22}{whole[name]:12.2f}{stream[name]:12.2f}{pace:14.0f}")


if __name__ == "__main__":
    main()
