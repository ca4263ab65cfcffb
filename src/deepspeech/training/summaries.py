"""TensorBoard event files of a run, for `training.summaries`; off unless a folder is named.

In: metrics of steps and validations. Out: `FOLDER/train`, `FOLDER/dev/NAME`, `FOLDER/metrics/NAME`, which are runs to
TensorBoard (0.9.3 wrote train, dev and metrics): `step_loss` and `learning_rate` by batch; `loss`, `wer` and `cer` by
epoch, one chart for all sets. Needs tensorboardX, the extra [summaries].
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deepspeech.errors import ConfigError, MissingPartError
from deepspeech.installing import install_hint
from deepspeech.remote.files import address

try:
    from tensorboardX.event_file_writer import EventsWriter
    from tensorboardX.proto.event_pb2 import Event, SessionLog
    from tensorboardX.proto.summary_pb2 import Summary
except ImportError:
    EventsWriter = None


class Summaries:
    """Writes the metrics of one run; does nothing without a folder."""

    def __init__(self, folder: str, step: int) -> None:
        """`step`: where the run resumes; later steps of a killed run are hidden."""
        if folder and address(folder):
            raise ConfigError(f"training.summaries is {folder}; event files are appended to, so use a local folder")
        if folder and EventsWriter is None:
            raise MissingPartError(
                f"training.summaries needs tensorboardX: {install_hint('summaries')}, or leave it empty"
            )
        self._folder, self._first_step = folder, step
        self._writers: dict[str, Any] = {}
        self._stems: dict[tuple[str, str], str] = {}  # data set whose run has this stem

    def step(self, step: int, loss: float, rate: float) -> None:
        """Log mean loss and learning rate of batch `step`."""
        if self._folder:
            self._write("train", {"step_loss": loss, "learning_rate": rate}, step, flush=False)

    def epoch(self, kind: str, name: str, step: int, figures: Mapping[str, float | None]) -> None:
        """Log metrics of a data set after `step` batches; `kind` is "train", "dev" or "metrics", `name` its file."""
        if self._folder:
            run = f"{kind}/{self._short(kind, name)}" if name else kind
            self._write(run, {tag: value for tag, value in figures.items() if value is not None}, step, flush=True)

    def _short(self, kind: str, name: str) -> str:
        """The file's stem, or its full name if two files share the stem."""
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
        """Open a new event file; its first entry hides this and later steps of earlier files.

        tensorboardX's SummaryWriter buffers entries in a thread, which a killed run would lose.
        """
        folder = Path(self._folder) / run
        folder.mkdir(parents=True, exist_ok=True)
        writer = self._writers[run] = EventsWriter(str(folder / "events"), f".{self._first_step}-{os.getpid()}")
        start = SessionLog(status=SessionLog.START)
        writer.write_event(Event(wall_time=time.time(), step=self._first_step, session_log=start))
        return writer
