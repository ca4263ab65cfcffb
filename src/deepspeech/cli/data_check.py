"""`deepspeech data check`: what training would refuse, what a person should look at, before hours are spent."""

from pathlib import Path
from typing import Annotated

import typer

from deepspeech.cli.data_options import DataSets, JsonOutput, SpeakerPattern


def check(
    data: DataSets,
    alphabet: Annotated[
        Path | None, typer.Option(help="The alphabet.txt to train with; the English one by default.")
    ] = None,
    bytes_output: Annotated[bool, typer.Option("--bytes", help="For a network of bytes: any letter fits.")] = False,
    listen: Annotated[
        bool,
        typer.Option(
            "--listen",
            help="Decode every clip too: finds silence, clipping, damage behind a whole header, and the same sound "
            "in another format. Without it only headers are read, thousands of clips a second.",
        ),
    ] = False,
    min_s: Annotated[float, typer.Option("--min-s", help="Shorter clips are doubtful: seconds.")] = 0.3,
    max_s: Annotated[float, typer.Option("--max-s", help="Longer clips are doubtful: seconds.")] = 20.0,
    rate: Annotated[int, typer.Option(help="The model's sample rate in Hz.")] = 16000,
    speaker_pattern: SpeakerPattern = "",
    show: Annotated[int, typer.Option(min=0, help="Examples of each kind of finding.")] = 5,
    picture: Annotated[Path | None, typer.Option(help="Draw lengths, rates, letters and speakers to this PNG.")] = None,
    json_output: JsonOutput = False,
) -> None:
    """Look data sets over before training: clips it would refuse, doubtful ones, letters, overlaps between sets.

    The exit code is 1 where training would refuse; what is only doubtful does not change it.

    Example: deepspeech data check train.csv dev.csv test.csv --alphabet alphabet.txt --picture data.png
    """
    import json
    import os
    import sys

    from deepspeech.datasets.survey import SurveyOptions, open_sets, survey
    from deepspeech.datasets.survey_page import page, to_dict
    from deepspeech.errors import ConfigError
    from deepspeech.features.config import MfccConfig
    from deepspeech.text.alphabet import ENGLISH, Alphabet, ByteAlphabet

    if alphabet and bytes_output:
        raise ConfigError("--bytes needs no --alphabet; leave one of them out")
    letters = ByteAlphabet() if bytes_output else Alphabet.from_file(alphabet) if alphabet else ENGLISH
    options = SurveyOptions(min_s, max_s, listen, os.cpu_count() or 1)
    found = survey(open_sets(data, speaker_pattern), letters, MfccConfig(sample_rate_hz=rate), options)
    print(json.dumps(to_dict(found), indent=2, ensure_ascii=False) if json_output else page(found, show))
    if picture:
        from deepspeech.datasets.picture import draw

        draw(found, MfccConfig(sample_rate_hz=rate), picture)
        print(f"{picture}: the picture of these sets", file=sys.stderr)
    if found.refused() or not found.clips:
        raise typer.Exit(1)
