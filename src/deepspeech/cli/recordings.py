"""Resolves command line arguments to recordings: sound files, folders, patterns, manifests and data sets."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from deepspeech.printable import in_line


def jobs_of(named: list[str], manifest: Path | None) -> tuple[list[Any], int]:
    """Jobs for the named arguments or for a manifest, and the number of arguments without recordings (reported).

    Raises DeepSpeechError if nothing is found.
    """
    import sys

    from deepspeech.datasets.samples import is_data_set
    from deepspeech.errors import DeepSpeechError
    from deepspeech.runtime.jobs import apart, find, read_manifest

    if manifest is not None:
        return apart(_listed(manifest, _inside if is_data_set(manifest) else read_manifest)), 0
    jobs: list[Any] = []
    faults: list[Exception] = []
    for name in named:
        try:
            jobs += _listed(Path(name), _inside) if is_data_set(name) else find([name])
        except DeepSpeechError as fault:
            faults.append(fault)
    if faults and not jobs:
        raise faults[0]
    for one in faults:
        print(f"deepspeech: {in_line(str(one))}", file=sys.stderr)
    return apart(jobs), len(faults)


def _listed(path: Path, read: Callable[[Path], list[Any]]) -> list[Any]:
    """The jobs of a list, which has at least one. Raises DataError."""
    from deepspeech.errors import DataError

    jobs = read(path)
    if not jobs:
        raise DataError(f"{path}: lists no recording; check the list")
    return jobs


def _inside(path: Path) -> list[Any]:
    """Jobs of a data set. Outputs mirror the paths of the recordings, below a folder named after an archive."""
    import os

    from deepspeech.audio.source import AudioSlice
    from deepspeech.datasets.samples import read_samples
    from deepspeech.remote.files import address, fetch_all, landing
    from deepspeech.runtime.jobs import Job, below, read_manifest

    remote = address(path)
    if path.suffix == ".csv" and not remote:
        return read_manifest(path)
    jobs, samples = [], read_samples(path, labeled=False)
    if remote:
        fetch_all([sample.id for sample in samples if isinstance(sample.audio, Path)], "fetching clips")
    for sample in samples:
        if isinstance(sample.audio, AudioSlice):
            name, folder = Path(sample.audio.inside), path.stem
        else:
            name, folder = Path(os.path.relpath(sample.audio, landing(path).parent)), ""
        jobs.append(Job(sample.audio, Path(folder, below(name))))
    return jobs
