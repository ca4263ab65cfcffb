"""Training history: read log.jsonl of a run: losses, error rates and learning rate by epoch, and sample previews.

In: a checkpoint folder or the log itself, of a finished or a running training. Out: a History. Docs: docs/training.md.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deepspeech.errors import DataError
from deepspeech.untrusted import parse_json

LOG = "log.jsonl"
Series = dict[int, float]  # value by epoch; epochs count from 1, as in the progress line


@dataclass
class DatasetMetrics:
    """Metrics of one data set by epoch; `kind` is "dev" or "metrics". Error rates are fractions."""

    kind: str
    name: str
    loss: Series = field(default_factory=dict)
    wer: Series = field(default_factory=dict)
    cer: Series = field(default_factory=dict)


@dataclass
class PreviewResult:
    """Greedy transcripts of the preview clips after `step` batches, during or at the end of `epoch`."""

    epoch: int
    step: int
    wer: float | None
    cer: float | None
    clips: list[dict[str, str]]  # keys: id; said, the reference; heard, the hypothesis


@dataclass
class History:
    """One run. After a resume from an earlier checkpoint, later log lines replace those of the same epochs."""

    name: str
    train_loss: Series = field(default_factory=dict)
    learning_rate: Series = field(default_factory=dict)
    audio_s_per_s: Series = field(default_factory=dict)
    datasets: list[DatasetMetrics] = field(default_factory=list)
    previews: list[PreviewResult] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `sets` and `heard` are the names of the format."""
        names = {"datasets": "sets", "previews": "heard"}
        return {names.get(name, name): value for name, value in asdict(self).items()}

    def add(self, row: dict[str, Any]) -> None:
        """Add one line of the log. Lines of other kinds are ignored."""
        epoch = int(row["epoch"]) + 1
        if "train_loss" in row:
            self._forget(epoch)
            for name in ("train_loss", "learning_rate", "audio_s_per_s"):
                _put(getattr(self, name), epoch, row.get(name))
        for kind in ("dev", "metrics"):
            if kind in row:
                metrics = self._dataset(kind, str(row[kind]))
                _put(metrics.loss, epoch, row.get(f"{kind}_loss"))
                _put(metrics.wer, epoch, row.get("wer"))
                _put(metrics.cer, epoch, row.get("cer"))
        if isinstance(row.get("peek"), list):
            step = int(row["step"])
            self.previews = [one for one in self.previews if one.step < step]
            self.previews.append(PreviewResult(epoch, step, row.get("peek_wer"), row.get("peek_cer"), row["peek"]))

    def _dataset(self, kind: str, name: str) -> DatasetMetrics:
        for metrics in self.datasets:
            if (metrics.kind, metrics.name) == (kind, name):
                return metrics
        self.datasets.append(DatasetMetrics(kind, name))
        return self.datasets[-1]

    def _forget(self, epoch: int) -> None:
        """Drop values of `epoch` and later: the epoch was trained again."""
        series = [self.train_loss, self.learning_rate, self.audio_s_per_s]
        for one in [*series, *(part for metrics in self.datasets for part in (metrics.loss, metrics.wer, metrics.cer))]:
            for later in [known for known in one if known >= epoch]:
                del one[later]


def _put(series: Series, epoch: int, value: Any) -> None:
    if isinstance(value, int | float) and math.isfinite(value):
        series[epoch] = float(value)


def read(path: Path) -> History:
    """Read the history in `path`. Raises DataError where there is no training log."""
    file = path / LOG if path.is_dir() else path
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DataError(f"{path}: no {LOG} there; name the checkpoint folder of a training, or its {LOG}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: cannot be read ({getattr(error, 'strerror', None) or 'not text'})") from None
    history = History(file.resolve().parent.name if file.name == LOG else file.stem)
    for number, row in _rows(text):
        try:
            history.add(row)
        except (KeyError, TypeError, ValueError):
            raise DataError(f"{file}: line {number} is not a line of a training log") from None
    if not (history.train_loss or history.datasets or history.previews):
        raise DataError(f"{file}: has no epoch yet; try again after the first one")
    return history


def _rows(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number and content of the lines about epochs. An incomplete last line is skipped."""
    for number, line in enumerate(text.splitlines(), 1):
        try:
            row = parse_json(line)
        except ValueError:
            continue
        if isinstance(row, dict) and "epoch" in row:
            yield number, row


def read_all(paths: Iterable[Path]) -> list[History]:
    """Read several runs. Each is named after its folder, with as many parents as make the names unique."""
    folders = [path.resolve() if path.is_dir() or path.name != LOG else path.resolve().parent for path in paths]
    histories = [read(path) for path in paths]
    for history, folder in zip(histories, folders, strict=True):
        depth = 1
        others = [other for other in folders if other != folder]
        while any(_end(other, depth) == _end(folder, depth) for other in others) and depth < len(folder.parts):
            depth += 1
        if depth > 1:
            history.name = _end(folder, depth)
    return histories


def _end(folder: Path, depth: int) -> str:
    return "/".join(folder.parts[-depth:])


def transcripts(history: History) -> str:
    """A table of each preview clip's transcripts from the first epoch to the last, without repetitions."""
    if not history.previews:
        raise DataError(
            f"{history.name}: no transcripts in its {LOG}; train with a dev set and training.preview_every_s"
        )
    lines = []
    references = {clip["id"]: clip["said"] for one in history.previews for clip in one.clips}
    for clip, reference in references.items():
        lines += [Path(clip).name, f"{'epoch':>5}  {'step':>8}  reference: {reference}"]
        last = None
        for one in history.previews:
            text = next((c["heard"] for c in one.clips if c["id"] == clip), None)
            if text is not None and text != last:
                lines.append(f"{one.epoch:5d}  {one.step:8d}  {text or '(nothing)'}")
                last = text
        lines.append("")
    rates = [one for one in history.previews if one.wer is not None]
    if rates:
        first, latest = rates[0], rates[-1]
        lines.append(
            f"WER of these clips: {first.wer:.0%} in epoch {first.epoch}, {latest.wer:.0%} in epoch {latest.epoch}"
        )
    return "\n".join(lines)
