"""`deepspeech import aligned`: a data set from long recordings and their texts."""

from pathlib import Path
from typing import Annotated

import typer

from deepspeech.cli.align import AllSpoken
from deepspeech.printable import in_line


def aligned(
    directory: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Read this tree: recordings, each with a text of its name.")
    ],
    target_dir: Annotated[
        Path, typer.Argument(metavar="TARGET", help="Write clips, reports and all.csv to this folder.")
    ],
    model: Annotated[Path, typer.Option("--model", "-m", help="Align with this model file.")],
    min_sec: Annotated[float, typer.Option(help="Leave out shorter clips: seconds.")] = 1.0,
    max_sec: Annotated[float, typer.Option(help="Cut longer clips: seconds.")] = 15.0,
    min_score: Annotated[float, typer.Option(max=0, help="Leave out clips with a lower score.")] = -0.5,
    spellings: Annotated[
        Path | None, typer.Option(help="Read how words are spoken: WORD, a tab, spoken words, on each line.")
    ] = None,
    speakers: Annotated[
        bool, typer.Option("--speakers", help="Name the speaker of each clip: the folder of its recording.")
    ] = False,
    all_spoken: AllSpoken = False,
    workers: Annotated[int, typer.Option(min=0, help="Align so many recordings at once; 0: one for each core.")] = 0,
) -> None:
    """Align recordings with their texts and cut them into clips.

    Texts are .txt, .srt, .vtt or .csv.

    Each pair gets a folder with its clips, its alignment and a page to listen to doubtful clips; all.csv lists the
    clips of all. Finished pairs are skipped, so an interrupted import can be resumed.

    Example: deepspeech import aligned books/ clips/ --model model.onnx
    """
    import sys

    from deepspeech.alignment.clips import ClipRules
    from deepspeech.alignment.folder import ALL, align_pairs, find_pairs, write_all
    from deepspeech.alignment.spelling import SpellingRule, read_spellings
    from deepspeech.cli.models import model_file
    from deepspeech.cores import cores
    from deepspeech.progress import Progress
    from deepspeech.runtime.session import Session

    pairs, alone = find_pairs(directory)
    session = Session(model_file(model))
    rule = SpellingRule(session.card.tokens, read_spellings(spellings) if spellings else {})
    rules = ClipRules(min_sec, max_sec, least_score=min_score)
    done_before = sum(pair.result(target_dir).exists() for pair in pairs)
    errors = 0
    with Progress(len(pairs), "align", "recordings", done=done_before) as progress:
        for done in align_pairs(session, pairs, target_dir, rule, rules, speakers, workers or cores(), all_spoken):
            if done.error:
                print(f"deepspeech: {in_line(done.error)}", file=sys.stderr)
                errors += 1
            progress.advance(note=f"{done.pair.name}: {done.kept} of {done.clips} clips")
    target_dir.mkdir(parents=True, exist_ok=True)
    clips = write_all(pairs, target_dir, speakers)
    print(f"{target_dir / ALL}: {clips} clips of {len(pairs) - errors} recordings")
    for sound in alone:
        print(f"deepspeech: {in_line(str(sound))}: has no text beside it, left out", file=sys.stderr)
    if errors:
        raise typer.Exit(2)
