"""Peak memory and time for recordings of a minute to many hours: transcribe, transcribe_all, streams, import folder.

Speech is made by repeating clips with pauses. Each measurement runs in a process of its own; memory is its peak
resident set. `finish` is the time that a stream needs after its last chunk.

    python benchmarks/long_recordings.py MODEL.onnx CLIP… [--hours 0.0167 1 10] [--rate 16000] [--channels 1]
    python benchmarks/long_recordings.py MODEL.onnx CLIP… --hours 10 --files 600 --rate 48000 --channels 2 \\
        --ways "import folder"
"""

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from deepspeech import EndpointRules, Recognizer
from deepspeech.audio.formats import read_audio
from deepspeech.audio.resample import resample

WAYS = ("transcribe", "transcribe_all", "stream", "stream with endpoints", "import folder")
PAUSE_S = 1.0
CHUNK_S = 0.1


def write(path: Path, clips: list[Path], hours: float, rate_hz: int, channels: int) -> None:
    """A recording of `hours` of the clips, one after another."""
    pause = np.zeros(round(PAUSE_S * rate_hz), np.float32)
    parts = [np.concatenate([resample(*read_audio(clip), rate_hz), pause]) for clip in clips]
    left = round(hours * 3600 * rate_hz)
    with soundfile.SoundFile(path, "w", rate_hz, channels, "PCM_16", format="RF64") as file:
        for part in itertools.cycle(parts):
            part = part[:left]
            file.write(np.repeat(part[:, None], channels, axis=1))
            left -= len(part)
            if not left:
                return


def measure(way: str, model: str, sound: Path) -> dict[str, float]:
    """Seconds and MB of one way, run here: the process ends with it."""
    began, finish_s = time.monotonic(), 0.0
    if way == "transcribe_all":
        (done,) = Recognizer.open(model).transcribe_all([sound])
        assert done.segments
    elif way.startswith("stream"):
        rules = EndpointRules() if "endpoints" in way else None
        rate_hz = soundfile.info(sound).samplerate
        stream = Recognizer.open(model).stream(rate_hz=rate_hz, endpoints=rules)
        for chunk in chunks(sound, round(CHUNK_S * rate_hz)):
            stream.feed(chunk)
        before = time.monotonic()
        stream.finish()
        finish_s = time.monotonic() - before
    else:
        with tempfile.TemporaryDirectory() as folder:
            command = ["transcribe", "--model", model, str(sound)]
            if way == "import folder":
                command = ["import", "folder", str(sound.parent), "--target-dir", folder, "--max-sec", "1000000"]
            subprocess.run([sys.executable, "-m", "deepspeech", *command], check=True, capture_output=True)
    who = resource.RUSAGE_CHILDREN if way in ("transcribe", "import folder") else resource.RUSAGE_SELF
    peak = resource.getrusage(who).ru_maxrss / 1024
    return {"seconds": time.monotonic() - began, "finish_s": finish_s, "peak_mb": peak}


def chunks(sound: Path, size: int) -> Iterator[np.ndarray]:
    """The first channel, as a microphone gives it."""
    for block in soundfile.blocks(sound, size, dtype="int16", always_2d=True):
        yield block[:, 0]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure memory and time for long recordings.")
    parser.add_argument("model")
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--hours", nargs="+", type=float, default=[1 / 60, 1, 10])
    parser.add_argument("--rate", type=int, default=16000)
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument(
        "--files", type=int, default=1, help="divide the hours among this many files, for import folder"
    )
    parser.add_argument("--ways", nargs="+", default=WAYS)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, options.model, options.clips[0])))
        return
    print("way                     hours  seconds  finish s  peak MB")
    for hours in options.hours:
        with tempfile.TemporaryDirectory() as folder:
            sound = Path(folder) / "long.wav"
            write(sound, options.clips, hours / options.files, options.rate, options.channels)
            sound.with_suffix(".txt").write_text("speech\n")
            for number in range(1, options.files):
                for path in (sound, sound.with_suffix(".txt")):
                    os.link(path, path.with_stem(f"long-{number}"))
            for way in options.ways:
                command = [sys.executable, __file__, options.model, str(sound), "--measure", way]
                found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, env=os.environ).stdout)
                row = f"{found['seconds']:8.1f} {found['finish_s']:9.2f} {found['peak_mb']:8.0f}"
                print(f"{way:22} {hours:6.2f} {row}", flush=True)


if __name__ == "__main__":
    main()
