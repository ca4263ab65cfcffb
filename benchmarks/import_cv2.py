"""How many MP3 clips of Common Voice a second are imported: here, and the old way, SoX for each clip.

    python benchmarks/import_cv2.py [--clips 20000] [--voices FOLDER] [--old]

Makes a release in a temporary folder from a few recordings (data/demo by default), written as 48 kHz MP3 and linked
under many names. Imports it with `deepspeech import cv2`. With --old (needs the command sox with its MP3 format) such
clips go through what DeepSpeech 0.9.3 did for each: a process `sox`, then a process `soxi -s`, as many at a time as
there are cores.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from multiprocessing import Pool
from pathlib import Path

import soundfile

from deepspeech.audio.formats import read_audio
from deepspeech.audio.resample import resample
from deepspeech.corpora.recipe import Options
from deepspeech.corpora.recipes.cv2 import cv2
from deepspeech.corpora.report import lines

MP3_RATE_HZ = 48000
VOICES = 40  # different recordings; a decoder has no memory, so that more would change nothing


def make(folder: Path, recordings: list[Path], count: int) -> float:
    """A release of `count` clips; returns how many seconds they last in the mean."""
    clips, total_s = folder / "clips", 0.0
    clips.mkdir(parents=True)
    for number, recording in enumerate(recordings):
        samples, rate_hz = read_audio(recording)
        soundfile.write(folder / f"{number}.mp3", resample(samples, rate_hz, MP3_RATE_HZ), MP3_RATE_HZ)
        total_s += len(samples) / rate_hz
    rows = ["client_id\tpath\tsentence"]
    for number in range(count):
        os.link(folder / f"{number % len(recordings)}.mp3", clips / f"common_voice_{number}.mp3")
        rows.append(f"{number % 100}\tcommon_voice_{number}.mp3\ta sentence")
    (folder / "train.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return total_s / len(recordings)


def old_clip(mp3: str) -> int:
    """What the old importer had SoX do for a clip; returns the number of samples."""
    wav = mp3[:-4] + ".wav"
    command = ["sox", "-D", "-V2", mp3, wav, "channels", "1", "rate", "-h", "16000"]
    subprocess.run(command, check=True, capture_output=True)
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
    parser.add_argument("--old-clips", type=int, default=1000, help="clips for the old way, which is slow")
    arguments = parser.parse_args()
    recordings = sorted(arguments.voices.glob("*.flac"))[::10][:VOICES]
    if not recordings:
        sys.exit(f"{arguments.voices}: holds no flac files")
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "new"
        mean_s = make(folder, recordings, arguments.clips)
        start_s = time.perf_counter()
        report = cv2(folder, options=Options())
        new_rate = arguments.clips / (time.perf_counter() - start_s)
        print("\n".join(lines(report)[1:2]))
        print(f"deepspeech import cv2: {new_rate:.0f} clips/s of {mean_s:.1f} s, {cores} cores")
        if arguments.old:
            if not shutil.which("sox"):
                sys.exit("the old way needs sox: apt-get install sox libsox-fmt-mp3")
            make(Path(temporary) / "old", recordings, arguments.old_clips)
            start_s = time.perf_counter()
            old(Path(temporary) / "old")
            old_rate = arguments.old_clips / (time.perf_counter() - start_s)
            print(f"sox and soxi for each clip: {old_rate:.0f} clips/s; {new_rate / old_rate:.1f} times slower")


if __name__ == "__main__":
    main()
