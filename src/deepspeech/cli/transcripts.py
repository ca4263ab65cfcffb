"""Where the transcripts of `deepspeech transcribe` go: stdout, a file for each recording, or a Ray cluster's files.

In: a Recognizer, jobs and a format. Out: the number of recordings that could not be read, or not to the end; each is
reported on stderr, and the others go on.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepspeech.printable import in_line

STDIN = "-"


@dataclass(frozen=True)
class Output:
    """What is written, where, and how the work is divided."""

    forms: tuple[str, ...]
    layout: Any = None  # SubtitleLayout
    folder: Path | None = None
    overwrite: bool = False
    alternatives: int = 0
    cores: int | None = None
    batch_size: int = 16
    quiet: bool = False
    verbose: bool = False

    def say(self, facts: Callable[[], str]) -> None:
        """Print facts to stderr, with --verbose."""
        if self.verbose:
            print(f"deepspeech: {in_line(facts())}", file=sys.stderr)


def from_stdin(recognizer: Any, out: Output, rate: int | None, channel: int | str | None) -> int:
    """Transcribe stdin; returns the number of recordings that could not be read to the end."""
    from deepspeech.audio.pcm import read_pcm
    from deepspeech.decoder.writers import TranscriptWriter
    from deepspeech.runtime.endpoints import EndpointRules
    from deepspeech.runtime.jobs import Job

    writer, warnings, alternatives = TranscriptWriter(_only_form(out), layout=out.layout), 0, out.alternatives
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
    if result.warning:
        print(f"deepspeech: {in_line(result.warning)}; transcribed up to there", file=sys.stderr)
    return 1 if result.warning else 0


def _only_form(out: Output) -> str:
    """The format of what goes to stdout. Raises ConfigError for several."""
    from deepspeech.errors import ConfigError

    if len(out.forms) > 1:
        raise ConfigError(f"{', '.join(out.forms)}: several formats need a folder; name one with --output-dir")
    return out.forms[0]


def to_stdout(recognizer: Any, jobs: list[Any], out: Output) -> int:
    from deepspeech.decoder.writers import TranscriptWriter
    from deepspeech.errors import ConfigError

    form = _only_form(out)
    if form in ("srt", "vtt") and len(jobs) > 1:
        raise ConfigError(f"{form} needs one file per recording; name a folder with --output-dir")
    writer = TranscriptWriter(form, named=len(jobs) > 1, layout=out.layout)
    print(writer.head(), end="")

    def show(job: Any, result: Any) -> None:
        print(writer.body(job.label, result.segments, result.duration_s), end="", flush=True)

    errors, cut, _ = _each(recognizer, jobs, len(jobs), out, show)
    return errors + cut


def to_files(recognizer: Any, jobs: list[Any], out: Output) -> int:
    from deepspeech.decoder.writers import TranscriptWriter
    from deepspeech.runtime.jobs import output, to_do, write

    assert out.folder is not None
    folder, left = out.folder, to_do(jobs, out.folder, out.forms, out.overwrite)

    def keep(job: Any, result: Any) -> None:
        for form in out.forms:
            writer = TranscriptWriter(form, layout=out.layout)
            text = writer.head() + writer.body(job.label, result.segments, result.duration_s)
            write(output(folder, job, form), text)

    errors, cut, sound_s = _each(recognizer, left, len(jobs), out, keep)
    if not out.quiet:
        _sum_up(len(jobs), len(left), errors, cut, sound_s, folder)
    return errors + cut


def on_ray(jobs: list[Any], out: Output, settings: tuple[Any, ...]) -> int:
    from deepspeech.decoder.subtitles import SubtitleLayout
    from deepspeech.errors import ConfigError
    from deepspeech.runtime.jobs import to_do
    from deepspeech.runtime.ray_job import transcribe as transcribe_on_ray

    if len(out.forms) > 1:
        raise ConfigError(f"{', '.join(out.forms)}: --ray writes one format; run it once for each")
    if out.layout not in (None, SubtitleLayout()):
        raise ConfigError("--ray does not lay out subtitles; leave --word-timestamps, --max-line-width and -count out")
    assert out.folder is not None
    folder, form = out.folder, out.forms[0]
    left = to_do(jobs, folder, form, out.overwrite)
    rows = transcribe_on_ray(left, folder, form, *settings) if left else []
    errors = [row["error"] for row in rows if row["error"]]
    for line in errors:
        print(f"deepspeech: {in_line(line)}", file=sys.stderr)
    cut = sum(bool(row["error"]) and row["sound_s"] > 0 for row in rows)
    _sum_up(len(jobs), len(left), len(errors) - cut, cut, sum(row["sound_s"] for row in rows), folder)
    return len(errors)


def _each(
    recognizer: Any, jobs: list[Any], total: int, out: Output, take: Callable[[Any, Any], None]
) -> tuple[int, int, float]:
    """Pass each result to `take`. Returns counts of unreadable and truncated recordings, and seconds transcribed."""
    import io
    import threading
    import time

    from deepspeech.errors import AudioError, audio_error
    from deepspeech.progress import Progress, duration
    from deepspeech.runtime.recording import Channel

    errors, cut, sound_s, started_s, done_s, lock = 0, 0, 0.0, time.monotonic(), [0.0], threading.Lock()
    stream = io.StringIO() if out.quiet else None
    with Progress(total, "transcribe", "recordings", done=total - len(jobs), stream=stream) as progress:

        def heard(batch_s: float) -> None:  # within long recordings, too; in any thread
            with lock:
                done_s[0] += batch_s
            factor = (time.monotonic() - started_s) / max(done_s[0], 0.001)
            progress.advance(0, f"{duration(done_s[0])} of audio, real-time factor {factor:.3f}")

        sources = (Channel(job.audio, job.channel) for job in jobs)
        results = recognizer.transcribe_all(
            sources, out.alternatives, out.cores, batch_size=out.batch_size, heard=heard
        )
        for job, result in zip(jobs, results, strict=True):
            try:
                if isinstance(result, AudioError):
                    raise result
                take(job, result)
                sound_s += result.duration_s
                cut += _warn(result)
                out.say(lambda: f"{job.label}: {_facts(result)}")  # noqa: B023  # called at once
            except BrokenPipeError:
                raise  # nobody reads what is printed
            except Exception as error:  # of one recording; the others go on
                print(f"deepspeech: {in_line(str(audio_error(error, job.audio)))}", file=sys.stderr)
                errors += 1
            progress.advance()
    return errors, cut, sound_s


def _facts(result: Any) -> str:
    words = [word.confidence for segment in result.segments for word in segment.words if word.confidence is not None]
    sure = f", mean confidence {sum(words) / len(words):.2f}" if words else ""
    return f"{result.duration_s:.1f} s, {len(result.segments)} segments, {len(words)} words{sure}"


def _sum_up(total: int, tried: int, errors: int, cut: int, sound_s: float, folder: Path) -> None:
    from deepspeech.progress import duration

    parts = [f"{tried - errors} of {total} recordings written to {folder}, {duration(sound_s)} of audio"]
    if tried < total:
        parts.append(f"{total - tried} skipped, already done")
    if errors:
        parts.append(f"{errors} could not be read")
    if cut:
        parts.append(f"{cut} could not be read to the end")
    print(f"deepspeech: {'; '.join(parts)}", file=sys.stderr)
