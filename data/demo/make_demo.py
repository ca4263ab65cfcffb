#!/usr/bin/env python3
"""Make the demo corpus: short English sentences spoken by espeak-ng.

In:  nothing but the espeak-ng program and the tables in this file. The
     sentences come from a small grammar with a fixed random seed.
Out: in the directory given by --output (default: the directory of this file)
       clips/<voice>-<nnn>.flac          16 kHz, mono, 16 bit
       train.csv, dev.csv, test.csv      wav_filename,wav_filesize,transcript
     Existing files of the same names are overwritten.

No voice and no sentence is in more than one of the three sets. With the same
versions of espeak-ng and libsndfile, every run writes the same bytes.

To keep the repository small, samples are rounded to 12 bits, left-aligned in
16-bit words: FLAC stores the four zero bits of each sample for free. The
loudness is chosen so that the rounding noise stays 50 dB below the speech.

Usage: python data/demo/make_demo.py --output DIR
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import soxr

SEED = 8
SAMPLE_RATE = 16000
KEPT_BITS = 12
# Loudness in rounding steps: 94 steps RMS over a noise of 1/sqrt(12) step is 50.3 dB.
RMS_IN_STEPS = 94.0
MARGIN_SECONDS = 0.08
SILENCE_LEVEL = 0.01  # of the peak; what is below it at the ends is cut
MAX_WORDS = 6
CANDIDATES = 100
MAX_TOTAL_BYTES = 6_000_000
# A training voice speaks higher and lower, slower and faster, from clip to clip, so that few voices stand for many.
PITCH_CHANGES = {"train": [-24, -12, 0, 12, 24], "dev": [0], "test": [0]}
SPEED_CHANGES = {"train": [-30, -15, 0, 15], "dev": [-15, 0, 15], "test": [-15, 0, 15]}


class Voice(NamedTuple):
    """An espeak-ng voice with pitch (-p), words per minute (-s) and word gap (-g)."""

    name: str
    pitch: int
    speed: int
    gap: int


# The most unusual voices teach, milder ones judge: four voices cannot stand for the odd ones.
# "en" is British English; espeak-ng 1.51 ignores the variant in "en-gb+f2".
VOICES: dict[str, list[Voice]] = {
    "train": [
        Voice("en-us+f1", 50, 245, 0),
        Voice("en-us+Annie", 45, 250, 0),
        Voice("en-us+belinda", 40, 250, 1),
        Voice("en-gb-x-rp+grandma", 45, 240, 0),
        Voice("en-us+m1", 50, 255, 0),
        Voice("en-gb-x-rp+m3", 60, 255, 0),
        Voice("en-us+Andy", 50, 250, 1),
        Voice("en-gb-x-rp+Gene", 45, 245, 0),
        Voice("en-us+Michael", 50, 245, 0),
        Voice("en-gb-x-rp+ed", 50, 250, 0),
        Voice("en-us+croak", 50, 255, 0),
        Voice("en+max", 55, 245, 0),
        Voice("en-gb-x-rp+f4", 50, 265, 0),
        Voice("en+f2", 45, 245, 0),
        Voice("en+f5", 50, 255, 0),
        Voice("en+Mario", 50, 250, 0),
        Voice("en+victor", 55, 235, 1),
        Voice("en+robert", 60, 245, 0),
        Voice("en-gb-x-rp+Lee", 60, 240, 0),
        Voice("en-gb-x-rp+travis", 45, 235, 0),
        Voice("en-gb-x-rp+Andrea", 40, 225, 0),
        Voice("en+m5", 50, 245, 0),
        Voice("en+m7", 55, 240, 0),
        Voice("en-gb-x-rp+linda", 40, 245, 0),
    ],
    "dev": [
        Voice("en-us+aunty", 50, 240, 0),
        Voice("en-us+Mike", 50, 245, 0),
        Voice("en+m6", 50, 240, 0),
        Voice("en-gb-x-rp+m2", 50, 255, 0),
    ],
    "test": [
        Voice("en-us+f3", 45, 240, 0),
        Voice("en-us+Alex", 50, 245, 0),
        Voice("en+m4", 55, 240, 0),
        Voice("en-gb-x-rp+benjamin", 55, 250, 0),
    ],
}

CLIPS_PER_VOICE = {"train": 18, "dev": 10, "test": 17}

# Each name stands for one of its lines; capital names within a line are replaced in turn.
# No two words sound the same ("two" and "to", "four" and "for"), as no language
# model is there to tell them apart.
GRAMMAR: dict[str, list[str]] = {
    "SENTENCE": ["NUMBERS", "DATE", "DATE", "COLOURS", "SWITCH", "ACCESS", "MUSIC", "MOVE"],
    "NUMBERS": ["NUMBER NUMBER NUMBER", "NUMBER NUMBER NUMBER NUMBER"],
    "NUMBER": ["zero", "DIGIT", "DIGIT", "DIGIT", "DIGIT", "ten", "twenty", "thirty"],
    "DIGIT": ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
    "DATE": [
        "DAY MONTH DATENUMBER",
        "it's MONTH DATENUMBER",
        "it's DAY MONTH DATENUMBER",
        "MONTH DATENUMBER",
        "DAY DAY and DAY",
        "MONTH MONTH and MONTH",
    ],
    "DATENUMBER": ["DIGIT", "DIGIT", "ten", "twenty", "twenty DIGIT", "thirty", "thirty one"],
    "DAY": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    "MONTH": [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ],
    "COLOURS": [
        "COLOUR COLOUR COLOUR",
        "COLOUR COLOUR and COLOUR",
        "make THING NUMBER COLOUR",
        "make the THING COLOUR",
        "it's COLOUR and COLOUR",
    ],
    "COLOUR": ["red", "green", "blue", "yellow", "white", "black"],
    "THING": ["light", "door", "window"],
    "SWITCH": [
        "turn the light STATE",
        "turn the COLOUR light STATE",
        "turn STATE light NUMBER",
        "turn light NUMBER STATE",
    ],
    "STATE": ["on", "off"],
    "ACCESS": [
        "VERB the THING",
        "VERB the COLOUR THING",
        "don't VERB the COLOUR THING",
        "VERB THING NUMBER",
        "open and close THING NUMBER",
    ],
    "VERB": ["open", "close"],
    "MUSIC": [
        "PLAY the music",
        "PLAY music on DAY",
        "PLAY NUMBER and NUMBER",
        "don't PLAY music on DAY",
        "PLAY NUMBER on DAY",
        "turn the music STATE",
    ],
    "PLAY": ["play", "stop"],
    "MOVE": [
        "go SIDE NUMBER",
        "go SIDE SIDE and SIDE",
        "turn SIDE and stop",
        "SIDE SIDE and stop",
        "don't turn SIDE",
        "go SIDE and play music",
    ],
    "SIDE": ["left", "right", "up", "down"],
}


class DemoError(Exception):
    """A problem the user can solve; shown as one line."""


def expand(symbol: str, generator: random.Random) -> list[str]:
    """Return the words of one random expansion of a grammar symbol."""
    if symbol not in GRAMMAR:
        return [symbol]
    line = generator.choice(GRAMMAR[symbol])
    return [word for part in line.split() for word in expand(part, generator)]


def new_candidate(used: set[str], generator: random.Random) -> str:
    """Return a random sentence that is short enough and not used before."""
    while True:
        words = expand("SENTENCE", generator)
        sentence = " ".join(words)
        if len(words) <= MAX_WORDS and sentence not in used:
            return sentence


def make_sentences(count: int, used: set[str], generator: random.Random) -> list[str]:
    """Return `count` new sentences, choosing those whose words are still rare."""
    word_counts: Counter[str] = Counter()

    def rarity(sentence: str) -> float:
        words = sentence.split()
        # A set would add up in a different order, and round differently, in each run.
        different = dict.fromkeys(words)
        return sum(1.0 / (1 + word_counts[word]) ** 4 for word in different) / len(words) ** 0.5

    sentences = []
    for _ in range(count):
        # Every word must be heard often enough to be learned from few minutes of speech.
        best = max((new_candidate(used, generator) for _ in range(CANDIDATES)), key=rarity)
        used.add(best)
        word_counts.update(best.split())
        sentences.append(best)
    generator.shuffle(sentences)
    return sentences


def speak(sentence: str, voice: Voice) -> np.ndarray:
    """Return what espeak-ng says, at 16 kHz."""
    command = [
        "espeak-ng",
        "-v",
        voice.name,
        "-p",
        str(voice.pitch),
        "-s",
        str(voice.speed),
        "-g",
        str(voice.gap),
        "--stdout",
        sentence,
    ]
    result = subprocess.run(command, capture_output=True, check=False)
    if result.returncode != 0 or not result.stdout:
        reason = " ".join(result.stderr.decode(errors="replace").split())
        raise DemoError(f"espeak-ng cannot speak with voice {voice.name}: {reason or 'no sound'}")
    samples, rate = soundfile.read(io.BytesIO(result.stdout), dtype="float64")
    return soxr.resample(samples, rate, SAMPLE_RATE, quality="VHQ")


def trim(samples: np.ndarray) -> np.ndarray:
    """Cut silence at both ends, leaving a short margin."""
    loud = np.flatnonzero(np.abs(samples) > SILENCE_LEVEL * np.abs(samples).max())
    margin = int(MARGIN_SECONDS * SAMPLE_RATE)
    before, after = max(0, margin - loud[0]), max(0, loud[-1] + margin + 1 - len(samples))
    kept = samples[max(0, loud[0] - margin) : loud[-1] + margin + 1]
    return np.pad(kept, (before, after))


def round_samples(samples: np.ndarray) -> np.ndarray:
    """Set the loudness and round to KEPT_BITS, left-aligned in 16 bits."""
    largest = 2 ** (KEPT_BITS - 1) - 1
    scale = RMS_IN_STEPS / np.sqrt(np.mean(samples**2))
    scale = min(scale, largest / np.abs(samples).max())
    steps = np.round(samples * scale).astype(np.int16)
    return steps << (16 - KEPT_BITS)


def write_clip(path: Path, sentence: str, voice: Voice) -> None:
    """Speak one sentence into a FLAC file."""
    samples = round_samples(trim(speak(sentence, voice)))
    soundfile.write(path, samples, SAMPLE_RATE, subtype="PCM_16", compression_level=1.0)


def write_split(output: Path, split: str, sentences: list[str], generator: random.Random) -> int:
    """Write the clips and the CSV of one set; return the bytes of its clips."""
    rows = []
    per_voice = CLIPS_PER_VOICE[split]
    for index, sentence in enumerate(sentences):
        voice = VOICES[split][index // per_voice]
        label = voice.name.replace("+", "-").lower()
        name = f"clips/{label}-{index % per_voice + 1:03d}.flac"
        pitch = voice.pitch + generator.choice(PITCH_CHANGES[split])
        speed = voice.speed + generator.choice(SPEED_CHANGES[split])
        write_clip(output / name, sentence, voice._replace(pitch=pitch, speed=speed))
        rows.append((name, (output / name).stat().st_size, sentence))
    with open(output / f"{split}.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["wav_filename", "wav_filesize", "transcript"])
        writer.writerows(rows)
    words = sum(len(sentence.split()) for sentence in sentences)
    print(f"{split}: {len(VOICES[split])} voices, {len(rows)} clips, {words} words")
    return sum(size for _, size, _ in rows)


def check_voices() -> None:
    """Raise DemoError unless espeak-ng is installed and its voices all differ."""
    if shutil.which("espeak-ng") is None:
        raise DemoError("espeak-ng is missing; on Debian or Ubuntu: apt-get install espeak-ng")
    # espeak-ng silently takes another voice for an accent or a variant that it does
    # not know; the same speaker could then be in two sets.
    names = [voice.name for voices in VOICES.values() for voice in voices]
    accents = {name.split("+")[0] for name in names}
    heard: dict[bytes, str] = {}
    for name in names + sorted(accents):
        sound = speak("red window", Voice(name, 50, 200, 0)).tobytes()
        if sound in heard:
            raise DemoError(f"espeak-ng does not tell voice {name} from {heard[sound]}")
        heard[sound] = name


def make_demo(output: Path) -> None:
    """Write the whole corpus into `output`."""
    check_voices()
    (output / "clips").mkdir(parents=True, exist_ok=True)
    generator = random.Random(SEED)
    used: set[str] = set()
    total = 0
    for split, voices in VOICES.items():
        sentences = make_sentences(len(voices) * CLIPS_PER_VOICE[split], used, generator)
        total += write_split(output, split, sentences, generator)
    print(f"total: {total} bytes of FLAC in {output}")
    if total > MAX_TOTAL_BYTES:
        raise DemoError(f"the clips take {total} bytes, more than {MAX_TOTAL_BYTES}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the demo corpus with espeak-ng.")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(__file__).resolve().parent,
        metavar="DIR",
        help="where to write (default: next to this script)",
    )
    arguments = parser.parse_args()
    try:
        make_demo(arguments.output)
    except (DemoError, OSError) as error:
        print(f"make_demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
