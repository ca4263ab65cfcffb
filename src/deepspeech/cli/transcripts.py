"""Where the transcripts of `deepspeech transcribe` go: stdout, a file for each recording, or a Ray cluster's files.

In: a Recognizer, jobs and a format. Out: the number of recordings that could not be read, or not to the end; each is
reported on stderr, and the others go on.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deepspeech.printable import in_line

STDIN = "-"


def from_stdin(recognizer: Any, form: str, rate: int | None, alternatives: int, channel: int | str | None) -> int:
    """Transcribe stdin; returns the number of recordings that could not be read to the end."""
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
    if result.warning:
        print(f"deepspeech: {in_line(result.warning)}; transcribed up to there", file=sys.stderr)
    return 1 if result.warning else 0


def to_stdout(recognizer: Any, jobs: list[Any], form: str, alternatives: int, cores: int | None) -> int:
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


def to_files(
    recognizer: Any,
    jobs: list[Any],
    form: str,
    folder: Path,
    overwrite: bool,
    alternatives: int,
    cores: int | None,
) -> int:
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


def on_ray(jobs: list[Any], folder: Path, form: str, overwrite: bool, settings: tuple[Any, ...]) -> int:
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
    from deepspeech.progress import duration

    parts = [f"{tried - errors} of {total} recordings written to {folder}, {duration(sound_s)} of audio"]
    if tried < total:
        parts.append(f"{total - tried} skipped, already done")
    if errors:
        parts.append(f"{errors} could not be read")
    if cut:
        parts.append(f"{cut} could not be read to the end")
    print(f"deepspeech: {'; '.join(parts)}", file=sys.stderr)
