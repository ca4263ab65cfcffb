"""Emissions kept on disk: a network hears a data set once, however often what it heard is decoded.

In: samples, and what makes their emissions (`training/emit.py`, `runtime/emit.py`). Out: an Emission for each. The
file is called by a checksum of the network and of all the sound: where any of them changed, it has another name.
"""

import hashlib
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np

from deepspeech._version import __version__
from deepspeech.audio.source import AudioSlice, AudioSource
from deepspeech.datasets.sample import Sample
from deepspeech.decoder.emission import Emission
from deepspeech.errors import DataError
from deepspeech.evaluation.evaluate import Emitted
from deepspeech.files import whole
from deepspeech.progress import Progress

FORMAT = 1


class Emitter(Protocol):
    """Makes an emission of each sample, in any order."""

    def __call__(self, samples: Sequence[Sample], /) -> Iterable[Emitted]: ...


def emissions_of(samples: Sequence[Sample], emit: Emitter, path: Path) -> list[Emission]:
    """Emissions in the order of `samples`, read from `path` or else made and kept there.

    The name of the file must hold the checksum of what they depend on. Raises DataError where it cannot be written.
    """
    kept = _read(path)
    if kept is None:
        found: dict[Sample, Emission] = {}
        with Progress(len(samples), "listening", "clips") as progress:
            for item in emit(samples):
                found[item.sample] = item.emission
                progress.advance()
        kept = [found[sample] for sample in samples]
        _write(path, kept)
    return kept


def checksum(paths: Sequence[AudioSource]) -> str:
    """SHA-256 of what the files hold, in this order, for this version of the package, as hexadecimal digits."""
    whole = hashlib.sha256(f"{FORMAT} {__version__}".encode())
    for path in Progress(len(paths), "looking for changes", "files").over(paths):
        if isinstance(path, AudioSlice):
            whole.update(hashlib.sha256(path.read()).digest())
            continue
        try:
            with path.open("rb") as file:
                whole.update(_digest(file))
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    return whole.hexdigest()


def _digest(file: BinaryIO) -> bytes:
    one = hashlib.sha256()
    while block := file.read(1 << 20):
        one.update(block)
    return one.digest()


def _write(path: Path, emissions: Sequence[Emission]) -> None:
    """All frames as one array [frames of all, classes], and where each clip ends in it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as file:
            np.savez(
                file,
                probabilities=np.concatenate([emission.probabilities_TV for emission in emissions]),
                ends=np.cumsum([len(emission.probabilities_TV) for emission in emissions]),
                frame_s=np.float64(emissions[0].frame_s),
            )
    except OSError as error:
        raise DataError(f"{path}: cannot keep the emissions ({error.strerror}); name another folder") from None


def _read(path: Path) -> list[Emission] | None:
    """None where there is no such file, or a damaged one: what it held can be made again."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            parts = np.split(arrays["probabilities"], arrays["ends"][:-1])
            frame_s = float(arrays["frame_s"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return [Emission(part, frame_s) for part in parts]
