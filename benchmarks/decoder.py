"""CPU time and accuracy of the beam search, pruned and not, beside ds_ctcdecoder 0.9.3 and pyctcdecode if installed.

    python benchmarks/decoder.py [--old-python OLD/bin/python] [--pyctcdecode-python OTHER/bin/python]
        [--beam 500] [--scorer FILE --arpa FILE] [CLIP.npy … | --model MODEL.onnx --data DEV.csv]

In: class probabilities [frames, 29] of clips (English alphabet, 20 ms per frame), or a model and a data set; synthetic
ones by default. The old decoder is ds_ctcdecoder 0.9.3 in its own environment (Python 3.9, numpy<1.24); pyctcdecode
needs kenlm there, and the scorer's language model as ARPA. Out: for each search the milliseconds of CPU time per second
of audio, the median over clips of its ratio to the search without pruning with the lowest and the highest, how many
texts differ from that, and the WER if known. All alternate on the same core, after a warm-up.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepspeech.datasets.samples import read_samples
from deepspeech.decoder.beam import decode, greedy
from deepspeech.decoder.emission import Emission
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.scorer import Scorer
from deepspeech.evaluation.model_file import open_model_file
from deepspeech.evaluation.score import Scores, score
from deepspeech.text.tokens import ENGLISH

FRAME_S = 0.02
Timed = tuple[float, str]  # CPU seconds, text
Search = Callable[[Path], Timed]


class Clip(NamedTuple):
    path: Path  # of an array of probabilities
    transcript: str | None = None


def emitted(model: Path, data: Path, folder: Path) -> list[Clip]:
    """A model's output for each clip of a data set. Models of other alphabets or frame lengths are refused."""
    opened, samples = open_model_file(model), read_samples(data)
    if opened.tokens != ENGLISH:
        raise SystemExit(f"{model}: the benchmark is for the English alphabet")
    clips = []
    for item in opened.emit(samples):
        clips.append(Clip(folder / f"{len(clips)}.npy", item.sample.transcript))
        np.save(clips[-1].path, item.emission.probabilities_TV)
    return clips


