"""Cost of augmentations: CPU time per second of audio, on one core.

    python benchmarks/augmentation.py [DATA.csv] [--clips 30] [--repeats 5]

In: clips of a CSV; by default AN4's dev set in ../shared, or else the demo corpus. Out: for each augmentation, at its
defaults and with probability 1, microseconds per second of audio and the speed as a multiple of real time; the same for
two chains of several augmentations, and for features, for comparison. Measures the CPU time of this thread, the minimum
of several repeats per clip, so that other load on the machine has little influence.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from deepspeech.datasets.augment.apply import augment
from deepspeech.datasets.augment.context import AugmentContext, Float32
from deepspeech.datasets.augment.sources import Sources
from deepspeech.datasets.augment.spec import KINDS, keyed_random, parse
from deepspeech.datasets.clips import ClipCache
from deepspeech.datasets.formats.csv_files import read_csv
from deepspeech.features.config import MfccConfig
from deepspeech.features.mfcc import Mfcc

ROOT = Path(__file__).resolve().parents[1]
CACHE_MB = 1000
NEEDED = {"overlay": "source=babble,"}  # required values
SIGNAL = ("overlay[source=babble]", "reverb", "volume[dbfs=-10~8]")
SPECTROGRAM = ("pitch", "tempo[factor=1~0.1]", "frequency_mask", "time_mask")
CHAINS = {
    "overlay, reverb, volume, pitch, tempo, masks": (SIGNAL, SPECTROGRAM),
    "the same with an Opus round trip": ((*SIGNAL[:2], "codec[format=opus]", SIGNAL[2]), SPECTROGRAM),
}


class Bench:
    """Clips in each domain, and the cost of processing them."""

    def __init__(self, data: Path, clips: int, repeats: int) -> None:
        self.config, self.cache, self.repeats = MfccConfig(), ClipCache(CACHE_MB), repeats
        self.extractor, self.samples = Mfcc(self.config), read_csv(data, labeled=False)[:clips]
        signals = [self.cache.read(sample, self.config.sample_rate_hz) for sample in self.samples]
        self.seconds = sum(map(len, signals)) / self.config.sample_rate_hz
        powers = [self.extractor.power(signal) for signal in signals]
        self.clips = {"signal": signals, "spectrogram": powers, "features": list(map(self.extractor.frames, powers))}

    def cost_us(self, step: Callable[[Float32, int], object], domain: str) -> float:
        """Microseconds that `step` (a clip, its number) takes per second of audio."""
        total_s = 0.0
        for number, clip in enumerate(self.clips[domain]):
            times_s = []
            for _ in range(self.repeats):
                start_s = time.thread_time()
                step(clip, number)
                times_s.append(time.thread_time() - start_s)
            total_s += min(times_s)
        return 1e6 * total_s / self.seconds

    def augmentations_us(self, texts: Sequence[str]) -> float:
        """Cost of these augmentations, all of one domain, applied in sequence."""
        entries = [parse(text) for text in texts]
        sources = Sources(entries, self.samples, self.cache, self.config.sample_rate_hz)
        context = AugmentContext(entries[0].domain, self.config.sample_rate_hz, self.config.step_ms, sources)

        def step(x: Float32, number: int) -> None:
            for place, entry in enumerate(entries):
                x = augment(x, entry, 0.5, keyed_random(number, place), context)

        return self.cost_us(step, context.domain)


def show(name: str, domain: str, cost_us: float) -> None:
    print(f"{name:46}{domain:12}{cost_us:8.0f}{1e6 / cost_us:8.0f}", flush=True)


def default_data() -> Path:
    an4 = ROOT.parent / "shared" / "data" / "an4" / "dev.csv"
    return an4 if an4.is_file() else ROOT / "data" / "demo" / "dev.csv"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", default=default_data())
    parser.add_argument("--clips", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    bench = Bench(given.data, given.clips, given.repeats)
    print(f"{len(bench.samples)} clips of {given.data}, {bench.seconds:.0f} s; minimum of {given.repeats} repeats")
    print(f"{'':58}{'µs':>8}{'times':>8}")
    show("features alone", "", bench.cost_us(lambda x, number: bench.extractor(x), "signal"))
    for name, kind in KINDS.items():
        for domain in kind.domains:
            chosen = f"domain={domain}" if len(kind.domains) > 1 else ""
            show(name, domain, bench.augmentations_us([f"{name}[{NEEDED.get(name, '')}{chosen}]"]))
    for name, parts in CHAINS.items():
        show(name, "", sum(map(bench.augmentations_us, parts)))


if __name__ == "__main__":
    main()
