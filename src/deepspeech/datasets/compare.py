"""Compares two recordings, or two data sets recording by recording.

Levels are in dBFS as in 0.9.3: a full-scale sine has 0.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepspeech.audio.formats import read_audio
from deepspeech.audio.source import AudioSource
from deepspeech.datasets.samples import is_data_set, read_samples
from deepspeech.errors import ConfigError

_SINE_DB = 3.0103  # mean power of a sine, relative to its peak


@dataclass(frozen=True)
class Difference:
    """Difference of two recordings."""

    first: str
    second: str
    fault: str  # why samples cannot be compared, or differing transcripts; "" otherwise
    level_dbfs: float | None = None  # of the difference, as a root of the mean square
    snr_db: float | None = None  # of the first, the difference being the noise; infinite if equal
    largest: float | None = None  # difference of any sample; 1 is full scale


def compare(first: Path, second: Path) -> list[Difference]:
    """One Difference for two files; for two data sets one per pair, in order. Raises AudioError, DataError."""
    if is_data_set(first) != is_data_set(second):
        raise ConfigError(f"{first} and {second}: compare two sounds, or two data sets")
    if not is_data_set(first):
        return [of_sounds(first, second)]
    ours, theirs = read_samples(first, labeled=False), read_samples(second, labeled=False)
    if len(ours) != len(theirs):
        return [Difference(str(first), str(second), f"{len(ours)} samples against {len(theirs)}")]
    return [
        of_sounds(one.audio, two.audio)
        if one.transcript == two.transcript
        else Difference(one.id, two.id, f"transcripts: '{one.transcript}' against '{two.transcript}'")
        for one, two in zip(ours, theirs, strict=True)
    ]


def of_sounds(first: AudioSource, second: AudioSource) -> Difference:
    """Two recordings. Raises AudioError."""
    (ours, our_hz), (theirs, their_hz) = read_audio(first), read_audio(second)
    if our_hz != their_hz:
        return Difference(str(first), str(second), f"rates: {our_hz} Hz against {their_hz} Hz")
    if len(ours) != len(theirs):
        return Difference(str(first), str(second), f"lengths: {len(ours)} samples against {len(theirs)}")
    change = ours.astype(np.float64) - theirs
    signal, noise = float(np.sqrt(np.mean(np.square(ours, dtype=np.float64)))), float(np.sqrt(np.mean(change**2)))
    snr_db = math.inf if noise == 0 else 20 * math.log10(max(1e-16, signal) / noise)
    level_dbfs = 20 * math.log10(max(1e-16, noise)) + _SINE_DB
    return Difference(str(first), str(second), "", level_dbfs, snr_db, float(np.max(np.abs(change))))
