"""What a training's log.jsonl tells: losses, error rates and rates by epoch, and what was heard.

In: a checkpoint folder or the log itself, of a run that ended or goes on. Out: a History. Docs: docs/training.md.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deepspeech.errors import DataError
from deepspeech.untrusted import parse_json

LOG = "log.jsonl"
Series = dict[int, float]  # by epoch, counted from 1 as in the progress line


@dataclass
class Judged:
    """Figures of one data set; `kind` is "dev" or "metrics". Error rates are fractions."""

    kind: str
    name: str
    loss: Series = field(default_factory=dict)
    wer: Series = field(default_factory=dict)
    cer: Series = field(default_factory=dict)


@dataclass
class Heard:
    """What the peek's clips sounded like to the network after `step` batches, within or at the end of `epoch`."""

    epoch: int
    step: int
    wer: float | None
    cer: float | None
    clips: list[dict[str, str]]  # id, said, heard


@dataclass
class History:
    """One run. Where a run was stopped and went on from an earlier checkpoint, what it said later counts."""

    name: str
    train_loss: Series = field(default_factory=dict)
    learning_rate: Series = field(default_factory=dict)
    audio_s_per_s: Series = field(default_factory=dict)
    sets: list[Judged] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def add(self, row: dict[str, Any]) -> None:
        """Take in one line of the log; lines of other kinds are passed over."""
        epoch = int(row["epoch"]) + 1
        if "train_loss" in row:
            self._forget(epoch)
            for name in ("train_loss", "learning_rate", "audio_s_per_s"):
                _put(getattr(self, name), epoch, row.get(name))
        for kind in ("dev", "metrics"):
            if kind in row:
                judged = self._set(kind, str(row[kind]))
                _put(judged.loss, epoch, row.get(f"{kind}_loss"))
                _put(judged.wer, epoch, row.get("wer"))
                _put(judged.cer, epoch, row.get("cer"))
        if isinstance(row.get("peek"), list):
            step = int(row["step"])
            self.heard = [one for one in self.heard if one.step < step]
            self.heard.append(Heard(epoch, step, row.get("peek_wer"), row.get("peek_cer"), row["peek"]))

    def _set(self, kind: str, name: str) -> Judged:
        for judged in self.sets:
            if (judged.kind, judged.name) == (kind, name):
                return judged
        self.sets.append(Judged(kind, name))
        return self.sets[-1]

    def _forget(self, epoch: int) -> None:
        """An epoch that ends once more was learnt again: what was known of it and of later ones is past."""
        series = [self.train_loss, self.learning_rate, self.audio_s_per_s]
        for one in [*series, *(part for judged in self.sets for part in (judged.loss, judged.wer, judged.cer))]:
            for later in [known for known in one if known >= epoch]:
                del one[later]


def _put(series: Series, epoch: int, value: Any) -> None:
    if isinstance(value, int | float) and math.isfinite(value):
        series[epoch] = float(value)


def read(path: Path) -> History:
    """The history in `path`. Raises DataError where no training has left a log there."""
    file = path / LOG if path.is_dir() else path
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DataError(f"{path}: no {LOG} there; name a checkpoint folder of a training, or its {LOG}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: cannot be read ({getattr(error, 'strerror', None) or 'not text'})") from None
    history = History(file.resolve().parent.name if file.name == LOG else file.stem)
    for number, row in _rows(text):
        try:
            history.add(row)
        except (KeyError, TypeError, ValueError):
            raise DataError(f"{file}: line {number} is not one that a training writes") from None
    if not (history.train_loss or history.sets or history.heard):
        raise DataError(f"{file}: tells of no epoch yet; look again when the first one has ended")
    return history


def _rows(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Lines that tell of an epoch. One that a killed run did not finish, or a running one has not yet, is no line."""
    for number, line in enumerate(text.splitlines(), 1):
        try:
            row = parse_json(line)
        except ValueError:
            continue
        if isinstance(row, dict) and "epoch" in row:
            yield number, row


def read_all(paths: Iterable[Path]) -> list[History]:
    """Of several runs, under names that tell them apart: their folders', with as many parents as that takes."""
    places = [path.resolve() if path.is_dir() or path.name != LOG else path.resolve().parent for path in paths]
    histories = [read(path) for path in paths]
    for history, place in zip(histories, places, strict=True):
        depth = 1
        others = [other for other in places if other != place]
        while any(_end(other, depth) == _end(place, depth) for other in others) and depth < len(place.parts):
            depth += 1
        if depth > 1:
            history.name = _end(place, depth)
    return histories


def _end(place: Path, depth: int) -> str:
    return "/".join(place.parts[-depth:])


def transcripts(history: History) -> str:
    """A table of what was heard in each clip of the peek, from the first epoch to the last; repetitions left out."""
    if not history.heard:
        raise DataError(
            f"{history.name}: no transcripts in its {LOG}; trainings with a dev set and training.peek_every_s keep them"
        )
    lines = []
    said = {clip["id"]: clip["said"] for one in history.heard for clip in one.clips}
    for clip, reference in said.items():
        lines += [Path(clip).name, f"{'epoch':>5}  {'step':>8}  said: {reference}"]
        last = None
        for one in history.heard:
            text = next((c["heard"] for c in one.clips if c["id"] == clip), None)
            if text is not None and text != last:
                lines.append(f"{one.epoch:5d}  {one.step:8d}  {text or '(nothing)'}")
                last = text
        lines.append("")
    rates = [one for one in history.heard if one.wer is not None]
    if rates:
        first, latest = rates[0], rates[-1]
        lines.append(
            f"WER of these clips: {first.wer:.0%} in epoch {first.epoch}, {latest.wer:.0%} in epoch {latest.epoch}"
        )
    return "\n".join(lines)
