"""`deepspeech data convert`: convert data sets between formats."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.text_options import takes_text


@takes_text
def convert(
    sources: Annotated[
        list[Path], typer.Argument(metavar="DATA", help="Read these data sets in order: .csv, .sdb, .tar or .jsonl.")
    ],
    target: Annotated[
        Path, typer.Argument(metavar="FILE", help="Write this file: .csv, .sdb, .tar, .tar.gz or .jsonl.")
    ],
    audio_type: Annotated[
        str, typer.Option(help="Encode the audio as wav, flac or opus; by default formats are kept.")
    ] = "",
    bitrate: Annotated[
        int | None, typer.Option(help="Set the bit rate of opus, in bits per second: 6000 to 256000.")
    ] = None,
    unlabeled: Annotated[bool, typer.Option("--unlabeled", help="Omit transcripts.")] = False,
    sort: Annotated[
        bool | None, typer.Option("--sort/--no-sort", help="Sort by length, shortest first; the default for a .sdb.")
    ] = None,
    copy: Annotated[
        bool, typer.Option("--copy", help="For .csv and .jsonl: copy audio files that need no change, too.")
    ] = False,
    absolute_paths: Annotated[bool, typer.Option("--absolute-paths", help="Write absolute paths to a .csv.")] = False,
    augment: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[KEY=VALUE,…]", help="Augment the audio; may be repeated. See docs/augmentation.md."),
    ] = None,
    clock: Annotated[float, typer.Option(help="Set the progress of training, 0 to 1, for --augment.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Set the seed of --augment.")] = 4568,
    workers: Annotated[int | None, typer.Option(help="Use this many threads; one per core by default.")] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Skip unreadable audio.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
    text_settings: Any = None,
) -> None:
    """Convert data sets to another format, and normalize their text.

    Audio that needs no change is copied unchanged. The target is written atomically. A .csv or .jsonl refers to
    recordings in place; audio from inside another file goes into a folder next to the target.

    Example: deepspeech data convert train.csv more.csv train.sdb --audio-type opus

    Example: deepspeech data convert recordings.csv train.csv --language fr
    """
    from deepspeech.cores import cores
    from deepspeech.datasets.augment.audible import parse_audible
    from deepspeech.datasets.convert import ConvertOptions
    from deepspeech.datasets.convert import convert as run

    options = ConvertOptions(
        audio_type=audio_type, bitrate=bitrate, labeled=not unlabeled, sort=sort, copy=copy, absolute=absolute_paths,
        skip_bad=skip_bad, workers=workers or cores(), augmentations=parse_audible(augment or ()),
        seed=seed, clock=clock, text=text_settings(),
    )  # fmt: skip
    print_summary(target, run(sources, target, options), json_output)


def print_summary(target: Path, done: Any, as_json: bool = False) -> None:
    """Print the summary to stdout and skipped clips to stderr."""
    import json
    import sys

    from deepspeech.datasets.check import describe
    from deepspeech.progress import duration

    if done.faults:
        print(describe(done.faults, "given"), file=sys.stderr)
    if done.text:
        print("\n".join(done.text.lines()), file=sys.stderr)
    if as_json:
        page = {"target": str(target), "samples": done.samples, "duration_s": round(done.duration_s, 3)}
        page |= {"kinds": done.kinds, "coded": done.coded, "skipped": [fault.sample.id for fault in done.faults]}
        page |= {"text": done.text.to_dict()} if done.text else {}
        print(json.dumps(page, indent=2, ensure_ascii=False))
        return
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(done.kinds.items()))
    parts = [f"{target}: {done.samples} samples, {duration(done.duration_s)} of audio ({kinds})"]
    parts.append(f"{done.coded} re-encoded" if done.coded else "none re-encoded")
    parts += [f"{len(done.faults)} skipped"] if done.faults else []
    print("; ".join(parts))
