"""`stats.py` and `util/check_characters.py` with their old options and output."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deepspeech.cli.main import run

_HEADER_BYTES = 44  # of a plain wav file
_FILES_HELP = "Read these data sets, separated by commas."


def stats() -> None:
    """Run the script of that name."""
    parser = argparse.ArgumentParser(
        description="Count bytes, files and hours of data sets. `deepspeech data stats` reports more.",
        epilog="Lengths are read from the sound files. Only those of missing files are estimated from wav_filesize, "
        "with the last three options.",
    )
    parser.add_argument("-csv", "--csv-files", required=True, help=_FILES_HELP)
    parser.add_argument(
        "--sample-rate", type=_positive, default=16000, help="Assume this rate in Hz, 16000 by default."
    )
    parser.add_argument("--channels", type=_positive, default=1, help="Assume this many channels, 1 by default.")
    parser.add_argument("--bits-per-sample", type=_positive, default=16, help="Assume this sample size, 16 by default.")
    _run(parser, _stats)


def check_characters() -> None:
    """Run the script of that name."""
    parser = argparse.ArgumentParser(
        description="List the characters of transcripts. `deepspeech data alphabet` writes an alphabet.txt."
    )
    parser.add_argument("-csv", "--csv-files", required=True, help=_FILES_HELP)
    parser.add_argument("-alpha", "--alphabet-format", action="store_true", help="Print an alphabet.txt.")
    parser.add_argument(
        "-unicode", "--disable-unicode-variants", action="store_true", help="Accept transcripts that are not in NFKC."
    )
    _run(parser, _check_characters)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} must be at least 1")
    return number


def _run(parser: argparse.ArgumentParser, action: Callable[[Any], None]) -> None:
    arguments = parser.parse_args()
    run(lambda: action(arguments))


def _stats(arguments: Any) -> None:
    import sys

    from deepspeech.cores import cores
    from deepspeech.datasets.survey.survey import SurveyOptions, open_sets, survey

    sets = open_sets([Path(name) for name in arguments.csv_files.split(",")], labeled=False)
    found = survey(sets, None, options=SurveyOptions(workers=cores()), compare=False)
    bytes_a_second = arguments.sample_rate * arguments.channels * arguments.bits_per_sample / 8
    total_s, estimated = 0.0, 0
    for clip in found.clips:
        estimated += clip.duration_s is None
        total_s += clip.duration_s or max(0, clip.sample.size_bytes - _HEADER_BYTES) / bytes_a_second
    print("Total bytes:", sum(clip.sample.size_bytes for clip in found.clips))
    print("Total files:", len(found.clips))
    minutes, seconds = divmod(int(total_s), 60)
    print(f"Total time: {minutes // 60}:{minutes % 60:02}:{seconds:02}")
    if estimated:
        print(f"{estimated} files could not be read; their time is estimated from wav_filesize", file=sys.stderr)


def _check_characters(arguments: Any) -> None:
    import unicodedata

    from deepspeech.datasets.survey.survey import open_sets
    from deepspeech.errors import TextError
    from deepspeech.text.charset import count_characters, usable

    names = arguments.csv_files.split(",")
    print("### Reading in the following transcript files: ###")
    print(f"### {names} ###")
    samples = [sample for one in open_sets([Path(name) for name in names]) for sample in one.samples]
    for sample in samples:
        if not arguments.disable_unicode_variants and not unicodedata.is_normalized("NFKC", sample.transcript):
            raise TextError(
                f"{sample.audio}: its transcript is not in NFKC, so one character may be several code points: "
                f"{sample.transcript!r}; normalize it, or go on with -unicode"
            )
    characters = list(count_characters(sample.transcript for sample in samples))
    print("### The following unique characters were found in your transcripts: ###")
    if arguments.alphabet_format:
        for character in filter(usable, characters):
            print("\\#" if character == "#" else character)
        print("### ^^^ You can copy-paste these into data/alphabet.txt ###")
    else:
        print(characters)
