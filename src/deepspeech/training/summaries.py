"""TensorBoard event files of a run, for `training.summaries`; off unless a folder is named.

In: figures of steps and validations. Out: `FOLDER/train`, `FOLDER/dev/NAME`, `FOLDER/metrics/NAME`, which are runs to
TensorBoard (0.9.3 wrote train, dev and metrics): `step_loss` and `learning_rate` by batch; `loss`, `wer` and `cer` by
epoch, one chart for all sets. Needs tensorboardX: `pip install 'deepspeech[summaries]'`.
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deepspeech.errors import ConfigError, MissingPartError
from deepspeech.remote.files import address

try:
    from tensorboardX.event_file_writer import EventsWriter
    from tensorboardX.proto.event_pb2 import Event, SessionLog
    from tensorboardX.proto.summary_pb2 import Summary
except ImportError:
    EventsWriter = None


class Summaries:
    """Writes the figures of one run; does nothing without a folder."""

    def __init__(self, folder: str, step: int) -> None:
        """`step`: where the run goes on; what a killed run wrote of later steps is not shown."""
        if folder and address(folder):
            raise ConfigError(f"training.summaries is {folder}; event files grow line by line, so name a folder here")
        if folder and EventsWriter is None:
            raise MissingPartError(
                "training.summaries needs tensorboardX: pip install 'deepspeech[summaries]', or leave the folder out"
            )
        self._folder, self._first_step = folder, step
        self._writers: dict[str, Any] = {}
        self._stems: dict[tuple[str, str], str] = {}  # the file that has a stem for its run

    def step(self, step: int, loss: float, rate: float) -> None:
        """The mean loss of batch `step` and the rate it was learnt at."""
        if self._folder:
            self._write("train", {"step_loss": loss, "learning_rate": rate}, step, flush=False)

    def epoch(self, kind: str, name: str, step: int, figures: Mapping[str, float | None]) -> None:
        """Figures of a whole set after `step` batches; `kind` is "train", "dev" or "metrics", `name` its file."""
        if self._folder:
            run = f"{kind}/{self._short(kind, name)}" if name else kind
            self._write(run, {tag: value for tag, value in figures.items() if value is not None}, step, flush=True)

    def _short(self, kind: str, name: str) -> str:
        """The file's stem; of two files with one stem the whole name."""
        stem = Path(name).stem
        taken = self._stems.setdefault((kind, stem), name)
        return stem if taken == name else name.strip("/").replace("/", "_")

    def _write(self, run: str, figures: Mapping[str, float], step: int, flush: bool) -> None:
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in figures.items()]
        writer = self._writers[run] if run in self._writers else self._open(run)
        writer.write_event(Event(wall_time=time.time(), step=step, summary=Summary(value=values)))
        if flush:
            writer.flush()

    def _open(self, run: str) -> Any:
        """A new event file; its first entry takes back what earlier files say of this run's steps and later ones.

        tensorboardX's SummaryWriter would keep entries back in a thread of its own, where a killed run loses them.
        """
        folder = Path(self._folder) / run
        folder.mkdir(parents=True, exist_ok=True)
        writer = self._writers[run] = EventsWriter(str(folder / "events"), f".{self._first_step}-{os.getpid()}")
        start = SessionLog(status=SessionLog.START)
        writer.write_event(Event(wall_time=time.time(), step=self._first_step, session_log=start))
        return writer
