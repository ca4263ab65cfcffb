"""The main job on the corpus in data/demo: build a scorer, train, export, evaluate on unseen voices, transcribe.

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
MODEL, SCORER = "demo-run/demo.onnx", "demo-run/demo.scorer"
TRANSCRIBED = 3


def deepspeech(*arguments: str) -> str:
    """Run one command, shown as a person would type it; return its stdout, its progress goes to the screen."""
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
    return [(f"data/demo/{row['wav_filename']}", row["transcript"]) for row in list(voices.values())[:TRANSCRIBED]]


def main() -> None:
    began = time.monotonic()
    shutil.rmtree(RUN, ignore_errors=True)
    RUN.mkdir()
    (alone,) = json.loads(deepspeech("train", "runs/demo.toml", "--json")).values()
    trained = time.monotonic() - began
    print(deepspeech("export", "demo-run/checkpoints", MODEL, "--language", "en"), end="")
    # 432 sentences of a small grammar: too few and too regular for Kneser-Ney discounts.
    deepspeech(
        *("lm", "build", "--text", "data/demo/train.csv", "--alphabet", "data/alphabet.txt", "--order", "3"),
        *("--discount-fallback", "--output", SCORER),
    )
    helped = json.loads(
        deepspeech("evaluate", "--model", MODEL, "--scorer", SCORER, "--data", "data/demo/test.csv", "--json")
    )
    clips = chosen_clips()
    lines = deepspeech(
        "transcribe", "--model", MODEL, "--scorer", SCORER, "--json", *(path for path, _ in clips)
    ).splitlines()
    for (path, reference), line in zip(clips, lines, strict=True):
        print(f"\n  {path}\n    reference:  {reference}\n    hypothesis: {json.loads(line)['text']}")
    print(
        f"\n{alone['utterances']} sentences of four unseen voices:\n"
        f"  network alone                                 WER {alone['wer']:.1%}, CER {alone['cer']:.1%}\n"
        f"  with the scorer of the training transcripts   WER {helped['wer']:.1%}, CER {helped['cer']:.1%}\n"
        f"Training and test took {trained:.0f} s, all together {time.monotonic() - began:.0f} s.\n\nNext:\n"
        f"  .venv/bin/deepspeech transcribe --model {MODEL} --scorer {SCORER} YOUR.wav\n"
        "  .venv/bin/deepspeech import cv2 --help          # bring your own recordings: Common Voice\n"
        "  .venv/bin/deepspeech train runs/demo.toml --set training.epochs=10 --show   # all settings of a run"
    )


if __name__ == "__main__":
    main()
