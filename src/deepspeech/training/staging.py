"""Downloads remote inputs of a run before it begins, and uploads its checkpoints as they are written."""

from dataclasses import replace
from pathlib import Path

from deepspeech.config import RunConfig
from deepspeech.errors import RemoteError
from deepspeech.remote.files import fetch
from deepspeech.remote.folders import download, mirror, push
from deepspeech.training.log import Log


def download_inputs(config: RunConfig) -> RunConfig:
    """Download scorer, alphabet and checkpoints; returns the config with local paths. Data sets are fetched when read.

    Raises RemoteError.
    """
    checkpoints, data = config.checkpoint, config.data
    return replace(
        config,
        scorer=str(fetch(config.scorer)) if config.scorer else "",
        data=replace(
            data,
            alphabet=str(fetch(data.alphabet)) if data.alphabet else "",
            subwords=str(fetch(data.subwords)) if data.subwords else "",
        ),
        checkpoint=replace(
            checkpoints,
            folder=str(mirror(checkpoints.folder)),
            load=str(download(checkpoints.load)) if checkpoints.load else "",
        ),
    )


def upload(folder: Path, log: Log) -> None:
    """Upload new files of a mirrored folder. A network error is logged and does not end the run."""
    try:
        push(folder)
    except RemoteError as error:
        log.line(f"{error}. Files are kept in {folder} and uploaded with the next checkpoint")
