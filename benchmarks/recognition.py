"""Recognition compared with the old client: streaming, batches, memory, time to the first transcript.

    python benchmarks/recognition.py MODEL.onnx SOUND… [--old-python PYTHON --old-model MODEL.tflite] [--beam 500]

SOUND are recordings or folders of them. The old client is deepspeech-tflite 0.9.3 in its own environment (Python
3.9, numpy<1.24), the old model the file that MODEL.onnx was converted from. Both get the same clips as 16-bit wav
files at 16 kHz, the same beam width and the same cores, alternating; ratios are medians over the turns. Throughput is
in CPU time, which tolerates other load; latencies are wall time and need an idle machine. `--random WIDTH` first writes
MODEL.onnx: an untrained int8 network of this hidden size with 28 characters, as fast as a trained one.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from deepspeech.audio.formats import read_audio, write_wav
from deepspeech.audio.resample import resample
from deepspeech.runtime import onnx_runtime  # noqa: F401  # switches telemetry off; must be imported first
from deepspeech.runtime.jobs import find

HERE = Path(__file__).parent
RATE_HZ = 16000


class Side:
    """One of the two recognizers, in a child process pinned to the given cores."""

    def __init__(self, command: Sequence[str], cores: Sequence[int]) -> None:
        ours = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cores)  # inherited by children and all their threads
        try:
            self._child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
        finally:
            os.sched_setaffinity(0, ours)

    def ask(self, task: str, clips: Sequence[Path] = (), cores: int = 1) -> dict[str, Any]:
        assert self._child.stdin
        assert self._child.stdout
        question = {"task": task, "clips": [str(clip) for clip in clips], "cores": cores}
        print(json.dumps(question), file=self._child.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self._child.stdout.readline())
        return answer

    def close(self) -> None:
        self._child.communicate()


class Bench:
    """The comparisons, and the printing of their ratios."""

    def __init__(self, commands: dict[str, list[str]], clips: Sequence[Path]) -> None:
        self._commands, self._clips = commands, clips
        self._lengths = {clip: len(read_audio(clip)[0]) / RATE_HZ for clip in clips}

    def streaming(self, turns: int) -> None:
        """Feeds of 20 ms on one core."""
        clips = self._long(turns)
        sides = {name: Side(command, [0]) for name, command in self._commands.items()}
        for side in sides.values():
            side.ask("stream", clips[:1])
        answers: dict[str, list[dict[str, Any]]] = {name: [] for name in sides}
        for clip in clips:
            for name, side in sides.items():
                answers[name].append(side.ask("stream", [clip]))
        seconds = [len(read_audio(clip)[0]) / RATE_HZ for clip in clips]
        self._print("streaming, CPU seconds per second of audio", {
            name: [a["cpu_s"] / s for a, s in zip(found, seconds, strict=True)] for name, found in answers.items()
        })  # fmt: skip
        for kind, unit in ((0, "wall"), (1, "CPU")):
            self._print(f"streaming, 95th percentile of 20-ms feeds ({unit}), ms", {
                name: [float(np.percentile([f[kind] for f in a["feeds_ms"]], 95)) for a in found]
                for name, found in answers.items()
            })  # fmt: skip
        self._same([[a["text"] for a in found] for found in answers.values()])
        peaks = {name: [side.ask("memory")["peak_mb"]] for name, side in sides.items()}
        self._print("peak memory of that process, MB", peaks)
        for side in sides.values():
            side.close()

    def folder(self, turns: int, cores: int) -> None:
        """All clips in one batch job."""
        sides = {name: Side(command, range(cores)) for name, command in self._commands.items()}
        seconds = sum(self._lengths.values())
        answers: dict[str, list[dict[str, Any]]] = {name: [] for name in sides}
        for side in sides.values():
            side.ask("folder", self._clips[:2], cores)
        for _ in range(turns):
            for name, side in sides.items():
                answers[name].append(side.ask("folder", self._clips, cores))
        for key, unit in (("cpu_s", "CPU"), ("wall_s", "wall")):
            self._print(f"folder of {len(self._clips)}, {cores} cores, {unit} seconds per second of audio", {
                name: [a[key] / seconds for a in found] for name, found in answers.items()
            })  # fmt: skip
        self._same([found[0]["texts"] for found in answers.values()])
        self._print("peak memory of that process, MB", {n: [s.ask("memory")["peak_mb"]] for n, s in sides.items()})
        for side in sides.values():
            side.close()

    def first(self, turns: int) -> None:
        """Time from process start to the first transcript, with a warm page cache."""
        times: dict[str, list[float]] = {name: [] for name in self._commands}
        for turn in range(turns + 1):
            for name, command in self._commands.items():
                started = time.perf_counter()
                subprocess.run([*command, str(self._clips[0])], check=True, capture_output=True)
                if turn:
                    times[name].append(time.perf_counter() - started)
        self._print(f"start to first transcript ({self._lengths[self._clips[0]]:.1f} s of audio), s", times)

    def _long(self, count: int) -> list[Path]:
        """Recordings of at least ten seconds, concatenated from clips: enough feeds for a percentile."""
        sounds, paths = [read_audio(clip)[0] for clip in self._clips], []
        while len(paths) < count and sounds:
            parts = []
            while sounds and sum(map(len, parts)) < 10 * RATE_HZ:
                parts.append(sounds.pop(0))
            paths.append(self._clips[0].with_name(f"long{len(paths)}.wav"))
            write_wav(paths[-1], np.concatenate(parts), RATE_HZ)
        return paths

    def _print(self, what: str, found: dict[str, list[float]]) -> None:
        line = f"{what}: ours {median(found['new']):.4g}"
        if "old" in found:
            ratios = [old / new for old, new in zip(found["old"], found["new"], strict=True)]
            spread = f" ({min(ratios):.2f} to {max(ratios):.2f})" if len(ratios) > 1 else ""
            line += f", old {median(found['old']):.4g}, old / ours {median(ratios):.2f}{spread}"
        print(line, flush=True)

    def _same(self, texts: list[list[str]]) -> None:
        if len(texts) == 2:
            print(f"  identical transcripts: {sum(a == b for a, b in zip(*texts, strict=True))} of {len(texts[0])}")


def make_random(path: Path, hidden: int) -> None:
    """Write an untrained int8 model of this hidden size."""
    import onnx

    from deepspeech.acoustic.deepspeech.config import DeepSpeechConfig
    from deepspeech.acoustic.deepspeech.graph import build, quantize
    from deepspeech.acoustic.deepspeech.network import DeepSpeech
    from deepspeech.features.config import MfccConfig
    from deepspeech.modelfile.card import ModelCard
    from deepspeech.modelfile.graph import write_card
    from deepspeech.text.tokens import ENGLISH

    shape, made_with = DeepSpeechConfig(hidden=hidden), "benchmarks/recognition.py"
    card = ModelCard(ENGLISH, MfccConfig(), shape.described(), shape.chunk, precision="int8", made_with=made_with)
    network = DeepSpeech(shape, card.features.coefficients, ENGLISH.classes)
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    model = build(quantize(weights), shape, card)
    write_card(model, card)
    onnx.save(model, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("sound", nargs="+")
    parser.add_argument("--old-python", help="compare with this Python 3.9, which has deepspeech-tflite 0.9.3")
    parser.add_argument("--old-model", type=Path)
    parser.add_argument("--beam", type=int, default=500)
    parser.add_argument("--clips", type=int, default=200, help="transcribe this many clips as a folder")
    parser.add_argument("--turns", type=int, default=10, help="stream this many recordings of ten seconds with both")
    parser.add_argument("--folder-turns", type=int, default=1)
    parser.add_argument("--cores", type=int, default=2, help="use this many cores for the folder")
    parser.add_argument("--random", type=int, help="first write MODEL, an untrained network of this hidden size")
    parser.add_argument("--only", choices=("streaming", "folder", "first"))
    given = parser.parse_args()
    if given.random:
        make_random(given.model, given.random)
    commands = {"new": [sys.executable, str(HERE / "new_recognizer.py"), str(given.model), str(given.beam)]}
    if given.old_python:
        commands["old"] = [given.old_python, str(HERE / "old_recognizer.py"), str(given.old_model), str(given.beam)]
    with tempfile.TemporaryDirectory() as name:
        clips = []
        for number, job in enumerate(find(given.sound)[: given.clips]):
            samples, rate_hz = read_audio(job.audio)
            clips.append(Path(name) / f"{number:05}.wav")
            write_wav(clips[-1], resample(samples, rate_hz, RATE_HZ), RATE_HZ)
        bench = Bench(commands, clips)
        if given.only in (None, "streaming"):
            bench.streaming(given.turns)
        if given.only in (None, "folder"):
            bench.folder(given.folder_turns, given.cores)
        if given.only in (None, "first"):
            bench.first(3)


if __name__ == "__main__":
    main()
