"""Throughput of `deepspeech data check` in clips per second: headers only, and with --listen.

    python benchmarks/data_check.py [--clips 20000] [--listen]

Writes distinct wav files of 2 seconds (64 kB) to a temporary folder, and a CSV of them. They are in the page cache, so
the disk is not measured.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from deepspeech.audio.formats import write_wav
from deepspeech.datasets.formats.csv_files import write_csv
from deepspeech.datasets.sample import Sample
from deepspeech.datasets.survey.page import page
from deepspeech.datasets.survey.survey import SurveyOptions, open_sets, survey
from deepspeech.text.tokens import ENGLISH

RATE_HZ = 16000
DURATION_S = 2.0


def make(folder: Path, clips: int) -> Path:
    """A CSV of `clips` recordings of random lengths."""
    random = np.random.default_rng(1)
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    noise = (0.1 * random.standard_normal(2 * int(DURATION_S * RATE_HZ))).astype(np.float32)
    samples = []
    for number in range(clips):
        path = folder / f"{number:06d}.wav"
        first, count = random.integers(1, RATE_HZ), int(DURATION_S * RATE_HZ) - int(random.integers(RATE_HZ // 2))
        write_wav(path, noise[first : first + count], RATE_HZ)
        said = " ".join(random.choice(words, 4))
        samples.append(Sample(str(path), path, said, path.stat().st_size))
    write_csv(folder / "data.csv", samples)
    return folder / "data.csv"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=20000)
    parser.add_argument("--listen", action="store_true", help="measure --listen too")
    arguments = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as temporary:
        path = make(Path(temporary), arguments.clips)
        for listen in (False, True) if arguments.listen else (False,):
            wall_s, cpu_s = time.perf_counter(), time.process_time()
            found = survey(open_sets([path]), ENGLISH, options=SurveyOptions(listen=listen, workers=cores))
            page(found, 5)
            wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
            print(
                f"data check{' --listen' * listen}: {arguments.clips / wall_s:,.0f} clips a second, "
                f"{1000 * cpu_s / arguments.clips:.2f} ms of processor a clip ({cores} cores)"
            )


if __name__ == "__main__":
    main()
