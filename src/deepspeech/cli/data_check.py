"""`deepspeech data check`: find clips that training would refuse, and doubtful ones, before training."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.data_options import DataSets, JsonOutput, SpeakerPattern, as_options, normalized_sets
from deepspeech.cli.shared_options import SubwordsFile
from deepspeech.cli.text_options import takes_text

_SHOWN = 100  # characters of a proposed alphabet


AlphabetFile = Annotated[
    Path | None,
    typer.Option(
        "--alphabet",
        help="Check against this alphabet.txt; by default the English one, or the data's own.",
    ),
]
BytesOutput = Annotated[
    bool, typer.Option("--bytes", help="Check for a network of UTF-8 bytes: every character is allowed.")
]
Listen = Annotated[
    bool,
    typer.Option(
        "--listen",
        help="Decode every clip too: finds silence, clipping, damage behind an intact header, and the same sound "
        "in another format. Without it only headers are read, thousands of clips per second.",
    ),
]
MinS = Annotated[float, typer.Option("--min-s", help="Report shorter clips as doubtful: seconds.")]
MaxS = Annotated[float, typer.Option("--max-s", help="Report longer clips as doubtful: seconds.")]
Rate = Annotated[int, typer.Option(help="Set the model's sample rate in Hz.")]
Show = Annotated[int, typer.Option(min=0, help="Show this many examples of each kind of finding.")]
Picture = Annotated[Path | None, typer.Option(help="Plot lengths, rates, characters and speakers to this PNG.")]
ModelFile = Annotated[
    Path | None,
    typer.Option("--model", "-m", help="Rank clips by how badly sound and transcript fit, by this model file."),
]
Worst = Annotated[int, typer.Option(min=0, help="With --model: show this many of the worst clips.")]
Ranking = Annotated[Path | None, typer.Option(help="With --model: write all clips, worst first, to this TSV file.")]


@takes_text
def check(
    data: DataSets,
    alphabet: AlphabetFile = None,
    subwords: SubwordsFile = None,
    bytes_output: BytesOutput = False,
    listen: Listen = False,
    min_s: MinS = 0.3,
    max_s: MaxS = 20.0,
    rate: Rate = 16000,
    speaker_pattern: SpeakerPattern = "",
    show: Show = 5,
    picture: Picture = None,
    model: ModelFile = None,
    worst: Worst = 20,
    ranking: Ranking = None,
    json_output: JsonOutput = False,
    text_settings: Any = None,
) -> None:
    """Check data sets before training.

    Reports clips that training would refuse, doubtful ones, characters and overlaps between sets. With --language it
    checks normalized transcripts, as a training with the same text.language sees them.
    The exit code is 1 if training would refuse a clip; doubtful clips do not change it.

    Example: deepspeech data check train.csv dev.csv test.csv --alphabet alphabet.txt --picture data.png

    Example: deepspeech data check train.csv --model model.onnx --worst 40
    """
    import json

    from deepspeech.cores import cores
    from deepspeech.datasets.survey.page import page, to_dict
    from deepspeech.datasets.survey.survey import SurveyOptions, open_sets, survey
    from deepspeech.errors import ConfigError
    from deepspeech.features.config import MfccConfig

    if ranking and not model:
        raise ConfigError("--ranking needs a --model")
    if (alphabet or subwords) and bytes_output:
        raise ConfigError(f"--bytes needs no --{'alphabet' if alphabet else 'subwords'}; leave one of them out")
    tokens, text = _tokens(alphabet, subwords, bytes_output), text_settings()
    sets = normalized_sets(open_sets(data, speaker_pattern), text, tokens)
    tokens = tokens or _own([sample.transcript for one in sets for sample in one.samples])
    options = SurveyOptions(min_s, max_s, listen, cores())
    found = survey(sets, tokens, MfccConfig(sample_rate_hz=rate), options)
    assumed = "" if alphabet or subwords or bytes_output else _assumed(found, data, text)
    fits = _fits(found, model) if model else []
    if json_output:
        ranks = {"worst": [_entry(fit) for fit in fits[:worst]]} if model else {}
        print(json.dumps({**to_dict(found), **ranks}, indent=2, ensure_ascii=False))
    else:
        print(page(found, show, assumed) + _worst(fits[:worst]))
    if ranking:
        _write_ranking(fits, ranking)
    if picture:
        _draw(found, MfccConfig(sample_rate_hz=rate), picture)
    if found.refused() or not found.clips:
        raise typer.Exit(1)


def _fits(found: Any, model: Path) -> list[Any]:
    """The fit of every clip that can be read, worst first."""
    from deepspeech.alignment.misfits import rank
    from deepspeech.cli.models import model_file
    from deepspeech.progress import Progress
    from deepspeech.runtime.session import Session

    session = Session(model_file(model))
    samples = [clip.sample for clip in found.clips]
    with Progress(len(samples), "align", "clips") as progress:
        fits = list(progress.over(rank(session, samples)))
    return sorted(fits, key=lambda fit: fit.score)


def _entry(fit: Any) -> dict[str, Any]:
    transcript, score = fit.sample.transcript, round(fit.score, 3)
    return {"clip": fit.sample.id, "score": score, "transcript": transcript, "heard": fit.heard}


def _worst(fits: list[Any]) -> str:
    """The worst clips as lines of the page."""
    if not fits:
        return ""
    lines = [f"\n{len(fits)} clips whose sound and transcript fit worst (0 is a perfect fit):"]
    for fit in fits:
        lines.append(f"  {fit.score:7.2f}  {fit.sample.id}")
        lines += [f"           transcript: {fit.sample.transcript}", f"           heard:      {fit.heard}"]
    return "\n".join(lines)


def _draw(found: Any, features: Any, picture: Path) -> None:
    import sys

    from deepspeech.datasets.survey.picture import draw

    draw(found, features, picture)
    print(f"{picture}: plot of these sets", file=sys.stderr)


def _write_ranking(fits: list[Any], path: Path) -> None:
    from deepspeech.errors import DataError
    from deepspeech.files import atomic_open

    with atomic_open(path, DataError, "w", encoding="utf-8", newline="\n") as file:
        file.write("score\tclip\ttranscript\theard\n")
        for fit in fits:
            columns = (f"{fit.score:.3f}", fit.sample.id, fit.sample.transcript, fit.heard)
            file.write("\t".join(" ".join(column.split()) for column in columns) + "\n")


def _tokens(alphabet: Path | None, subwords: Path | None, bytes_output: bool) -> Any:
    """The token set to check against; None where none is named. Raises ConfigError."""
    from deepspeech.errors import ConfigError
    from deepspeech.modelfile.vocabulary import read_vocabulary
    from deepspeech.text.tokens import Characters, Utf8Bytes

    if alphabet and subwords:
        raise ConfigError("--alphabet and --subwords name two kinds of tokens; leave one of them out")
    if bytes_output or subwords:
        return read_vocabulary(subwords) if subwords else Utf8Bytes()
    return Characters.from_file(alphabet) if alphabet else None


def _own(transcripts: list[str]) -> Any:
    """The English alphabet for transcripts in its letters, else the alphabet of their own characters."""
    from deepspeech.errors import TextError
    from deepspeech.text.charset import propose
    from deepspeech.text.tokens import ENGLISH

    foreign = sum(any(one.isalpha() and not one.isascii() for one in transcript) for transcript in transcripts)
    if 50 * foreign <= len(transcripts):
        return ENGLISH
    try:
        return propose(transcripts).alphabet
    except TextError:  # no character at all
        return ENGLISH


def _assumed(found: Any, data: list[Path], text: Any) -> str:
    """Describe the default alphabet and, if it does not fit, the one the transcripts need; and how to mend text."""
    from deepspeech.datasets.check import CHARACTERS
    from deepspeech.errors import TextError
    from deepspeech.text.characters import name
    from deepspeech.text.charset import propose
    from deepspeech.text.tokens import ENGLISH

    english, transcripts = found.alphabet == ENGLISH, [clip.sample.transcript for clip in found.clips]
    used = "No --alphabet: checked with the English one (a to z, apostrophe, space)."
    if english and not found.findings[CHARACTERS]:
        return used
    try:
        characters = propose(transcripts).alphabet.labels
    except TextError:
        return used
    shown = " ".join(one if one.isprintable() and one != " " else name(one) for one in characters[:_SHOWN])
    more = " …" * (len(characters) > _SHOWN)
    files = " ".join(map(str, data))
    if not english:
        used = "No --alphabet, and not English: checked with the transcripts' own characters."
    return (
        f"{used} These transcripts need {len(characters)} characters: {shown}{more}\n"
        f"{'' if text else _to_mend(transcripts, files)}"
        f"To write it: deepspeech data alphabet {files}{as_options(text)} --output alphabet.txt"
    )


def _to_mend(transcripts: list[str], files: str) -> str:
    """A line about capitals, punctuation and figures, each of which a network would have to learn."""
    import unicodedata

    kinds = {"capitals": ("Lu", "Lt"), "punctuation and signs": ("P", "S"), "figures": ("N",)}
    counts = {
        words: sum(
            any(unicodedata.category(one).startswith(codes) for one in set(text) - {"'"}) for text in transcripts
        )
        for words, codes in kinds.items()
    }
    parts = [f"{words} in {count}" for words, count in counts.items() if count]
    if not parts:
        return ""
    return f"They hold {', '.join(parts)}. To mend them: deepspeech data text {files} --language CODE --show\n"
