"""Options that several `deepspeech data` commands have, with one meaning and one help text."""

from pathlib import Path
from typing import Annotated

import typer

DataSets = Annotated[
    list[Path],
    typer.Argument(metavar="CSV", help="Data sets: CSV, .sdb, .tar or JSON lines; each of them is one set."),
]
SpeakerPattern = Annotated[
    str,
    typer.Option(
        metavar="REGEX",
        help="Where no column (speaker, speaker_id or client_id) names the speakers but the file names do: what is "
        "found in a recording's path, or its first group in brackets, is its speaker.",
    ),
]
JsonOutput = Annotated[bool, typer.Option("--json", help="Print JSON.")]
