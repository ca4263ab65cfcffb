"""Throughput of language model estimation in words per second, with peak memory and disk use.

    python benchmarks/language_model.py [--words 10000000] [--order 5] [--memory 2000] [--prune 0 0 1] [TEXT]

Without TEXT, a synthetic one is generated: words with Zipfian frequencies, in phrases that partly recur, so that
n-grams of all orders repeat. The number of distinct n-grams is printed, to compare with your own text.
"""

import argparse
import multiprocessing
import os
import resource
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from deepspeech.lm.arpa import write_arpa
from deepspeech.lm.estimate import EstimateOptions, estimate
from deepspeech.lm.store import MEGABYTE

SYLLABLES = [consonant + vowel for consonant in "bcdfghjklmnpqrstvwyz" for vowel in "aeiou"]
WORDS, PHRASES, LONGEST_PHRASE = 300_000, 2_000_000, 6
PHRASES_AT_ONCE = 200_000


def made_up(path: Path, words: int, seed: int = 1) -> int:
    """Write about `words` words to `path`; returns how many."""
    draw = np.random.default_rng(seed)
    lexicon = spelled(WORDS)
    word = zipf(draw, WORDS, 1.05)
    lengths = draw.integers(1, LONGEST_PHRASE + 1, PHRASES)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    content = word(starts[-1])
    phrase = zipf(draw, PHRASES, 0.8)
    written = 0
    with path.open("w", encoding="utf-8") as file:
        while written < words:
            some = phrase(PHRASES_AT_ONCE)
            size = lengths[some]
            within = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
            numbers = content[np.repeat(starts[some], size) + within]
            ends = draw.random(len(numbers)) < 1 / 20
            file.write("".join(lexicon[2 * numbers + ends]))
            written += len(numbers)
        file.write("\n")
    return written


def zipf(draw: np.random.Generator, size: int, exponent: float):
    """Zipfian draws from 0 … size - 1; 0 is the most frequent."""
    weights = np.cumsum(1 / np.arange(3, size + 3) ** exponent)
    weights /= weights[-1]
    return lambda count: np.minimum(np.searchsorted(weights, draw.random(count)), size - 1)


def spelled(words: int) -> np.ndarray:
    """Distinct words, frequent ones short: each followed by a space, and each followed by a line end."""
    spelling = []
    for number in range(words):
        word = ""
        while number >= 0:
            number, syllable = divmod(number, len(SYLLABLES))
            word += SYLLABLES[syllable]
            number -= 1
        spelling += [word + " ", word + "\n"]
    return np.array(spelling, dtype=object)


class Watch:
    """Peak disk use of a folder, polled ten times per second."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.most_bytes = folder, 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._done.wait(0.1):
            size = 0
            for folder, _, names in os.walk(self.folder):
                for name in names:
                    try:
                        size += os.stat(Path(folder) / name).st_blocks * 512
                    except OSError:
                        continue  # deleted meanwhile
            self.most_bytes = max(self.most_bytes, size)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()


def cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("text", nargs="?", type=Path)
    parser.add_argument("--words", type=int, default=10_000_000)
    parser.add_argument("--order", type=int, default=5)
    parser.add_argument("--memory", type=int, default=2000, help="limit memory to this many MB")
    parser.add_argument("--prune", type=int, nargs="*", default=[])
    parser.add_argument("--no-arpa", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = arguments.text or folder / "text"
        if not arguments.text:
            # In its own process, whose memory is not counted below.
            maker = multiprocessing.Process(target=made_up, args=(text, arguments.words))
            maker.start()
            maker.join()
        spill = folder / "spill"
        spill.mkdir()
        words = sum(len(line.split()) for line in text.open("rb"))
        print(f"{words} words, {text.stat().st_size / 1e6:.0f} MB, memory {arguments.memory} MB")
        options = EstimateOptions(
            order=arguments.order,
            prune=tuple(arguments.prune),
            memory_bytes=arguments.memory * MEGABYTE,
            temporary=spill,
        )
        before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        wall, cpu = time.perf_counter(), cpu_s()

        def told(what: str) -> None:
            wall_s, busy_s = time.perf_counter() - wall, cpu_s() - cpu
            print(f"{what}: {wall_s:.1f} s ({words / wall_s:.0f} words/s), {busy_s:.1f} s of CPU time")

        with Watch(spill) as watch, estimate([text], options) as ngrams:
            told("estimated")
            if not arguments.no_arpa:
                write_arpa(ngrams, folder / "model.arpa")
                told("and written as ARPA")
            print(*ngrams.report, sep="\n")
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        print(f"peak memory {peak_mb:.0f} MB ({before_mb:.0f} MB before), peak disk {watch.most_bytes / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
