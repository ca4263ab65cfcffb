"""Batch transcription as a Ray Data job on a cluster.

In: jobs, on a file system shared by all machines, like the model and the outputs. Out: an output per job; an
interrupted run can be resumed. Needs ray, the extra [ray].
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deepspeech.audio.source import AudioSlice, AudioSource
from deepspeech.decoder.options import DecodeOptions
from deepspeech.decoder.phrases import HotPhrases
from deepspeech.decoder.writers import TranscriptWriter
from deepspeech.errors import AudioError, ConfigError, MissingPartError, audio_error
from deepspeech.installing import install_hint
from deepspeech.runtime.jobs import Job, output, write
from deepspeech.runtime.recognizer import Recognizer
from deepspeech.runtime.recording import Channel, address_of

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # read when Ray starts; disables its usage reports

try:
    import ray
    import ray.data
except ImportError:
    ray = None

BATCH = 128  # recordings per task, lost if a machine fails


class Worker:
    """A process of the cluster: opens the model once and writes the outputs of its batches."""

    def __init__(
        self,
        model: str,
        scorer: str | None,
        options: DecodeOptions | None,
        phrases: Mapping[str, float],
        folder: str,
        form: str,
        alternatives: int,
    ) -> None:
        self._recognizer = Recognizer.open(model, scorer, options, phrases=HotPhrases(phrases))
        self._folder, self._form, self._alternatives = Path(folder), form, alternatives

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        """In: columns `audio`, `name` and `channel` (-1: all, averaged). Out: `error`, empty on success, and
        `sound_s`, not 0 if only a part of the recording failed."""
        columns = (batch[column] for column in ("audio", "name", "channel"))
        jobs = [
            Job(Path(audio), Path(name), int(channel) if channel >= 0 else None)
            for audio, name, channel in zip(*columns, strict=True)
        ]
        sources = (Channel(job.audio, job.channel) for job in jobs)
        results = self._recognizer.transcribe_all(sources, self._alternatives, cores=1)
        errors, sound_s = [], []
        for job, result in zip(jobs, results, strict=True):
            try:
                if isinstance(result, AudioError):
                    raise result
                writer = TranscriptWriter(self._form)
                text = writer.head() + writer.body(job.label, result.segments, result.duration_s)
                write(output(self._folder, job, self._form), text)
                errors.append(result.warning)
                sound_s.append(result.duration_s)
            except Exception as error:  # of one recording; the others go on
                errors.append(str(audio_error(error, job.audio)))
                sound_s.append(0.0)
        return {"error": errors, "sound_s": sound_s}


def transcribe(
    jobs: Sequence[Job],
    folder: Path,
    form: str,
    model: Path,
    scorer: Path | None = None,
    options: DecodeOptions | None = None,
    alternatives: int = 0,
    phrases: HotPhrases | None = None,
) -> list[dict[str, Any]]:
    """Write the output of each job below `folder`; returns a row (error, sound_s) for each, in any order.

    Ray starts one process per core of the cluster RAY_ADDRESS, else of this machine. Raises MissingPartError
    without ray.
    """
    if ray is None:
        raise MissingPartError(f"this needs ray, which is not installed here: {install_hint('ray')}")
    if not ray.is_initialized():
        ray.init(log_to_driver=False)
    cores = max(1, int(ray.cluster_resources().get("CPU", 1)))
    settings = (
        str(model.resolve()), str(scorer.resolve()) if scorer else None, options, phrases.strengths if phrases else {},
        str(folder.resolve()), form, alternatives,
    )  # fmt: skip
    rows = [
        {
            "audio": str(_file(job.audio).resolve()),
            "name": str(job.name),
            "channel": -1 if job.channel is None else job.channel,
        }
        for job in jobs
    ]
    # Small blocks balance the load.
    data = ray.data.from_items(rows, override_num_blocks=max(1, min(len(rows), 4 * cores)))
    done = data.map_batches(Worker, fn_constructor_args=settings, batch_size=BATCH, num_cpus=1, concurrency=(1, cores))
    found: list[dict[str, Any]] = done.take_all()
    return found


def _file(audio: AudioSource) -> Path:
    if isinstance(audio, AudioSlice):
        raise ConfigError(f"{audio}: Ray reads whole files; use deepspeech data convert first")
    if place := address_of(audio):
        raise ConfigError(f"{place}: Ray reads files of a shared disk; download it there first")
    return audio
