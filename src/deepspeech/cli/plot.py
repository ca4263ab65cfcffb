"""`deepspeech plot RUN…`: plot training curves."""

from pathlib import Path
from typing import Annotated

import typer


def plot(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN", help="Read these checkpoint folders of trainings, or their log.jsonl."),
    ],
    output: Annotated[Path, typer.Option(help="Write this .png or .svg.")] = Path("training.png"),
    samples: Annotated[
        bool, typer.Option("--samples", help="Print transcripts of a few dev clips by epoch instead of a plot.")
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print all figures as JSON instead of a plot.")] = False,
) -> None:
    """Plot losses and error rates of training runs by epoch.

    Works during training, too.

    Example: deepspeech plot checkpoints other/checkpoints --output training.png
    """
    import json

    from deepspeech.evaluation.history import read_all, transcripts
    from deepspeech.remote.folders import download

    histories = read_all([download(run) for run in runs])
    if json_output:
        print(json.dumps([history.to_dict() for history in histories], indent=2, ensure_ascii=False))
        return
    if samples:
        for history in histories:
            print("\n".join(([f"{history.name}:", ""] if len(histories) > 1 else []) + [transcripts(history)]))
        return

    from deepspeech.evaluation.curves import draw

    draw(histories, output)
    print(output)
