"""`bin/data_set_tool.py`, `bin/play.py` and `bin/compare_samples.py` with their old options."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.main import run
from deepspeech.cli.old_importers import with_hyphens
from deepspeech.renamed import renamed

__getattr__ = renamed(__name__, {"door": "deepspeech.cli.old_samples:run_script"})


def run_script(command: Any) -> None:
    """Run one of the commands below with this process's arguments; underscores in option names are good."""
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    name = Path(sys.argv[0]).name
    app.command(name=name)(command)
    click_command = typer.main.get_command(app)
    run(lambda: click_command(args=with_hyphens(sys.argv[1:]), prog_name=name))


def data_set_tool(
    sources: Annotated[list[Path], typer.Argument(help="Data sets: .csv or .sdb; .tar and .jsonl too.")],
    target: Annotated[Path, typer.Argument(help="What to write: .csv, .sdb, .tar, .tar.gz or .tgz.")],
    audio_type: Annotated[str, typer.Option("--audio-type", help="opus or wav, of a .sdb.")] = "opus",
    bitrate: Annotated[int | None, typer.Option("--bitrate", help="Of opus, in bits a second.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", help="Threads; one a core by default.")] = None,
    unlabeled: Annotated[bool, typer.Option("--unlabeled", help="Without transcripts.")] = False,
    absolute_paths: Annotated[bool, typer.Option("--absolute-paths", help="Whole paths in a .csv.")] = False,
    augment: Annotated[list[str] | None, typer.Option("--augment", help="An augmentation; may be repeated.")] = None,
    include: Annotated[
        list[Path] | None, typer.Option("--include", help="A file to put into a .tar too; may be repeated.")
    ] = None,
) -> None:
    """Data sets as a .csv with wav files, a .sdb or a .tar, shortest samples first.

    `deepspeech data convert` does this and more.
    """
    from deepspeech.cli.data_convert import tell
    from deepspeech.cores import cores
    from deepspeech.datasets.convert import ConvertOptions, convert
    from deepspeech.datasets.formats.targets import ARCHIVES, suffix_of

    options = ConvertOptions(
        # Only a database ever held opus: folders and archives hold wav files.
        audio_type=audio_type if suffix_of(target) == ".sdb" else "wav",
        bitrate=bitrate, labelled=not unlabeled, sort=True, copy=True, absolute=absolute_paths,
        workers=workers or cores(), augmentations=audible(augment or []),
        listing=suffix_of(target) in ARCHIVES, include=tuple(include or ()),
    )  # fmt: skip
    tell(target, convert(sources, target, options))


def play(
    source: Annotated[Path, typer.Argument(help="A .wav, .csv or .sdb; other sounds and data sets too.")],
    start: Annotated[int, typer.Option("--start", help="First sample, from 0; negative: from the end.")] = 0,
    number: Annotated[int, typer.Option("--number", help="How many; -1: all.")] = -1,
    random: Annotated[bool, typer.Option("--random", help="In random order.")] = False,
    augment: Annotated[list[str] | None, typer.Option("--augment", help="An augmentation; may be repeated.")] = None,
    clock: Annotated[float, typer.Option("--clock", help="How far training is thought to be, from 0 to 1.")] = 0.5,
    pipe: Annotated[bool, typer.Option("--pipe", help="The first sample as a wav file to stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not show what is played.")] = False,
) -> None:
    """Play samples, as augmentations leave them. `deepspeech data play` does this and more."""
    from deepspeech.audio.formats import wav_bytes
    from deepspeech.cli.data_play import shown, to_device
    from deepspeech.datasets.listen import listen

    clips = listen(source, start, 1 if pipe else number, random, audible(augment or []), None, clock)
    if pipe:
        one = next(clips)
        sys.stdout.buffer.write(wav_bytes(one.samples, one.rate_hz))
        return
    to_device(clips if quiet else shown(clips))


def compare_samples(
    sample1: Annotated[Path, typer.Argument(help="A sound file.")],
    sample2: Annotated[Path, typer.Argument(help="Another.")],
    threshold: Annotated[
        float, typer.Option("--threshold", help="Loudest difference that counts as none, in dBFS.")
    ] = -60.0,
    if_differ: Annotated[bool, typer.Option("--if-differ", help="Succeed where they differ.")] = False,
    no_success_output: Annotated[
        bool, typer.Option("--no-success-output", help="Say nothing where it succeeds.")
    ] = False,
) -> None:
    """Whether two sounds are the same; the exit code is 1 where they are not. See `deepspeech data compare`."""
    from deepspeech.cli.data_compare import differs, line
    from deepspeech.datasets.compare import of_sounds

    pair = of_sounds(sample1, sample2)
    # A difference of format or length was always a failure, asked for or not.
    success = not pair.fault and differs(pair, threshold) == if_differ
    if not success or not no_success_output:
        print(line(pair), file=sys.stdout if success else sys.stderr)
    if not success:
        raise typer.Exit(1)


def audible(texts: list[str]) -> Any:
    """The augmentations that sound can show; of others the old tools said that they do nothing."""
    from deepspeech.datasets.augment.spec import parse

    for text in texts:
        if parse(text).domain != "signal":
            print(f"deepspeech: --augment {text} is left out: no sound shows it", file=sys.stderr)
    return tuple(entry for entry in map(parse, texts) if entry.domain == "signal")
