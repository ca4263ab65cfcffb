"""Emission cache: run the acoustic model over a data set once, decode its output many times.

In: samples and an AcousticModel (`training/emit.py`, `runtime/emit.py`). Out: an Emission per sample. The file name
holds a checksum of the network and of all audio, so a change of either misses the cache.
"""

import hashlib
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from deepspeech._version import __version__
from deepspeech.audio.source import AudioSlice, AudioSource
from deepspeech.datasets.sample import Sample
from deepspeech.decoder.emission import Emission
from deepspeech.errors import DataError
from deepspeech.evaluation.evaluate import Emitted
from deepspeech.files import atomic_open, sha256_of
from deepspeech.progress import Progress

FORMAT = 1


class AcousticModel(Protocol):
    """Computes the emission of each sample, in any order."""

    def __call__(self, samples: Sequence[Sample], /) -> Iterable[Emitted]: ...


def emissions_of(samples: Sequence[Sample], emit: AcousticModel, path: Path) -> list[Emission]:
    """Emissions in the order of `samples`, read from the cache file `path`, or computed and written there.

    The file name must contain the checksum of what they depend on. Raises DataError where it cannot be written.
    """
    kept = _read(path)
    if kept is None:
        found: dict[Sample, Emission] = {}
        with Progress(len(samples), "acoustic model", "clips") as progress:
            for item in emit(samples):
                found[item.sample] = item.emission
                progress.advance()
        kept = [found[sample] for sample in samples]
        _write(path, kept)
    return kept


def checksum(paths: Sequence[AudioSource]) -> str:
    """SHA-256, in hex, of the files' contents in this order and of the version of this package."""
    whole = hashlib.sha256(f"{FORMAT} {__version__}".encode())
    for path in Progress(len(paths), "checksum", "files").over(paths):
        if isinstance(path, AudioSlice):
            whole.update(hashlib.sha256(path.read()).digest())
            continue
        try:
            with path.open("rb") as file:
                whole.update(sha256_of(file))
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    return whole.hexdigest()


def _write(path: Path, emissions: Sequence[Emission]) -> None:
    """Write one array of all frames [total frames, classes], and each clip's end index."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_open(path) as file:
            np.savez(
                file,
                probabilities=np.concatenate([emission.probabilities_TV for emission in emissions]),
                ends=np.cumsum([len(emission.probabilities_TV) for emission in emissions]),
                frame_s=np.float64(emissions[0].frame_s),
            )
    except OSError as error:
        raise DataError(f"{path}: cannot write the emission cache ({error.strerror}); name another folder") from None


def _read(path: Path) -> list[Emission] | None:
    """The cached emissions; None where the file is missing or damaged, so that they are computed again."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            parts = np.split(arrays["probabilities"], arrays["ends"][:-1])
            frame_s = float(arrays["frame_s"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return [Emission(part, frame_s) for part in parts]
