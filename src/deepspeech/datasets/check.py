"""Checks samples before training: reports all samples that cannot be trained on at once, with reasons."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from deepspeech.audio.formats import AudioInfo, probe
from deepspeech.datasets.pipeline import frames_needed
from deepspeech.datasets.sample import Sample
from deepspeech.errors import DataError, TextError, audio_error
from deepspeech.features.config import FrontEndConfig
from deepspeech.pool import ordered_map
from deepspeech.printable import in_line
from deepspeech.progress import Progress
from deepspeech.remote.files import fetch_all
from deepspeech.text.tables import NO_VALUE
from deepspeech.text.tokens import TokenSet

Item = TypeVar("Item")
Result = TypeVar("Result")

SHOWN = 20
_AT_ONCE = 32  # items per task: reading a header takes less time than submitting a task


# Why training refuses a sample.
UNREADABLE, EMPTY, CHARACTERS, FRAMES = "unreadable", "empty", "letters", "frames"


@dataclass(frozen=True)
class Fault:
    """A sample that cannot be trained on, and the reason."""

    sample: Sample
    reason: str
    kind: str = UNREADABLE  # UNREADABLE, EMPTY, CHARACTERS or FRAMES


@dataclass(frozen=True)
class Look:
    """Result of checking one sample: with its duration if the audio is readable, and all faults."""

    sample: Sample
    info: AudioInfo | None
    faults: tuple[Fault, ...]


def look(
    sample: Sample,
    alphabet: TokenSet | None,
    features: FrontEndConfig,
    outputs: Callable[[int], int] = int,
    info: AudioInfo | None = None,
) -> Look:
    """Check audio and transcript of a sample. Reads headers and file ends only; no audio where `info` is known.

    `outputs` maps a number of feature frames to the network's output frames. Without an alphabet only the audio is
    checked: any transcript can be a reference.
    """
    faults, labels = [], None
    try:
        info = info or probe(sample.audio)
    except Exception as error:  # of one clip; the others are checked
        faults.append(Fault(sample, str(audio_error(error, sample.audio)).removeprefix(f"{sample.audio}: ")))
    try:
        labels = None if alphabet is None else alphabet.encode(sample.transcript)
    except TextError as error:
        faults.append(Fault(sample, str(error), CHARACTERS if sample.transcript else EMPTY))
    if alphabet is not None and sample.transcript in NO_VALUE:
        reason = f"its transcript is {sample.transcript!r}, as pandas writes missing text"
        faults.append(Fault(sample, reason, EMPTY))
    elif info is not None and labels is not None:
        frames = outputs(features.frames(round(info.duration_s * features.sample_rate_hz)))
        needed = frames_needed(labels)
        if frames < needed:
            reason = f"transcript too long for the sound: it needs {needed} frames, the clip has {frames}"
            faults.append(Fault(sample, reason, FRAMES))
    return Look(sample if info is None else replace(sample, duration_s=info.duration_s), info, tuple(faults))


def examine(
    sample: Sample, alphabet: TokenSet | None, features: FrontEndConfig, outputs: Callable[[int], int] = int
) -> Sample | Fault:
    """The sample with its duration, or its first fault; see `look`."""
    found = look(sample, alphabet, features, outputs)
    return found.faults[0] if found.faults else found.sample


def examine_all(
    samples: Sequence[Sample],
    alphabet: TokenSet | None,
    features: FrontEndConfig,
    label: str,
    workers: int,
    outputs: Callable[[int], int] = int,
) -> tuple[list[Sample], list[Fault]]:
    """Usable samples, with durations, and faults, both in order. Downloads remote clips."""
    fetch_all([sample.id for sample in samples if isinstance(sample.audio, Path)], f"fetching {label}")
    results = for_each(
        lambda sample: examine(sample, alphabet, features, outputs), samples, f"checking {label}", workers
    )
    good = [result for result in results if isinstance(result, Sample)]
    return good, [result for result in results if isinstance(result, Fault)]


def for_each(action: Callable[[Item], Result], items: Sequence[Item], label: str, workers: int) -> list[Result]:
    """Results of `action` for all items, in order, computed by several threads, with a progress line."""
    together = max(1, min(_AT_ONCE, len(items) // (4 * workers)))
    return list(Progress(len(items), label, "clips").over(ordered_map(action, items, workers, together, name=_name)))


def _name(item: object) -> object:
    return item.audio if isinstance(item, Sample) else item


def describe(faults: Sequence[Fault], label: str) -> str:
    """One line per fault, SHOWN at most."""
    lines = [f"{len(faults)} of the {label} samples cannot be used:"]
    lines += [in_line(f"  {fault.sample.id}: {fault.reason}") for fault in faults[:SHOWN]]
    if len(faults) > SHOWN:
        lines.append(f"  … and {len(faults) - SHOWN} more")
    return "\n".join(lines)


def refuse(faults: Sequence[Fault], label: str) -> None:
    """Raise DataError that lists `faults`, if there are any."""
    if faults:
        remedy = 'fix them, or skip them: --skip-bad (data.on_bad_sample = "skip")'
        if any(fault.kind == CHARACTERS for fault in faults):
            remedy = (
                'capitals, punctuation and numbers: name the language (text.language = "en"); letters of its own: '
                f"`deepspeech data alphabet`; else {remedy}"
            )
        raise DataError(f"{describe(faults, label)}\n{remedy}")
