"""`deepspeech plot RUN…`: how trainings went, or go."""

from pathlib import Path
from typing import Annotated

import typer


def plot(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Checkpoint folders of trainings, or their log.jsonl.")
    ],
    output: Annotated[Path, typer.Option(help="The picture: a .png or an .svg.")] = Path("training.png"),
    samples: Annotated[
        bool, typer.Option("--samples", help="No picture: print what was heard in a few dev clips, epoch by epoch.")
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="No picture: print all figures as JSON.")] = False,
) -> None:
    """Draw losses, error rates and learning rate by epoch, of runs side by side; also while they run.

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
