"""`deepspeech import aligned`: a data set from long recordings and their texts."""

from pathlib import Path
from typing import Annotated

import typer

from deepspeech.cli.align import AllSpoken
from deepspeech.printable import in_line

Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="Read this tree: recordings, each with a text of its name.")
]
Target = Annotated[Path, typer.Argument(metavar="TARGET", help="Write clips, reports and all.csv to this folder.")]


def aligned(
    directory: Folder,
    target_dir: Target,
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
    clips of all. Finished pairs are skipped, so an interrupted import can be resumed; with another model or other
    settings, and after a change of recording or text, they are made anew.

    Example: deepspeech import aligned books/ clips/ --model model.onnx
    """
    from deepspeech.alignment.clips import ClipRules
    from deepspeech.alignment.folder import ALL, Settings, align_pairs, find_pairs, outdated, write_all
    from deepspeech.alignment.spelling import read_spellings
    from deepspeech.cli.models import model_file, say
    from deepspeech.cores import cores
    from deepspeech.files import sha256_of
    from deepspeech.progress import Progress
    from deepspeech.runtime.session import Session

    pairs, alone = find_pairs(directory)
    rules, path = ClipRules(min_sec, max_sec, least_score=min_score), model_file(model)
    session = Session(path)
    with path.open("rb") as file:
        digest = sha256_of(file).hex()
    settings = Settings(digest, read_spellings(spellings) if spellings else {}, rules, speakers, all_spoken)
    left = outdated(pairs, target_dir, settings)
    _say_what_differs([names for names in left.values() if names])
    errors = wildcards = 0
    with Progress(len(pairs), "align", "recordings", done=len(pairs) - len(left)) as progress:
        for done in align_pairs(session, list(left), target_dir, settings, workers or cores()):
            if fault := done.error or done.misfit:
                say(f"deepspeech: {in_line(fault)}")
            errors += bool(done.error)
            wildcards += done.wildcards
            progress.advance(note=f"{done.pair.name}: {done.kept} of {done.clips} clips")
    if wildcards:
        say(f"deepspeech: {wildcards} words are wildcards that any sound fits; see --spellings")
    target_dir.mkdir(parents=True, exist_ok=True)
    clips = write_all(pairs, target_dir, speakers)
    print(f"{target_dir / ALL}: {clips} clips of {len(pairs) - errors} recordings")
    for sound in alone:
        say(f"deepspeech: {in_line(str(sound))}: has no text beside it, left out")
    if errors:
        raise typer.Exit(2)


def _say_what_differs(anew: list[list[str]]) -> None:
    """Why finished recordings are aligned or cut anew: of each the names of what they were made with otherwise."""
    from deepspeech.alignment.folder import needs_aligning
    from deepspeech.cli.models import say

    for differing, how in (
        ([n for n in anew if needs_aligning(n)], "aligned"),
        ([n for n in anew if not needs_aligning(n)], "cut"),
    ):
        if differing:
            names = ", ".join(dict.fromkeys(name for names in differing for name in names))
            say(f"deepspeech: {len(differing)} recordings are {how} anew; what differs: {names}")
