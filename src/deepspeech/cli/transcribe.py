"""`deepspeech transcribe FILE…`: transcribe recordings."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli import transcripts
from deepspeech.cli.models import model_file, scorer_file
from deepspeech.cli.recordings import jobs_of
from deepspeech.cli.shared_options import (
    Alpha,
    BeamThreshold,
    BeamWidth,
    Beta,
    HotPhrase,
    HotPhrasesFile,
    ModelFile,
    TokenMinLogp,
    check_positive,
    decode_options,
    weights_need,
)
from deepspeech.cli.transcripts import Output

Files = Annotated[
    list[str] | None,
    typer.Argument(
        help="Read sound files (wav, flac, ogg, opus, mp3, of any rate), folders, patterns, data sets; - is stdin."
    ),
]
ScorerFile = Annotated[Path | None, typer.Option("--scorer", "-s", help="Decode with this .scorer file.")]
Format = Annotated[
    list[str],
    typer.Option(
        "--format",
        "-f",
        metavar="txt|json|srt|vtt|tsv|all",
        help="Write this format; may be repeated with --output-dir.",
        autocompletion=lambda: ["txt", "json", "srt", "vtt", "tsv", "all"],
    ),
]
WordTimestamps = Annotated[
    bool,
    typer.Option("--word-timestamps", help="Mark each word in srt and vtt as it is spoken (karaoke)."),
]
LineWidth = Annotated[int, typer.Option("--max-line-width", metavar="COLUMNS", help="Break lines of subtitles here.")]
LineCount = Annotated[int, typer.Option("--max-line-count", metavar="LINES", help="Give subtitles at most this many.")]
BatchSize = Annotated[
    int, typer.Option(metavar="CLIPS", help="Run this many clips at a time on each core; fewer need less memory.")
]
Device = Annotated[
    str,
    typer.Option(
        metavar="auto|cpu|cuda",
        help="Run the network here; auto: on a GPU where ONNX Runtime has CUDA.",
        autocompletion=lambda: ["auto", "cpu", "cuda"],
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress and no summary, only errors.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print facts of the model and of each recording.")]
JsonOutput = Annotated[bool, typer.Option("--json", help="Write JSON, like --format json.")]
OutputDir = Annotated[
    Path | None, typer.Option("--output-dir", "-o", help="Write one file per recording; existing ones are skipped.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Overwrite existing outputs.")]
ChannelOption = Annotated[
    str | None,
    typer.Option(help="Select a channel, from 0, or each: one transcript per channel; all are averaged by default."),
]
Candidates = Annotated[int, typer.Option(help="With json: write this many transcripts, best first.")]
ExactTimes = Annotated[
    bool,
    typer.Option("--exact-times", help="Align each transcript with its sound: starts and ends of words by frames."),
]
Align = Annotated[
    bool, typer.Option("--align", help="Recognize nothing: time the words of the transcripts that data sets have.")
]
Rate = Annotated[int | None, typer.Option(help="Read raw 16-bit mono audio of this rate, in Hz, from stdin.")]
Manifest = Annotated[
    Path | None, typer.Option(help="Read a list of recordings: one path per line, or a CSV, .sdb, .tar or .jsonl.")
]
Shard = Annotated[
    str | None, typer.Option(help="Process only part i of n, written i/n, to divide a list among n machines.")
]
Cores = Annotated[int | None, typer.Option(help="Use this many cores; all by default.")]
OnRay = Annotated[bool, typer.Option("--ray", help="Run on a Ray cluster (RAY_ADDRESS) that shares the file system.")]


def transcribe(
    model: ModelFile,
    files: Files = None,
    scorer: ScorerFile = None,
    alpha: Alpha = None,
    beta: Beta = None,
    hot_phrase: HotPhrase = None,
    hot_phrases: HotPhrasesFile = None,
    form: Format = ["txt"],  # noqa: B006  # never changed
    json_output: JsonOutput = False,
    output_dir: OutputDir = None,
    overwrite: Overwrite = False,
    channel: ChannelOption = None,
    candidates: Candidates = 1,
    exact_times: ExactTimes = False,
    align: Align = False,
    beam_width: BeamWidth = None,
    beam_threshold: BeamThreshold = None,
    token_min_logp: TokenMinLogp = None,
    rate: Rate = None,
    manifest: Manifest = None,
    shard: Shard = None,
    cores: Cores = None,
    on_ray: OnRay = False,
    word_timestamps: WordTimestamps = False,
    max_line_width: LineWidth = 42,
    max_line_count: LineCount = 2,
    batch_size: BatchSize = 16,
    device: Device = "auto",
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Transcribe audio files, in batches, on all cores.

    Long recordings are cut at silences. Text goes to stdout in input order, progress to stderr; with --output-dir
    text goes to files, and an interrupted run can be resumed. Unreadable and truncated files are reported and do not
    stop the others; the exit code is then 2. Raw audio on stdin is transcribed in real time.

    Example: deepspeech transcribe --model model.onnx hello.wav

    Example: deepspeech transcribe --model model.onnx --format srt --output-dir texts recordings/

    Example: deepspeech transcribe --model model.onnx --channel each call.wav
    """
    weights_need(scorer, alpha, beta)
    check_positive({"--candidates": candidates, "--cores": cores, "--rate": rate, "--batch-size": batch_size})
    layout, forms = _layout(max_line_width, max_line_count, word_timestamps), _formats(form, json_output)
    out = Output(forms, layout, output_dir, overwrite, candidates - 1, cores, batch_size, quiet, verbose)
    only, named = _channel(channel), files or []
    _check_inputs(named, manifest, output_dir, rate, channel, on_ray, exact_times or align)
    phrases = _phrases(hot_phrase, hot_phrases)
    model, scorer = model_file(model), scorer_file(scorer)
    tuning = beam_threshold, token_min_logp, exact_times, device
    recognizer = open_recognizer(model, scorer, beam_width, alpha, beta, phrases, *tuning)
    out.say(lambda: _facts(model, recognizer))
    recognizer = _given(recognizer.session, named, manifest) if align else recognizer
    ray = (model, scorer, phrases) if on_ray else None
    if _transcribed(recognizer, named, manifest, shard, only, rate, out, ray):
        raise typer.Exit(2)


