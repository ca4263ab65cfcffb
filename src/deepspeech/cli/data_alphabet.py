"""`deepspeech data alphabet`: the alphabet.txt that the transcripts of data sets need."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.data_options import DataSets, JsonOutput


def alphabet(
    data: DataSets,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The alphabet.txt to write; standard output by default.")
    ] = None,
    rare: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Point out letters that fewer transcripts have.  [default: 10, or 2 % of the transcripts where "
            "that is less]",
            show_default=False,
        ),
    ] = None,
    at_least: Annotated[
        int, typer.Option(min=1, help="Leave letters out that fewer transcripts have; training refuses those clips.")
    ] = 1,
    force: Annotated[bool, typer.Option("--force", help="Replace an alphabet that is there.")] = False,
    json_output: JsonOutput = False,
) -> None:
    """Propose an alphabet.txt: every letter of the transcripts in a sensible order, composed (NFC), with counts.

    Look at the rare ones: a letter that few transcripts have is often a slip, and is not learnt.

    Example: deepspeech data alphabet train.csv dev.csv --output alphabet.txt
    """
    import json
    import sys

    from deepspeech.datasets.survey import open_sets
    from deepspeech.errors import DataError, TextError
    from deepspeech.files import whole_file
    from deepspeech.text.charset import propose

    if output and output.exists() and not force:
        raise DataError(f"{output}: is there already, and models need their letters in its order; --force replaces it")
    samples = [sample for one in open_sets(data) for sample in one.samples]
    source = ", ".join(path.name for path in data)
    try:
        proposal = propose([sample.transcript for sample in samples], rare, at_least)
    except TextError:
        raise DataError(f"{source}: no letter to make an alphabet of; are there transcripts?") from None
    if output:
        with whole_file(output, DataError) as partial:
            partial.write_text(proposal.to_text(source), encoding="utf-8", newline="\n")
    if json_output:
        print(json.dumps(_to_dict(proposal, samples), indent=2, ensure_ascii=False))
        return
    if output:
        print(_page(proposal, samples))
        print(f"{output}: {len(proposal.alphabet.labels)} letters")
        return
    print(proposal.to_text(source), end="", flush=True)
    print(_page(proposal, samples), file=sys.stderr)


def _to_dict(proposal: Any, samples: list[Any]) -> dict[str, Any]:
    from deepspeech.text.characters import name

    letters = [
        {
            "letter": letter, "name": name(letter), "times": count.times, "transcripts": count.transcripts,
            "example": str(samples[count.first].audio), "kept": letter not in proposal.left_out,
            "rare": letter in proposal.rare,
        }
        for letter, count in proposal.counts.items()
    ]  # fmt: skip
    return {"transcripts": proposal.transcripts, "not_nfc": proposal.composed, "letters": letters}


def _page(proposal: Any, samples: list[Any]) -> str:
    from deepspeech.datasets.survey_page import plural, table
    from deepspeech.text.characters import name
    from deepspeech.text.normalize import APOSTROPHES

    rows = [["letter", "times", "transcripts", "", "for example"]]
    for one in _to_dict(proposal, samples)["letters"]:
        note = "" if one["kept"] else "left out"
        note = note or ("rare" if one["rare"] else "")
        rows.append([one["name"], f"{one['times']:,}", f"{one['transcripts']:,}", note, one["example"] if note else ""])
    lines = table(rows, left=(0, 3, 4))
    left_out = set(proposal.left_out)
    if left_out:
        lost = sum(bool(left_out.intersection(sample.transcript)) for sample in samples)
        lines.append(f"Left out: {plural(len(left_out), 'letter')}; training refuses {plural(lost, 'clip')} for it.")
    if proposal.composed:
        lines.append(
            f"{plural(proposal.composed, 'transcript')} not in NFC: normalise them before training, or its letters "
            "and marks, which the alphabet holds composed, are refused."
        )
    capitals = [letter for letter in proposal.alphabet.labels if letter != letter.lower()]
    if capitals:
        lines.append(f"{plural(len(capitals), 'capital')} among them: transcripts in small letters are learnt easier.")
    alike = [letter for letter in APOSTROPHES if letter in proposal.alphabet.labels]
    if len(alike) > 1:
        lines.append(f"{' and '.join(map(name, alike))} look alike: write one of them in all transcripts.")
    return "\n".join(lines)
