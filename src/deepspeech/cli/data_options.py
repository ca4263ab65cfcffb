"""Options that several `deepspeech data` commands have, with one meaning and one help text, and what they do."""

from pathlib import Path
from typing import Annotated, Any

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


def normalized_sets(sets: list[Any], config: Any, tokens: Any = None) -> list[Any]:
    """`sets` with their transcripts as a training with these settings of text sees them; reports what changes.

    `tokens`: the token set that texts are written in; None: any characters.
    """
    import sys
    from dataclasses import replace

    from deepspeech.text.normalize import Normalizer
    from deepspeech.text.preview import preview

    if not config:
        return sets
    normalizer, made = Normalizer(config, tokens), []
    for one in sets:
        texts, found = preview((sample.transcript for sample in one.samples), normalizer)
        if found.changed:
            print(f"{one.name}: {found.in_short()}", file=sys.stderr)
        pairs = zip(one.samples, texts, strict=True)
        made.append(replace(one, samples=[replace(sample, transcript=text) for sample, text in pairs]))
    return made


def as_options(config: Any) -> str:
    """Settings of text as options of a command, each after a blank; those that `takes_text` adds."""
    import shlex

    switches: dict[str, dict[Any, str]] = {
        "case": {"lower": " --lower", "keep": " --no-lower"},
        "form": {"NFC": " --nfc", "keep": " --no-nfc"},
        "numbers": {True: " --numbers", False: " --no-numbers"},
    }
    named = f" --language {config.language}" * bool(config.language)
    named += "".join(known.get(getattr(config, name), "") for name, known in switches.items())
    return named + f" --map {shlex.quote(config.map)}" * bool(config.map)
