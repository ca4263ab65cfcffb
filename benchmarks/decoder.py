"""CPU time of the beam search, and its ratio to ds_ctcdecoder 0.9.3 if that is installed.

    python benchmarks/decoder.py [--old-python OLD/bin/python] [--beam 500] [--scorer FILE] [CLIP.npy …]

In: class probabilities [frames, 29] of clips (English alphabet, 20 ms per frame); synthetic ones by default. The old
decoder is ds_ctcdecoder 0.9.3 in its own environment (Python 3.9, numpy<1.24). Out: for each clip the median
milliseconds of CPU time per second of audio, and the median ratio. Both alternate on the same core, after a warm-up.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from deepspeech.decoder.beam import decode
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.scorer import Scorer
from deepspeech.text.tokens import ENGLISH

FRAME_S = 0.02
Timed = tuple[float, str]  # CPU seconds, text


def made_up(folder: Path) -> list[Path]:
    """Ten seconds each of a sure, an unsure and a lost network: random characters every fourth frame, with noise."""
    paths = []
    for name, noise in (("sure", 1.0), ("unsure", 2.5), ("lost", 5.0)):
        random = np.random.default_rng(1)
        scores = random.normal(size=(500, ENGLISH.classes)) * noise
        scores[:, ENGLISH.blank] += 8
        letters = random.integers(0, ENGLISH.blank, size=125)
        scores[np.arange(0, 500, 4), letters] += 16
        exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
        paths.append(folder / f"{name}.npy")
        np.save(paths[-1], (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(np.float32))
    return paths


class OldDecoder:
    """ds_ctcdecoder in a child process, pinned to our core."""

    def __init__(self, python: str, folder: Path, settings: Mapping[str, object]) -> None:
        alphabet = folder / "alphabet.txt"
        alphabet.write_text(ENGLISH.to_text())
        worker = Path(__file__).with_name("old_decoder.py")
        self._settings = settings
        self._child = subprocess.Popen(
            [python, str(worker), str(alphabet)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._questions, self._answers = self._child.stdin, self._child.stdout

    def __call__(self, clip: Path) -> Timed:
        print(json.dumps({"probabilities": str(clip), **self._settings}), file=self._questions, flush=True)
        answer = json.loads(self._answers.readline())
        return answer["cpu_s"], answer["text"]

    def close(self) -> None:
        self._child.communicate()


def ours(options: DecodeOptions, scorer: Scorer | None) -> Callable[[Path], Timed]:
    def run(clip: Path) -> Timed:
        probabilities: NDArray[np.float32] = np.load(clip)
        start = time.process_time()
        text = decode(Emission(probabilities, FRAME_S), ENGLISH, options, scorer=scorer)[0].text
        return time.process_time() - start, text

    return run


def compare(clip: Path, new: Callable[[Path], Timed], old: Callable[[Path], Timed] | None, pairs: int) -> float:
    """Print a line for one clip; returns its median ratio."""
    new(clip), old(clip) if old else None
    times = [(new(clip), old(clip) if old else new(clip)) for _ in range(pairs)]
    sound_s = len(np.load(clip, mmap_mode="r")) * FRAME_S
    new_ms = median(a[0] for a, _ in times) / sound_s * 1000
    line = f"{clip.stem:24} {sound_s:6.1f} s {new_ms:9.2f} ms/s"
    ratio = median(b[0] / a[0] for a, b in times)
    if old:
        old_ms = median(b[0] for _, b in times) / sound_s * 1000
        same = "same text" if times[0][0][1] == times[0][1][1] else "OTHER TEXT"
        line += f"   old {old_ms:9.2f} ms/s   ratio {ratio:7.1f}   {same}"
    print(line, flush=True)
    return ratio


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="*", type=Path)
    parser.add_argument("--old-python", help="compare with this Python 3.9, which has ds_ctcdecoder 0.9.3")
    parser.add_argument("--beam", type=int, default=500)
    parser.add_argument("--scorer", type=Path)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--core", type=int, default=0)
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {arguments.core})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scorer = Scorer.open(arguments.scorer) if arguments.scorer else None
        settings = {
            "beam_width": arguments.beam,
            "scorer": scorer and str(scorer.path),
            "alpha": scorer and scorer.alpha,
            "beta": scorer and scorer.beta,
        }
        old = OldDecoder(arguments.old_python, folder, settings) if arguments.old_python else None
        new = ours(DecodeOptions(beam_width=arguments.beam), scorer)
        clips = arguments.clips or made_up(folder)
        ratios = [compare(clip, new, old, arguments.pairs) for clip in clips]
        if old:
            old.close()
            print(f"median ratio over {len(clips)} clips at beam {arguments.beam}: {median(ratios):.1f}")


if __name__ == "__main__":
    main()