def made_up(folder: Path) -> list[Clip]:
    """Ten seconds each of a sure, an unsure and a lost network: random characters every fourth frame, with noise."""
    clips = []
    for name, noise in (("sure", 1.0), ("unsure", 2.5), ("lost", 5.0)):
        random = np.random.default_rng(1)
        scores = random.normal(size=(500, ENGLISH.classes)) * noise
        scores[:, ENGLISH.blank] += 8
        letters = random.integers(0, ENGLISH.blank, size=125)
        scores[np.arange(0, 500, 4), letters] += 16
        exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
        clips.append(Clip(folder / f"{name}.npy"))
        np.save(clips[-1].path, (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(np.float32))
    return clips


class OtherDecoder:
    """Another decoder in a child process of another Python, pinned to our core: `old_decoder.py` and the like."""

    def __init__(self, python: str, worker: str, folder: Path, settings: Mapping[str, object]) -> None:
        alphabet = folder / "alphabet.txt"
        alphabet.write_text(ENGLISH.to_text())
        self._settings = settings
        self._child = subprocess.Popen(
            [python, str(Path(__file__).with_name(worker)), str(alphabet)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._questions, self._answers = self._child.stdin, self._child.stdout

    def __call__(self, clip: Path) -> Timed:
        print(json.dumps({"probabilities": str(clip), **self._settings}), file=self._questions, flush=True)
        answer = json.loads(self._answers.readline())
        return answer["cpu_s"], answer["text"]


def ours(options: DecodeOptions, scorer: Scorer | None) -> Search:
    def run(clip: Path) -> Timed:
        probabilities: NDArray[np.float32] = np.load(clip)
        start = time.process_time()
        text = decode(Emission(probabilities, FRAME_S), ENGLISH, options, scorer=scorer)[0].text
        return time.process_time() - start, text

    return run


def greedily(clip: Path) -> Timed:
    emission = Emission(np.load(clip), FRAME_S)
    start = time.process_time()
    text = greedy(emission, ENGLISH).text
    return time.process_time() - start, text


def compare(clips: Sequence[Clip], searches: Mapping[str, Search], rounds: int) -> None:
    """Print a line for each search; the first is what the others are compared with."""
    found: dict[str, list[Timed]] = {name: [] for name in searches}
    for clip in clips:
        results = [{name: search(clip.path) for name, search in searches.items()} for _ in range(rounds + 1)][1:]
        for name, timed in found.items():
            timed.append((median(result[name][0] for result in results), results[0][name][1]))
    audio_s = sum(len(np.load(clip.path, mmap_mode="r")) for clip in clips) * FRAME_S
    first = next(iter(found.values()))
    print(f"{len(clips)} clips, {audio_s:.1f} s of audio")
    for name, timed in found.items():
        ratios = [own[0] / cpu_s for own, (cpu_s, _) in zip(first, timed, strict=True)]
        others = sum(own[1] != text for own, (_, text) in zip(first, timed, strict=True))
        line = f"{name:28} {1000 * sum(cpu_s for cpu_s, _ in timed) / audio_s:8.3f} ms/s"
        line += (
            f"   {median(ratios):6.2f} times as fast ({min(ratios):.2f} to {max(ratios):.2f})   {others:3} other texts"
        )
        if clips[0].transcript is not None:
            pairs = zip(clips, timed, strict=True)
            line += (
                f"   WER {Scores(tuple(score('', clip.transcript or '', text) for clip, (_, text) in pairs)).wer:.2%}"
            )
        print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="*", type=Path)
    parser.add_argument("--model", type=Path, help="search this model's output for the clips of --data")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--old-python", help="compare with this Python 3.9, which has ds_ctcdecoder 0.9.3")
    parser.add_argument("--pyctcdecode-python", help="compare with this Python, which has pyctcdecode and kenlm")
    parser.add_argument("--beam", type=int, default=500)
    parser.add_argument("--scorer", type=Path)
    parser.add_argument("--arpa", type=Path, help="the scorer's language model, for pyctcdecode")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--core", type=int, default=0)
    given = parser.parse_args()
    os.sched_setaffinity(0, {given.core})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scorer = Scorer.open(given.scorer) if given.scorer else None
        clips = emitted(given.model, given.data, folder) if given.model else [Clip(clip) for clip in given.clips]
        compare(clips or made_up(folder), searches(given, scorer, folder), given.rounds)


def searches(given: argparse.Namespace, scorer: Scorer | None, folder: Path) -> dict[str, Search]:
    weights = {"alpha": scorer and scorer.alpha, "beta": scorer and scorer.beta}
    settings = {"beam_width": given.beam, "scorer": scorer and str(scorer.path), **weights}
    found: dict[str, Search] = {
        f"beam {given.beam}, no pruning": ours(
            DecodeOptions(given.beam, beam_threshold=0.0, token_min_logp=0.0), scorer
        )
    }
    for beam in sorted({given.beam, 100, 16, 8, 4}, reverse=True):
        found[f"beam {beam}"] = ours(DecodeOptions(beam), scorer)
    found["greedy, no scorer"] = greedily
    if given.old_python:
        found["ds_ctcdecoder 0.9.3"] = OtherDecoder(given.old_python, "old_decoder.py", folder, settings)
    if given.pyctcdecode_python:
        arpa = {"scorer": given.arpa and str(given.arpa)}
        for beam in sorted({given.beam, 100}, reverse=True):
            other = settings | arpa | {"beam_width": beam}
            found[f"pyctcdecode, beam {beam}"] = OtherDecoder(
                given.pyctcdecode_python, "pyctcdecode_decoder.py", folder, other
            )
    return found


if __name__ == "__main__":
    main()
