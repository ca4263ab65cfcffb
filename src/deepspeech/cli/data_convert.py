"""`deepspeech data convert`: a data set of any kind made into one of any other."""

from pathlib import Path
from typing import Annotated, Any

import typer


def convert(
    sources: Annotated[list[Path], typer.Argument(help="Data sets: .csv, .sdb, .tar or .jsonl, one after another.")],
    target: Annotated[Path, typer.Argument(help="What to write: .csv, .sdb, .tar, .tar.gz or .jsonl.")],
    audio_type: Annotated[
        str, typer.Option(help="Code the sound as wav, flac or opus; by default each stays what it is.")
    ] = "",
    bitrate: Annotated[int | None, typer.Option(help="Of opus, in bits a second: 6000 to 256000.")] = None,
    unlabeled: Annotated[bool, typer.Option("--unlabeled", help="Without transcripts.")] = False,
    sort: Annotated[
        bool | None, typer.Option("--sort/--no-sort", help="Shortest first; by default where the target is a .sdb.")
    ] = None,
    copy: Annotated[
        bool, typer.Option("--copy", help="Into .csv and .jsonl: copy sounds too that are files and need no change.")
    ] = False,
    absolute_paths: Annotated[bool, typer.Option("--absolute-paths", help="Whole paths in a .csv.")] = False,
    augment: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[KEY=VALUE,…]", help="Augment the sound; may be repeated. See docs/augmentation.md."),
    ] = None,
    clock: Annotated[float, typer.Option(help="How far training is thought to be, 0 to 1, for --augment.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Another seed augments otherwise.")] = 4568,
    workers: Annotated[int | None, typer.Option(help="Threads; one a core by default.")] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out sounds that cannot be read.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Make a data set of any kind into one of any other.

    Sound that needs no change is taken over byte for byte. The target appears whole or not at all. A .csv or .jsonl
    names recordings where they are; what lay inside another file goes into a folder beside it.

    Example: deepspeech data convert train.csv more.csv train.sdb --audio-type opus
    """
    from deepspeech.cores import cores
    from deepspeech.datasets.augment.audible import parse_audible
    from deepspeech.datasets.convert import ConvertOptions
    from deepspeech.datasets.convert import convert as run

    options = ConvertOptions(
        audio_type=audio_type, bitrate=bitrate, labelled=not unlabeled, sort=sort, copy=copy, absolute=absolute_paths,
        skip_bad=skip_bad, workers=workers or cores(), augmentations=parse_audible(augment or ()),
        seed=seed, clock=clock,
    )  # fmt: skip
    tell(target, run(sources, target, options), json_output)


def tell(target: Path, done: Any, as_json: bool = False) -> None:
    """Say what was written to stdout, what was left out to stderr."""
    import json
    import sys

    from deepspeech.datasets.check import describe
    from deepspeech.progress import duration

    if done.faults:
        print(describe(done.faults, "given"), file=sys.stderr)
    if as_json:
        page = {"target": str(target), "samples": done.samples, "duration_s": round(done.duration_s, 3)}
        page |= {"kinds": done.kinds, "coded": done.coded, "skipped": [fault.sample.id for fault in done.faults]}
        print(json.dumps(page, indent=2, ensure_ascii=False))
        return
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(done.kinds.items()))
    parts = [f"{target}: {done.samples} samples, {duration(done.duration_s)} of sound ({kinds})"]
    parts.append(f"{done.coded} coded anew" if done.coded else "none coded anew")
    parts += [f"{len(done.faults)} left out"] if done.faults else []
    print("; ".join(parts))
