"""`deepspeech data text`: preview how the transcripts of data sets, or a text, are normalized."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.data_options import JsonOutput
from deepspeech.cli.shared_options import SubwordsFile
from deepspeech.cli.text_options import takes_text

Sources = Annotated[
    list[Path],
    typer.Argument(metavar="DATA", help="Read these data sets, or texts of one sentence per line; - for stdin."),
]
ModelAlphabet = Annotated[Path | None, typer.Option("--alphabet", help="Spell text with this alphabet.txt.")]
Show = Annotated[
    bool, typer.Option("--show", help="Show what changes and what cannot be written, by count, with examples.")
]


@takes_text
def text(
    data: Sources,
    alphabet: ModelAlphabet = None,
    subwords: SubwordsFile = None,
    show: Show = False,
    json_output: JsonOutput = False,
    text_settings: Any = None,
) -> None:
    """Normalize transcripts, or show what would change.

    Prints the normalized transcripts, or with --show counts and examples of changes.

    The exit code is 1 if characters are left that the alphabet cannot write; without an alphabet figures and signs
    are such characters. Nothing is written: `deepspeech data convert` writes, with the same options.

    Example: deepspeech data text train.csv --language fr --show
    """
    import json

    from deepspeech.cli.lm_options import spelling
    from deepspeech.text.normalize import Normalizer
    from deepspeech.text.preview import preview

    config = text_settings()
    normalized, found = preview(_texts(data), Normalizer(config, spelling(alphabet, subwords)))
    if json_output:
        print(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    else:
        print("\n".join(found.lines() if show else normalized))
    if found.unwritable:
        raise typer.Exit(1)


def _texts(data: list[Path]) -> Any:
    from deepspeech.cli.lm_texts import read_lines
    from deepspeech.datasets.samples import is_data_set, read_samples
    from deepspeech.remote.files import is_folder

    for path in data:
        if is_data_set(path) or (str(path) != "-" and is_folder(path)):
            yield from (sample.transcript for sample in read_samples(path))
        else:
            yield from read_lines([path])