def _transcribed(
    recognizer: Any,
    named: list[str],
    manifest: Path | None,
    shard: str | None,
    only: Any,
    rate: int | None,
    out: Output,
    ray: tuple[Any, ...] | None,
) -> int:
    """Transcribe; the number of recordings that could not be read, or not to the end."""
    if transcripts.STDIN in named:
        return transcripts.from_stdin(recognizer, out, rate, only)
    jobs, failed = _jobs(named, manifest, shard, only)
    if ray:
        model, scorer, phrases = ray
        shared = (model, scorer, recognizer.options, out.alternatives, phrases)
        return failed + transcripts.on_ray(jobs, out, shared)
    return failed + (transcripts.to_files if out.folder else transcripts.to_stdout)(recognizer, jobs, out)


def _facts(model: Path, recognizer: Any) -> str:
    from deepspeech.cores import cores

    card, width = recognizer.card, recognizer.options.beam_width
    language, rate_hz = card.language or "language unknown", card.features.sample_rate_hz
    return f"{model}: {language}, {rate_hz} Hz, {card.precision}, beam width {width}; {cores()} cores"


def _formats(form: list[str], json_output: bool) -> tuple[str, ...]:
    from deepspeech.decoder.writers import checked_formats

    return checked_formats(["json"] if json_output else form)


def _layout(line_width: int, lines: int, word_times: bool) -> Any:
    from deepspeech.decoder.subtitles import SubtitleLayout

    return SubtitleLayout(line_width, lines, word_times)


def _channel(channel: str | None) -> Any:
    from deepspeech.runtime.recording import parse_channel

    return parse_channel(channel)


def _phrases(hot_phrase: list[str] | None, hot_phrases: Path | None) -> Any:
    from deepspeech.decoder.phrases import HotPhrases

    return HotPhrases.gather(hot_phrase or (), hot_phrases)


def _check_inputs(
    named: list[str],
    manifest: Path | None,
    output_dir: Path | None,
    rate: int | None,
    channel: str | None,
    on_ray: bool,
    aligned: bool,
) -> None:
    """Raise ConfigError for options that exclude each other."""
    from deepspeech.errors import ConfigError

    if bool(named) == bool(manifest):
        raise ConfigError("name recordings, or a list with --manifest")
    if transcripts.STDIN in named and (len(named) > 1 or output_dir):
        raise ConfigError("- must be the only input, and its text goes to stdout")
    if transcripts.STDIN in named and rate and channel:
        raise ConfigError("--channel is for sound files; raw audio on stdin is mono")
    if aligned and (rate or on_ray):
        raise ConfigError("--exact-times and --align are for files on this machine, without --rate and --ray")
    if on_ray and not output_dir:
        raise ConfigError("--ray writes files; name a folder with --output-dir")


def _given(session: Any, named: list[str], manifest: Path | None) -> Any:
    """What gives the transcripts of data sets. Raises ConfigError."""
    from deepspeech.alignment.given import GivenTranscripts
    from deepspeech.datasets.samples import is_data_set, read_samples
    from deepspeech.errors import ConfigError

    sets = [manifest] if manifest else [Path(name) for name in named]
    for one in sets:
        if not is_data_set(one):
            raise ConfigError(f"{one}: --align needs data sets with transcripts; for a text: deepspeech align")
    return GivenTranscripts(session, [sample for one in sets for sample in read_samples(one)])


def _jobs(named: list[str], manifest: Path | None, shard: str | None, only: Any) -> tuple[Any, int]:
    """What to transcribe, one job for each file, or for each channel; and how many inputs have failed."""
    from deepspeech.runtime.jobs import of_channels, take_shard
    from deepspeech.runtime.recording import channels

    jobs, failed = jobs_of(named, manifest)
    return of_channels(take_shard(jobs, shard) if shard else jobs, only, channels), failed


def open_recognizer(
    model: Path,
    scorer: Path | None,
    beam_width: int | None,
    alpha: float | None,
    beta: float | None,
    phrases: Any = None,
    beam_threshold: float | None = None,
    token_min_logp: float | None = None,
    exact_times: bool = False,
    device: str = "auto",
) -> Any:
    """A Recognizer whose scorer and phrases fit the model."""
    from deepspeech.decoder.scorer import Scorer
    from deepspeech.runtime.recognizer import Recognizer
    from deepspeech.runtime.session import Session

    session = Session(model, device=device)
    options = decode_options(
        beam_width or session.card.beam_width,
        beam_threshold=beam_threshold, token_min_logp=token_min_logp, alpha=alpha, beta=beta,
    )  # fmt: skip
    words = Scorer.open(scorer, session.card.tokens) if scorer else None
    recognizer = Recognizer(session, options, words, phrases=phrases, exact_times=exact_times)
    recognizer.check()
    return recognizer
