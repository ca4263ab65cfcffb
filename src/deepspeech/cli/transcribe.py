"""`deepspeech transcribe FILE…`: transcribe recordings."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli import transcripts
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

Files = Annotated[
    list[str] | None,
    typer.Argument(
        help="Read sound files (wav, flac, ogg, opus, mp3, of any rate), folders, patterns, data sets; - is stdin."
    ),
]
ScorerFile = Annotated[Path | None, typer.Option("--scorer", "-s", help="Decode with this .scorer file.")]
Format = Annotated[str, typer.Option("--format", "-f", help="Write txt, json, srt, vtt or tsv.")]
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
    form: Format = "txt",
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
) -> None:
    """Transcribe audio files, in batches, on all cores.

    Long recordings are cut at silences. Text goes to stdout in input order, progress to stderr; with --output-dir
    text goes to files, and an interrupted run can be resumed. Unreadable and truncated files are reported and do not
    stop the others; the exit code is then 2. Raw audio on stdin is transcribed in real time.

    Example: deepspeech transcribe --model model.onnx hello.wav

    Example: deepspeech transcribe --model model.onnx --format srt --output-dir texts recordings/

    Example: deepspeech transcribe --model model.onnx --channel each call.wav
    """
    from deepspeech.cli.models import model_file, scorer_file
    from deepspeech.runtime.recording import parse_channel

    weights_need(scorer, alpha, beta)
    form, only, named = _format(form, json_output), parse_channel(channel), files or []
    check_positive({"--candidates": candidates, "--cores": cores, "--rate": rate})
    _check_inputs(named, manifest, output_dir, rate, channel, on_ray, exact_times or align)
    phrases = _phrases(hot_phrase, hot_phrases)
    model, scorer, alternatives = model_file(model), scorer_file(scorer), candidates - 1
    tuning = beam_threshold, token_min_logp, exact_times
    recognizer = open_recognizer(model, scorer, beam_width, alpha, beta, phrases, *tuning)
    recognizer = _given(recognizer.session, named, manifest) if align else recognizer
    if transcripts.STDIN in named:
        failed = transcripts.from_stdin(recognizer, form, rate, alternatives, only)
    else:
        jobs, failed = _jobs(named, manifest, shard, only)
        if on_ray and output_dir:
            shared = (model, scorer, recognizer.options, alternatives, phrases)
            failed += transcripts.on_ray(jobs, output_dir, form, overwrite, shared)
        else:
            failed += _here(recognizer, jobs, form, output_dir, overwrite, alternatives, cores)
    if failed:
        raise typer.Exit(2)


def _format(form: str, json_output: bool) -> str:
    from deepspeech.runtime.writers import checked_format

    return checked_format("json" if json_output else form)


def _phrases(hot_phrase: list[str] | None, hot_phrases: Path | None) -> Any:
    from deepspeech.decoder.phrases import HotPhrases

    return HotPhrases.gather(hot_phrase or (), hot_phrases)


def _here(
    recognizer: Any,
    jobs: list[Any],
    form: str,
    output_dir: Path | None,
    overwrite: bool,
    alternatives: int,
    cores: int | None,
) -> int:
    """Transcribe on this machine; the number of recordings that could not be read, or not to the end."""
    if output_dir is None:
        return transcripts.to_stdout(recognizer, jobs, form, alternatives, cores)
    return transcripts.to_files(recognizer, jobs, form, output_dir, overwrite, alternatives, cores)


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
) -> Any:
    """A Recognizer whose scorer and phrases fit the model."""
    from deepspeech.decoder.scorer import Scorer
    from deepspeech.runtime.recognizer import Recognizer
    from deepspeech.runtime.session import Session

    session = Session(model)
    options = decode_options(
        beam_width or session.card.beam_width,
        beam_threshold=beam_threshold, token_min_logp=token_min_logp, alpha=alpha, beta=beta,
    )  # fmt: skip
    words = Scorer.open(scorer, session.card.tokens) if scorer else None
    recognizer = Recognizer(session, options, words, phrases=phrases, exact_times=exact_times)
    recognizer.check()
    return recognizer
