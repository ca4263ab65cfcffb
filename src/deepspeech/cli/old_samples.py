"""`bin/data_set_tool.py`, `bin/play.py` and `bin/compare_samples.py` with their old options."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.main import run
from deepspeech.cli.metavars import Command, with_metavars
from deepspeech.cli.old_importers import with_hyphens
from deepspeech.renamed import renamed

__getattr__ = renamed(__name__, {"door": "deepspeech.cli.old_samples:run_script"})


def run_script(command: Any) -> None:
    """Run one of the commands below with this process's arguments; underscores in option names are accepted."""
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    name = Path(sys.argv[0]).name
    app.command(name=name, cls=Command)(with_metavars(command))
    click_command = typer.main.get_command(app)
    run(lambda: click_command(args=with_hyphens(sys.argv[1:]), prog_name=name))


def data_set_tool(
    sources: Annotated[
        list[Path], typer.Argument(metavar="DATA", help="Read these data sets: .csv or .sdb; .tar and .jsonl too.")
    ],
    target: Annotated[Path, typer.Argument(metavar="FILE", help="Write this file: .csv, .sdb, .tar, .tar.gz or .tgz.")],
    audio_type: Annotated[
        str, typer.Option("--audio-type", metavar="opus|wav", help="Encode the audio of a .sdb in this format.")
    ] = "opus",
    bitrate: Annotated[
        int | None, typer.Option("--bitrate", help="Set the bit rate of opus in bits per second.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Use this many threads; one per core by default.")
    ] = None,
    unlabeled: Annotated[bool, typer.Option("--unlabeled", help="Omit transcripts.")] = False,
    absolute_paths: Annotated[bool, typer.Option("--absolute-paths", help="Write absolute paths to a .csv.")] = False,
    augment: Annotated[
        list[str] | None, typer.Option("--augment", help="Apply this augmentation; may be repeated.")
    ] = None,
    include: Annotated[
        list[Path] | None, typer.Option("--include", help="Add this file to a .tar; may be repeated.")
    ] = None,
) -> None:
    """Convert data sets to a .csv with wav files, a .sdb or a .tar, shortest samples first.

    `deepspeech data convert` does this and more.
    """
    from deepspeech.cli.data_convert import print_summary
    from deepspeech.cores import cores
    from deepspeech.datasets.convert import ConvertOptions, convert
    from deepspeech.datasets.formats.targets import ARCHIVES, suffix_of

    options = ConvertOptions(
        # In 0.9.3 only databases held opus; folders and archives hold wav files.
        audio_type=audio_type if suffix_of(target) == ".sdb" else "wav",
        bitrate=bitrate, labeled=not unlabeled, sort=True, copy=True, absolute=absolute_paths,
        workers=workers or cores(), augmentations=audible(augment or []),
        listing=suffix_of(target) in ARCHIVES, include=tuple(include or ()),
    )  # fmt: skip
    print_summary(target, convert(sources, target, options))


def play(
    source: Annotated[Path, typer.Argument(help="Read this .wav, .csv or .sdb; other sound files and data sets too.")],
    start: Annotated[int, typer.Option("--start", help="Start with this sample, from 0; negative: from the end.")] = 0,
    number: Annotated[int, typer.Option("--number", help="Play this many samples; -1: all.")] = -1,
    random: Annotated[bool, typer.Option("--random", help="Shuffle the samples.")] = False,
    augment: Annotated[
        list[str] | None, typer.Option("--augment", help="Apply this augmentation; may be repeated.")
    ] = None,
    clock: Annotated[float, typer.Option("--clock", help="Set the progress of training, 0 to 1, for --augment.")] = 0.5,
    pipe: Annotated[bool, typer.Option("--pipe", help="Write the first sample as a wav file to stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no file names and transcripts.")] = False,
) -> None:
    """Play samples, augmented or not. `deepspeech data play` does this and more."""
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
    sample1: Annotated[Path, typer.Argument(metavar="FIRST", help="Read this sound file.")],
    sample2: Annotated[Path, typer.Argument(metavar="SECOND", help="Compare it with this one.")],
    threshold: Annotated[
        float, typer.Option("--threshold", help="Ignore differences up to this level, in dBFS.")
    ] = -60.0,
    if_differ: Annotated[bool, typer.Option("--if-differ", help="Succeed if they differ.")] = False,
    no_success_output: Annotated[bool, typer.Option("--no-success-output", help="Print nothing on success.")] = False,
) -> None:
    """Compare two sound files; the exit code is 1 if they differ. See `deepspeech data compare`."""
    from deepspeech.cli.data_compare import differs, line
    from deepspeech.datasets.compare import of_sounds

    pair = of_sounds(sample1, sample2)
    # In 0.9.3 a difference of format or length was a failure with --if-differ too.
    success = not pair.fault and differs(pair, threshold) == if_differ
    if not success or not no_success_output:
        print(line(pair), file=sys.stdout if success else sys.stderr)
    if not success:
        raise typer.Exit(1)


def audible(texts: list[str]) -> Any:
    """Augmentations of the signal; others are reported and skipped, as in 0.9.3."""
    from deepspeech.datasets.augment.spec import parse

    for text in texts:
        if parse(text).domain != "signal":
            print(f"deepspeech: --augment {text} is left out: it does not act on the signal", file=sys.stderr)
    return tuple(entry for entry in map(parse, texts) if entry.domain == "signal")
