"""Several processes that train together, for tests: as torchrun starts them, but forked from one that has torch."""

import multiprocessing
import os
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from deepspeech.cli.main import run
from deepspeech.cli.train import run_training
from deepspeech.config import RunConfig
from deepspeech.training.log import Log

_START = multiprocessing.get_context("forkserver")
_START.set_forkserver_preload(["deepspeech.training.run", "torch._dynamo"])  # the latter is what optimizers import


@dataclass(frozen=True)
class Ended:
    """What became of the processes, in their order."""

    codes: list[int | None]  # exit codes; minus the signal's number where one ended it
    said: list[str]  # on stderr


def undisturbed(number: int) -> None:
    """Nothing happens to this process."""


def train_together(configs: Sequence[RunConfig], folder: Path, before: Callable[[int], None] = undisturbed) -> Ended:
    """Train in as many processes as there are configurations; each calls `before` with its number first."""
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    files = [folder / f"{number}.err" for number in range(len(configs))]
    processes = [
        _START.Process(target=_process, args=(number, len(configs), port, config, files[number], before))
        for number, config in enumerate(configs)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return Ended([process.exitcode for process in processes], [file.read_text() for file in files])


def _process(
    number: int, count: int, port: int, config: RunConfig, errors: Path, before: Callable[[int], None]
) -> None:
    values = {"RANK": number, "WORLD_SIZE": count, "LOCAL_RANK": number, "LOCAL_WORLD_SIZE": count}
    os.environ |= {name: str(value) for name, value in values.items()}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    sys.stderr = errors.open("w", buffering=1)
    before(number)
    try:
        run(lambda: run_training(config, Log(Path(config.checkpoint.folder))))
    except typer.Exit as left:
        sys.exit(left.exit_code)
