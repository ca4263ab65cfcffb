"""Options that several `deepspeech data` commands have, with one meaning and one help text."""

from pathlib import Path
from typing import Annotated

import typer

DataSets = Annotated[
    list[Path],
    typer.Argument(metavar="CSV", help="Read these data sets: CSV, .sdb, .tar or JSON lines; each is one set."),
]
SpeakerPattern = Annotated[
    str,
    typer.Option(
        metavar="REGEX",
        help="Take the speaker from a recording's path: the match, or its first group. For sets without a column "
        "speaker, speaker_id or client_id.",
    ),
]
JsonOutput = Annotated[bool, typer.Option("--json", help="Print JSON.")]
