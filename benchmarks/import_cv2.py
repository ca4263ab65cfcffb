"""Throughput of importing Common Voice MP3 clips, in clips per second: here, and the old way with SoX for each clip.

    python benchmarks/import_cv2.py [--clips 20000] [--voices FOLDER] [--old]

Builds a synthetic release in a temporary folder from a few recordings (data/demo by default), written as 48 kHz MP3
and linked under many names. Imports it with `deepspeech import cv2`. With --old the clips are processed as DeepSpeech
0.9.3 did: for each, SoX through the package sox, then a process `soxi -s`, one clip per core in parallel. This needs
apt-get install sox libsox-fmt-mp3 and pip install sox.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import soundfile

from deepspeech.audio.formats import read_audio
from deepspeech.audio.resample import resample
from deepspeech.corpora.recipe import Options
from deepspeech.corpora.recipes.cv2 import cv2
from deepspeech.corpora.report import lines

MP3_RATE_HZ = 48000
VOICES = 40  # distinct clips; the MP3 decoder is stateless, so more would make no difference
JOINED = 4  # recordings per clip: those of the demo last about a second, Common Voice's about five


def make(folder: Path, recordings: list[Path], count: int) -> float:
    """Write a release of `count` clips; returns their mean duration in seconds."""
    clips, total_s = folder / "clips", 0.0
    clips.mkdir(parents=True)
    groups = [recordings[first : first + JOINED] for first in range(0, len(recordings), JOINED)]
    for number, group in enumerate(groups):
        samples = np.concatenate([resample(*read_audio(recording), MP3_RATE_HZ) for recording in group])
        soundfile.write(folder / f"{number}.mp3", samples, MP3_RATE_HZ)
        total_s += len(samples) / MP3_RATE_HZ
    rows = ["client_id\tpath\tsentence"]
    for number in range(count):
        os.link(folder / f"{number % len(groups)}.mp3", clips / f"common_voice_{number}.mp3")
        rows.append(f"{number % 100}\tcommon_voice_{number}.mp3\ta sentence")
    (folder / "train.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return total_s / len(groups)


def old_clip(mp3: str) -> int:
    """Convert a clip as the old importer did, with its package; returns the number of samples."""
    import sox

    wav = mp3[:-4] + ".wav"
    transformer = sox.Transformer()
    transformer.convert(samplerate=16000, n_channels=1)
    transformer.build(mp3, wav)
    return int(subprocess.run(["soxi", "-s", wav], check=True, capture_output=True).stdout)


def old(folder: Path) -> None:
    with Pool() as pool:
        for _ in pool.imap_unordered(old_clip, [str(mp3) for mp3 in (folder / "clips").glob("*.mp3")]):
            pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=20000)
    parser.add_argument("--voices", type=Path, default=Path(__file__).resolve().parents[1] / "data" / "demo" / "clips")
    parser.add_argument("--old", action="store_true")
    parser.add_argument("--old-clips", type=int, default=1000, help="use this many clips for the (slow) old way")
    arguments = parser.parse_args()
    recordings = sorted(arguments.voices.glob("*.flac"))[: VOICES * JOINED]
    if not recordings:
        sys.exit(f"{arguments.voices}: holds no flac files")
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "new"
        mean_s = make(folder, recordings, arguments.clips)
        wall_s, cpu_s = clocks()
        report = cv2(folder, options=Options())
        new = [(now - then) / arguments.clips for now, then in zip(clocks(), (wall_s, cpu_s), strict=True)]
        print("\n".join(lines(report)[1:2]))
        print(f"{cores} cores, clips of {mean_s:.1f} s")
        print(f"deepspeech import cv2: {1 / new[0]:.0f} clips/s, {1000 * new[1]:.1f} ms of CPU time per clip")
        if arguments.old:
            if not shutil.which("sox"):
                sys.exit("the old way needs sox: apt-get install sox libsox-fmt-mp3, pip install sox")
            make(Path(temporary) / "old", recordings, arguments.old_clips)
            wall_s, cpu_s = clocks()
            old(Path(temporary) / "old")
            then = [(now - then) / arguments.old_clips for now, then in zip(clocks(), (wall_s, cpu_s), strict=True)]
            print(f"sox and soxi for each: {1 / then[0]:.0f} clips/s, {1000 * then[1]:.1f} ms of CPU time per clip")
            print(f"{then[0] / new[0]:.1f} times as fast in wall time, {then[1] / new[1]:.1f} times in CPU time")


def clocks() -> tuple[float, float]:
    """Wall time, and CPU time of this process and its finished children, in seconds."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return time.perf_counter(), sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
