"""`deepspeech transcribe FILE…`: transcribe recordings."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.evaluate import weights_need
from deepspeech.cli.recordings import jobs_of
from deepspeech.cli.shared_options import Alpha, BeamWidth, Beta, HotPhrase, HotPhrasesFile
from deepspeech.printable import in_line

STDIN = "-"


def transcribe(
    model: Annotated[Path, typer.Option("--model", "-m", help="Use this model file; .tflite, .pb and .pbmm too.")],
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Read sound files (wav, flac, ogg, opus, mp3, of any rate), folders, patterns, data sets; - is stdin."
        ),
    ] = None,
    scorer: Annotated[Path | None, typer.Option("--scorer", "-s", help="Decode with this .scorer file.")] = None,
    alpha: Alpha = None,
    beta: Beta = None,
    hot_phrase: HotPhrase = None,
    hot_phrases: HotPhrasesFile = None,
    form: Annotated[str, typer.Option("--format", "-f", help="Write txt, json, srt, vtt or tsv.")] = "txt",
    json_output: Annotated[bool, typer.Option("--json", help="Write JSON, like --format json.")] = False,
    output_dir: Annotated[
        Path | None,
        typer.Option("--output-dir", "-o", help="Write one file per recording; existing ones are skipped."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Overwrite existing outputs.")] = False,
    channel: Annotated[
        str | None,
        typer.Option(
            help="Select a channel, from 0, or each: one transcript per channel; all are averaged by default."
        ),
    ] = None,
    candidates: Annotated[int, typer.Option(help="With json: write this many transcripts, best first.")] = 1,
    exact_times: Annotated[
        bool,
        typer.Option("--exact-times", help="Align each transcript with its sound: starts and ends of words by frames."),
    ] = False,
    align: Annotated[
        bool,
        typer.Option("--align", help="Recognize nothing: time the words of the transcripts that data sets have."),
    ] = False,
    beam_width: BeamWidth = None,
    rate: Annotated[
        int | None, typer.Option(help="Read raw 16-bit mono audio of this rate, in Hz, from stdin.")
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option(help="Read a list of recordings: one path per line, or a CSV, .sdb, .tar or .jsonl.")
    ] = None,
    shard: Annotated[
        str | None, typer.Option(help="Process only part i of n, written i/n, to divide a list among n machines.")
    ] = None,
    cores: Annotated[int | None, typer.Option(help="Use this many cores; all by default.")] = None,
    on_ray: Annotated[
        bool, typer.Option("--ray", help="Run on a Ray cluster (RAY_ADDRESS) that shares the file system.")
    ] = False,
) -> None:
    """Transcribe audio files, in batches, on all cores.

    Long recordings are cut at silences. Text goes to stdout in input order, progress to stderr; with --output-dir
    text goes to files, and an interrupted run can be resumed. Unreadable and truncated files are reported and do not
    stop the others; the exit code is then 2. Raw audio on stdin is transcribed in real time.

    Example: deepspeech transcribe --model model.onnx hello.wav

    Example: deepspeech transcribe --model model.onnx --format srt --output-dir texts recordings/

    Example: deepspeech transcribe --model model.onnx --channel each call.wav

    Example: deepspeech transcribe --model model.onnx --align --json dev.csv
    """
    from deepspeech.decoder.options import DecodeOptions
    from deepspeech.decoder.phrases import HotPhrases
    from deepspeech.decoder.scorer import Scorer
    from deepspeech.errors import ConfigError
    from deepspeech.old_models.convert import as_model_file
    from deepspeech.runtime.jobs import of_channels, take_shard
    from deepspeech.runtime.recognizer import Recognizer
    from deepspeech.runtime.recording import channels
    from deepspeech.runtime.session import Session
    from deepspeech.runtime.writers import FORMATS

    weights_need(scorer, alpha, beta)
    form = "json" if json_output else form
    if form not in FORMATS:
        raise ConfigError(f"--format is '{form}'; choose one of {', '.join(FORMATS)}")
    for option, value in (("--candidates", candidates), ("--cores", cores), ("--rate", rate)):
        if value is not None and value < 1:
            raise ConfigError(f"{option} is {value}; it must be at least 1")
    named = files or []
    if bool(named) == bool(manifest):
        raise ConfigError("name recordings, or a list with --manifest")
    stdin, one = STDIN in named, _channel(channel)
    if stdin:
        _check_stdin(named, output_dir, rate, channel)
    _check_place(rate, on_ray, output_dir, exact_times or align)

    session = Session(as_model_file(model))
    options = DecodeOptions(beam_width=beam_width or session.card.beam_width, alpha=alpha, beta=beta)
    words, phrases = (
        Scorer.open(scorer, session.card.alphabet) if scorer else None,
        HotPhrases.gather(hot_phrase or (), hot_phrases),
    )
    recognizer = Recognizer(session, options, words, phrases=phrases, exact_times=exact_times)
    recognizer.check()  # fails early if scorer or phrases do not fit
    if stdin:
        if _stdin(recognizer, form, rate, candidates - 1, one if one is not None else channel):
            raise typer.Exit(2)
        return
    jobs, lost = jobs_of(named, manifest)
    jobs = take_shard(jobs, shard) if shard else jobs
    jobs = of_channels(jobs, one, channels) if channel else jobs
    recognizer = _given(session, [*named, *([str(manifest)] if manifest else [])]) if align else recognizer
    if output_dir is None:
        errors = _to_stdout(recognizer, jobs, form, candidates - 1, cores)
    elif on_ray:
        errors = _on_ray(jobs, output_dir, form, overwrite, (model, scorer, options, candidates - 1))
    else:
        errors = _to_files(recognizer, jobs, form, output_dir, overwrite, candidates - 1, cores)
    if lost + errors:
        raise typer.Exit(2)


def _check_place(rate: int | None, on_ray: bool, output_dir: Path | None, aligned: bool) -> None:
    from deepspeech.errors import ConfigError

    if aligned and (rate or on_ray):
        raise ConfigError("--exact-times and --align are for files on this machine, without --rate and --ray")
    if on_ray and not output_dir:
        raise ConfigError("--ray writes files; name a folder with --output-dir")


def _given(session: Any, named: list[str]) -> Any:
    """What gives the transcripts of data sets. Raises ConfigError."""
    from deepspeech.alignment.given import GivenTranscripts
    from deepspeech.datasets.samples import is_data_set, read_samples
    from deepspeech.errors import ConfigError

    for name in named:
        if not is_data_set(name):
            raise ConfigError(f"{name}: --align needs data sets with transcripts; for a text: deepspeech align")
    return GivenTranscripts(session, [sample for name in named for sample in read_samples(name)])


def _check_stdin(named: list[str], output_dir: Path | None, rate: int | None, channel: str | None) -> None:
    from deepspeech.errors import ConfigError

    if len(named) > 1 or output_dir:
        raise ConfigError("- must be the only input, and its text goes to stdout")
    if rate and channel:
        raise ConfigError("--channel is for sound files; raw audio on stdin is mono")


def _channel(channel: str | None) -> int | None:
    """The requested channel number; None for all. Raises ConfigError."""
    from deepspeech.errors import ConfigError
    from deepspeech.runtime.recording import EACH

    if channel is None or channel == EACH:
        return None
    if not channel.isdecimal():
        raise ConfigError(f"--channel is '{channel}'; give a number from 0, or {EACH}")
    return int(channel)


def _stdin(recognizer: Any, form: str, rate: int | None, alternatives: int, channel: int | str | None) -> int:
    """Transcribe stdin; returns the number of recordings that could not be read to the end."""
    import sys

    from deepspeech.audio.pcm import read_pcm
    from deepspeech.runtime.endpoints import EndpointRules
    from deepspeech.runtime.jobs import Job
    from deepspeech.runtime.writers import TranscriptWriter

    writer, warnings = TranscriptWriter(form), 0
    if rate is None:
        print(writer.head(), end="", flush=True)
        for result in recognizer.transcribe_all([sys.stdin.buffer.read()], alternatives, channel=channel):
            if isinstance(result, Exception):
                raise result
            label = Job(Path(STDIN), Path(STDIN), result.channel).label
            print(writer.body(label, result.segments, result.duration_s), end="")
            warnings += _warn(result)
        return warnings
    with recognizer.stream(rate, endpoints=EndpointRules(), alternatives=alternatives) as stream:
        print(writer.head(), end="", flush=True)
        for utterance in stream.over(read_pcm(sys.stdin.buffer, max(1, rate // 10))):
            print(writer.body(STDIN, [utterance]), end="", flush=True)
    return 0


def _warn(result: Any) -> int:
    """Report the warning of a recording; returns the number of warnings."""
    import sys

    if result.warning:
        print(f"deepspeech: {in_line(result.warning)}; transcribed up to there", file=sys.stderr)
    return 1 if result.warning else 0


def _to_stdout(recognizer: Any, jobs: list[Any], form: str, alternatives: int, cores: int | None) -> int:
    """Returns the number of recordings that could not be read, or not to the end."""
    from deepspeech.errors import ConfigError
    from deepspeech.runtime.writers import TranscriptWriter

    if form in ("srt", "vtt") and len(jobs) > 1:
        raise ConfigError(f"{form} needs one file per recording; name a folder with --output-dir")
    writer = TranscriptWriter(form, named=len(jobs) > 1)
    print(writer.head(), end="")

    def show(job: Any, result: Any) -> None:
        print(writer.body(job.label, result.segments, result.duration_s), end="", flush=True)

    errors, cut, _ = _each(recognizer, jobs, len(jobs), alternatives, cores, show)
    return errors + cut


def _to_files(
    recognizer: Any,
    jobs: list[Any],
    form: str,
    folder: Path,
    overwrite: bool,
    alternatives: int,
    cores: int | None,
) -> int:
    """Returns the number of recordings that could not be read, or not to the end."""
    from deepspeech.runtime.jobs import output, to_do, write
    from deepspeech.runtime.writers import TranscriptWriter

    left = to_do(jobs, folder, form, overwrite)

    def keep(job: Any, result: Any) -> None:
        writer = TranscriptWriter(form)
        text = writer.head() + writer.body(job.label, result.segments, result.duration_s)
        write(output(folder, job, form), text)

    errors, cut, sound_s = _each(recognizer, left, len(jobs), alternatives, cores, keep)
    _sum_up(len(jobs), len(left), errors, cut, sound_s, folder)
    return errors + cut


def _on_ray(jobs: list[Any], folder: Path, form: str, overwrite: bool, settings: tuple[Any, ...]) -> int:
    """Returns the number of recordings that could not be read, or not to the end."""
    import sys

    from deepspeech.runtime.jobs import to_do
    from deepspeech.runtime.ray_job import transcribe as transcribe_on_ray

    left = to_do(jobs, folder, form, overwrite)
    rows = transcribe_on_ray(left, folder, form, *settings) if left else []
    errors = [row["error"] for row in rows if row["error"]]
    for line in errors:
        print(f"deepspeech: {in_line(line)}", file=sys.stderr)
    cut = sum(bool(row["error"]) and row["sound_s"] > 0 for row in rows)
    _sum_up(len(jobs), len(left), len(errors) - cut, cut, sum(row["sound_s"] for row in rows), folder)
    return len(errors)


def _each(
    recognizer: Any,
    jobs: list[Any],
    total: int,
    alternatives: int,
    cores: int | None,
    take: Callable[[Any, Any], None],
) -> tuple[int, int, float]:
    """Pass each result to `take`. Returns counts of unreadable and truncated recordings, and seconds transcribed."""
    import sys
    import time

    from deepspeech.errors import AudioError, audio_error
    from deepspeech.progress import Progress
    from deepspeech.runtime.recording import Channel

    errors, cut, sound_s, started_s = 0, 0, 0.0, time.monotonic()
    with Progress(total, "transcribe", "recordings", done=total - len(jobs)) as progress:
        sources = (Channel(job.audio, job.channel) for job in jobs)
        results = recognizer.transcribe_all(sources, alternatives, cores)
        for job, result in zip(jobs, results, strict=True):
            try:
                if isinstance(result, AudioError):
                    raise result
                take(job, result)
                sound_s += result.duration_s
                cut += _warn(result)
            except BrokenPipeError:
                raise  # nobody reads what is printed
            except Exception as error:  # of one recording; the others go on
                print(f"deepspeech: {in_line(str(audio_error(error, job.audio)))}", file=sys.stderr)
                errors += 1
            factor = (time.monotonic() - started_s) / max(sound_s, 0.001)
            progress.advance(note=f"real-time factor {factor:.3f}")
    return errors, cut, sound_s


def _sum_up(total: int, tried: int, errors: int, cut: int, sound_s: float, folder: Path) -> None:
    import sys

    from deepspeech.progress import duration

    parts = [f"{tried - errors} of {total} recordings written to {folder}, {duration(sound_s)} of audio"]
    if tried < total:
        parts.append(f"{total - tried} skipped, already done")
    if errors:
        parts.append(f"{errors} could not be read")
    if cut:
        parts.append(f"{cut} could not be read to the end")
    print(f"deepspeech: {'; '.join(parts)}", file=sys.stderr)
