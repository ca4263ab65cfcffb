"""The main job on the corpus in data/demo: train, test on voices never heard, export, transcribe three clips.

Everything it does is a command that a person could type; each is printed before it runs. Standard library only.
"""

import csv
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUN = ROOT / "demo-run"
SPOKEN = 3


def deepspeech(*arguments: str) -> str:
    """Run one command, shown as a person would type it; its results come back, its progress goes to the screen."""
    print(f"\n$ deepspeech {' '.join(arguments)}", flush=True)
    command = [sys.executable, "-m", "deepspeech", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout


def chosen_clips() -> list[tuple[str, str]]:
    """(path, transcript) of one clip from each of three test voices."""
    with (ROOT / "data/demo/test.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    voices: dict[str, dict[str, str]] = {}
    for row in rows:
        voices.setdefault(Path(row["wav_filename"]).stem.rsplit("-", 1)[0], row)
    return [(f"data/demo/{row['wav_filename']}", row["transcript"]) for row in list(voices.values())[:SPOKEN]]


def main() -> None:
    began = time.monotonic()
    shutil.rmtree(RUN, ignore_errors=True)
    results = json.loads(deepspeech("train", "runs/demo.toml", "--json"))
    trained = time.monotonic() - began
    print(deepspeech("export", "demo-run/checkpoints", "demo-run/demo.onnx", "--language", "en"), end="")
    clips = chosen_clips()
    lines = deepspeech(
        "transcribe", "--model", "demo-run/demo.onnx", "--json", *(path for path, _ in clips)
    ).splitlines()
    for (path, reference), line in zip(clips, lines, strict=True):
        print(f"\n  {path}\n    said:  {reference}\n    heard: {json.loads(line)['text']}")
    (scores,) = results.values()
    print(
        f"\nOn {scores['utterances']} sentences of four voices it never heard: word error rate {scores['wer']:.1%}, "
        f"letter error rate {scores['cer']:.1%}.\nTraining and test took {trained:.0f} s, "
        f"all together {time.monotonic() - began:.0f} s.\n\nNext:\n"
        "  .venv/bin/deepspeech transcribe --model demo-run/demo.onnx YOUR.wav\n"
        "  .venv/bin/deepspeech import cv2 --help          # bring your own recordings: Common Voice\n"
        "  .venv/bin/deepspeech train runs/demo.toml --set training.epochs=10 --show   # all settings of a run"
    )


if __name__ == "__main__":
    main()
