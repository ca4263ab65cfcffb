"""`deepspeech data check`: what training would refuse, what a person should look at, before hours are spent."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.data_options import DataSets, JsonOutput, SpeakerPattern
from deepspeech.cli.shared_options import SubwordsFile

_SHOWN = 100  # letters of a proposed alphabet


def check(
    data: DataSets,
    alphabet: Annotated[
        Path | None, typer.Option(help="The alphabet.txt to train with; the English one by default.")
    ] = None,
    subwords: SubwordsFile = None,
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
    import sys

    from deepspeech.cores import cores
    from deepspeech.datasets.survey.page import page, to_dict
    from deepspeech.datasets.survey.survey import SurveyOptions, open_sets, survey
    from deepspeech.errors import ConfigError
    from deepspeech.features.config import MfccConfig

    if (alphabet or subwords) and bytes_output:
        raise ConfigError(f"--bytes needs no --{'alphabet' if alphabet else 'subwords'}; leave one of them out")
    tokens = _tokens(alphabet, subwords, bytes_output)
    options = SurveyOptions(min_s, max_s, listen, cores())
    found = survey(open_sets(data, speaker_pattern), tokens, MfccConfig(sample_rate_hz=rate), options)
    assumed = "" if alphabet or subwords or bytes_output else _assumed(found, data)
    print(json.dumps(to_dict(found), indent=2, ensure_ascii=False) if json_output else page(found, show, assumed))
    if picture:
        from deepspeech.datasets.survey.picture import draw

        draw(found, MfccConfig(sample_rate_hz=rate), picture)
        print(f"{picture}: the picture of these sets", file=sys.stderr)
    if found.refused() or not found.clips:
        raise typer.Exit(1)


def _tokens(alphabet: Path | None, subwords: Path | None, bytes_output: bool) -> Any:
    """The tokens to train with."""
    from deepspeech.errors import ConfigError
    from deepspeech.modelfile.vocabulary import read_vocabulary
    from deepspeech.text.tokens import ENGLISH, Characters, Utf8Bytes

    if alphabet and subwords:
        raise ConfigError("--alphabet and --subwords name two kinds of tokens; leave one of them out")
    if bytes_output or subwords:
        return read_vocabulary(subwords) if subwords else Utf8Bytes()
    return Characters.from_file(alphabet) if alphabet else ENGLISH


def _assumed(found: Any, data: list[Path]) -> str:
    """Which alphabet was used where none was named and, where it does not fit, the one that the data make."""
    from deepspeech.datasets.check import CHARACTERS
    from deepspeech.text.characters import name
    from deepspeech.text.charset import propose

    used = "No --alphabet was given: checked with the English one (a to z, apostrophe, space)."
    if not found.findings[CHARACTERS]:
        return used
    characters = propose([clip.sample.transcript for clip in found.clips]).alphabet.labels
    shown = " ".join(one if one.isprintable() and one != " " else name(one) for one in characters[:_SHOWN])
    more = " …" * (len(characters) > _SHOWN)
    files = " ".join(map(str, data))
    return (
        f"{used} These transcripts make one of {len(characters)} letters: {shown}{more}\n"
        f"To write it: deepspeech data alphabet {files} --output alphabet.txt"
    )
