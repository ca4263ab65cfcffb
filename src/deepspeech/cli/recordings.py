"""Recordings to transcribe, out of what a person names: sound files, folders, patterns, lists and data sets."""

from pathlib import Path
from typing import Any


def jobs_of(named: list[str], manifest: Path | None) -> list[Any]:
    """Jobs of what is named, or of a list of recordings. Raises a DeepSpeechError where nothing is found."""
    from deepspeech.datasets.samples import is_data_set
    from deepspeech.runtime.jobs import apart, find, read_manifest

    if manifest is not None:
        return apart(_inside(manifest) if is_data_set(manifest) else read_manifest(manifest))
    return apart(job for name in named for job in (_inside(Path(name)) if is_data_set(name) else find([name])))


def _inside(path: Path) -> list[Any]:
    """Jobs of a data set. Outputs lie as the recordings do, below a folder called like what holds them."""
    import os

    from deepspeech.audio.source import AudioSlice
    from deepspeech.datasets.samples import read_samples
    from deepspeech.runtime.jobs import Job, read_manifest

    if path.suffix == ".csv":
        return read_manifest(path)
    jobs = []
    for sample in read_samples(path, labelled=False):
        if isinstance(sample.audio, AudioSlice):
            name, folder = Path(sample.audio.inside), path.stem
        else:
            name, folder = Path(os.path.relpath(sample.audio, path.parent)), ""
        parts = [part for part in name.with_suffix("").parts if part not in ("..", name.anchor)]
        jobs.append(Job(sample.audio, Path(folder, *parts)))
    return jobs
