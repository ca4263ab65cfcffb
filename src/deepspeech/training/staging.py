"""Downloads what a run names at addresses before it begins, and uploads its checkpoints as they are written."""

from dataclasses import replace
from pathlib import Path

from deepspeech.config import RunConfig
from deepspeech.errors import RemoteError
from deepspeech.remote.files import fetch
from deepspeech.remote.folders import download, mirror, push
from deepspeech.training.log import Log


def download_inputs(config: RunConfig) -> RunConfig:
    """The same run with scorer, alphabet and checkpoints on this machine; data sets are downloaded when they are read.

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
    """Upload what is new in a mirrored folder. A network that fails for a while does not end the run."""
    try:
        push(folder)
    except RemoteError as error:
        log.line(f"{error}. Everything is kept in {folder} and goes with the next checkpoint")
