"""`deepspeech data play`: play samples of a data set, augmented or not."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer


def play(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", help="Read this data set (.csv, .sdb, .tar, .jsonl) or sound file.")
    ],
    start: Annotated[int, typer.Option(help="Start with this sample, from 0; negative: from the end.")] = 0,
    number: Annotated[int, typer.Option(help="Play this many samples; negative: all that follow.")] = -1,
    random: Annotated[bool, typer.Option("--random", help="Shuffle the samples.")] = False,
    augment: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[KEY=VALUE,…]", help="Augment the audio; may be repeated. See docs/augmentation.md."),
    ] = None,
    clock: Annotated[float, typer.Option(help="Set the progress of training, 0 to 1, for --augment.")] = 0.5,
    seed: Annotated[int | None, typer.Option(help="Set the seed, to repeat a selection; random by default.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the samples to one wav file.")] = None,
    pipe: Annotated[bool, typer.Option("--pipe", help="Write raw 16-bit mono samples to stdout.")] = False,
    rate: Annotated[
        int | None, typer.Option(help="Set the rate of file or pipe in Hz; the first sample's by default.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="Play on this device; the system's default otherwise.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no file names and transcripts.")] = False,
) -> None:
    """Play samples of a data set, or write them to a file.

    With --augment they sound as in training.
    Playing needs sounddevice (the extra [mic]) or aplay.

    Example: deepspeech data play train.csv --random --number 3 --augment "reverb[delay=50,decay=2]"
    """
    from deepspeech.datasets.augment.audible import parse_audible
    from deepspeech.datasets.listen import listen
    from deepspeech.errors import ConfigError

    if output and pipe:
        raise ConfigError("--output and --pipe exclude each other")
    if rate is not None and rate < 1:
        raise ConfigError(f"--rate is {rate}; it must be at least 1 Hz")
    clips = listen(source, start, number, random, parse_audible(augment or ()), seed, clock)
    clips = clips if quiet else shown(clips)
    if pipe:
        _to_pipe(clips, rate)
    elif output:
        _to_file(clips, rate, output)
    else:
        to_device(clips, device)


def shown(clips: Iterable[Any]) -> Any:
    """Print each clip to stderr before it is played."""
    import sys

    for one in clips:
        print(f"{one.sample.id}: {len(one.samples) / one.rate_hz:.2f} s  {one.sample.transcript}", file=sys.stderr)
        yield one


def to_device(clips: Iterable[Any], device: str | None = None) -> None:
    """Play all clips; Ctrl-C stops."""
    from contextlib import suppress

    from deepspeech.audio.speaker import play as sound

    with suppress(KeyboardInterrupt):
        for one in clips:
            sound(one.samples, one.rate_hz, device)


def _at_one_rate(clips: Iterable[Any], rate: int | None) -> Any:
    from deepspeech.audio.resample import resample

    for one in clips:
        rate = rate or one.rate_hz
        yield resample(one.samples, one.rate_hz, rate), rate


def _to_pipe(clips: Iterable[Any], rate: int | None) -> None:
    import sys

    from deepspeech.audio.pcm import float_to_int16

    for samples, _ in _at_one_rate(clips, rate):
        sys.stdout.buffer.write(float_to_int16(samples).astype("<i2").tobytes())
        sys.stdout.buffer.flush()


def _to_file(clips: Iterable[Any], rate: int | None, path: Path) -> None:
    from deepspeech.audio.formats import write_wavs

    count, duration_s = write_wavs(path, _at_one_rate(clips, rate))
    print(f"{path}: {count} samples, {duration_s:.2f} s")
