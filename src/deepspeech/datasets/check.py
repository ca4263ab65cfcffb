"""The look at a data set before training: what cannot be trained on is found here, all at once, not one a run."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from deepspeech.audio.formats import probe
from deepspeech.datasets.pipeline import frames_needed
from deepspeech.datasets.sample import Sample
from deepspeech.errors import AudioError, DataError, TextError
from deepspeech.features.config import FeatureConfig
from deepspeech.progress import Progress
from deepspeech.remote.files import fetch_all
from deepspeech.text.alphabet import Alphabet

SHOWN = 20


@dataclass(frozen=True)
class Fault:
    """A sample that cannot be trained on, and why."""

    sample: Sample
    reason: str


def examine(sample: Sample, alphabet: Alphabet | None, features: FeatureConfig) -> Sample | Fault:
    """The sample with its duration, or its fault. Reads headers and ends, not all of the sound.

    Without an alphabet only the sound is examined: any transcript is good enough to count errors against.
    """
    try:
        info = probe(sample.audio)
        if alphabet is None:
            return replace(sample, duration_s=info.duration_s)
        labels = alphabet.encode(sample.transcript)
    except AudioError as error:
        return Fault(sample, str(error).removeprefix(f"{sample.audio}: "))
    except TextError as error:
        return Fault(sample, str(error))
    frames, needed = features.frames(round(info.duration_s * features.sample_rate_hz)), frames_needed(labels)
    if frames < needed:
        return Fault(sample, f"transcript too long for the sound: it needs {needed} frames, the clip has {frames}")
    return replace(sample, duration_s=info.duration_s)


def examine_all(
    samples: Sequence[Sample], alphabet: Alphabet | None, features: FeatureConfig, label: str, workers: int
) -> tuple[list[Sample], list[Fault]]:
    """What can be trained on, with durations, and what cannot, in order. Clips that lie elsewhere are brought."""
    fetch_all([sample.id for sample in samples], f"fetching {label}")
    with (
        ThreadPoolExecutor(workers) as pool,
        Progress(len(samples), f"checking {label}", "clips") as progress,
    ):
        results = []
        for result in pool.map(lambda sample: examine(sample, alphabet, features), samples):
            results.append(result)
            progress.advance()
    good = [result for result in results if isinstance(result, Sample)]
    return good, [result for result in results if isinstance(result, Fault)]


def describe(faults: Sequence[Fault], label: str) -> str:
    """A line for each fault, the first ones if there are many."""
    lines = [f"{len(faults)} of the {label} samples cannot be used:"]
    lines += [f"  {fault.sample.id}: {fault.reason}" for fault in faults[:SHOWN]]
    if len(faults) > SHOWN:
        lines.append(f"  … and {len(faults) - SHOWN} more")
    return "\n".join(lines)


def refuse(faults: Sequence[Fault], label: str) -> None:
    """Raise DataError that lists `faults` and says what to do, if there are any."""
    if faults:
        remedy = 'mend them, or go on without them: --skip-bad (data.on_bad_sample = "skip")'
        raise DataError(f"{describe(faults, label)}\n{remedy}")
