"""`deepspeech data alphabet`: propose an alphabet.txt from the transcripts of data sets."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.data_options import DataSets, JsonOutput, normalized_sets
from deepspeech.cli.text_options import takes_text

Rare = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="Mark characters that occur in fewer transcripts as rare.  [default: 10, or 2 % of the transcripts if "
        "that is less]",
        show_default=False,
    ),
]


@takes_text
def alphabet(
    data: DataSets,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write this alphabet.txt; standard output by default.")
    ] = None,
    rare: Rare = None,
    at_least: Annotated[
        int,
        typer.Option(min=1, help="Leave out characters that occur in fewer transcripts; training refuses those clips."),
    ] = 1,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing alphabet.")] = False,
    json_output: JsonOutput = False,
    text_settings: Any = None,
) -> None:
    """Propose an alphabet.txt for transcripts.

    Lists every character, sorted, composed (NFC), with counts. Check the rare ones: a character of few transcripts is
    often a typo, and too rare to be learned. With --language: the characters of normalized transcripts, for
    a training with the same text.language.

    Example: deepspeech data alphabet train.csv dev.csv --output alphabet.txt

    Example: deepspeech data alphabet train.csv dev.csv --language fr --output alphabet.txt
    """
    import json
    import sys

    from deepspeech.datasets.alphabet_page import page, to_dict
    from deepspeech.datasets.survey.survey import open_sets
    from deepspeech.errors import DataError, TextError
    from deepspeech.files import atomic_path
    from deepspeech.text.charset import propose

    if output and output.exists() and not force:
        raise DataError(
            f"{output}: already exists, and models depend on the order of its characters; --force replaces it"
        )
    samples = [sample for one in normalized_sets(open_sets(data), text_settings()) for sample in one.samples]
    source = ", ".join(path.name for path in data)
    try:
        proposal = propose([sample.transcript for sample in samples], rare, at_least)
    except TextError:
        raise DataError(f"{source}: no character for an alphabet; check that there are transcripts") from None
    if output:
        with atomic_path(output, DataError) as partial:
            partial.write_text(proposal.to_text(source), encoding="utf-8", newline="\n")
    if json_output:
        print(json.dumps(to_dict(proposal, samples), indent=2, ensure_ascii=False))
        return
    if output:
        print(page(proposal, samples))
        print(f"{output}: {len(proposal.alphabet.labels)} characters")
        return
    print(proposal.to_text(source), end="", flush=True)
    print(page(proposal, samples), file=sys.stderr)
