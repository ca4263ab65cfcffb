"""Import report: imported and dropped clips, reasons, and hours of audio."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType

from deepspeech.errors import CorpusError
from deepspeech.files import atomic_open
from deepspeech.progress import clock
from deepspeech.text.characters import name

# The four reasons that DeepSpeech's importers counted, in the order of the checks.
FAILED, INVALID_LABEL, TOO_SHORT, TOO_LONG = "failed", "invalid_label", "too_short", "too_long"
_CHARACTERS_SHOWN = 20


@dataclass
class SetReport:
    """The counts of one set; durations are in seconds."""

    name: str
    csv: Path
    max_s: float
    clips: int = 0
    imported_s: float = 0.0
    total_s: float = 0.0
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)  # (reason, in words) → clips
    characters: Counter[str] = field(default_factory=Counter)  # characters outside the alphabet → clips
    dropped_file: Path | None = None
    replaced: int = 0  # clips of an earlier list at `csv`
    unlisted: int = 0  # those of them that are not in the new list

    @property
    def imported(self) -> int:
        return self.clips - sum(self.dropped.values())

    def skipped(self, reason: str) -> int:
        """Clips dropped for one of the four reasons."""
        return sum(count for (one, _), count in self.dropped.items() if one == reason)


@dataclass
class ImportReport:
    """The counts of a whole import, in the order of its sets."""

    corpus: str
    sets: list[SetReport] = field(default_factory=list)
    derived: list[tuple[Path, int]] = field(default_factory=list)  # CSVs derived from others, and their numbers of rows
    notes: list[str] = field(default_factory=list)  # further messages, a sentence each


@dataclass(frozen=True)
class DroppedClip:
    """A clip that was not imported; a line of the file next to the CSV."""

    clip: str
    reason: str
    detail: str
    sentence: str


class DroppedFile:
    """Writes dropped clips as JSON lines; the file exists after the `with` block only if there were any."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = 0
        self._whole = atomic_open(path, CorpusError, "w", encoding="utf-8", errors="backslashreplace")

    def __enter__(self) -> "DroppedFile":
        self._file = self._whole.__enter__()
        return self

    def write(self, clip: DroppedClip) -> None:
        self._file.write(json.dumps(asdict(clip), ensure_ascii=False) + "\n")
        self.lines += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._whole.__exit__(kind, error, at)
        if kind is None and not self.lines:
            self.path.unlink()  # of an earlier import


def show(report: ImportReport) -> None:
    """Print a report on stdout. Raises CorpusError when there were clips and none could be imported."""
    print("\n".join(lines(report)), flush=True)
    clips = sum(one.clips for one in report.sets)
    if clips and not any(one.imported for one in report.sets):
        raise CorpusError(f"{report.corpus}: none of the {clips} clips could be imported; the reasons are above")


def save_too_long(report: ImportReport, path: Path | None) -> None:
    """Write the sentences of clips that were too long, one per line, to `path`: a language model can still use them."""
    if path is None:
        return
    files = [one.dropped_file for one in report.sets if one.dropped_file]
    dropped = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    sentences = [clip["sentence"] for clip in dropped if clip["reason"] == TOO_LONG]
    with atomic_open(path, CorpusError, "w", encoding="utf-8") as file:
        file.writelines(f"{sentence}\n" for sentence in sentences)
    report.notes.append(f"{path}: {len(sentences)} sentences of clips that were too long.")


def lines(report: ImportReport) -> list[str]:
    """The report as text; the wording of the counts is that of DeepSpeech's importers."""
    text = [line for one in report.sets for line in [*_set_lines(one), ""]]
    text += [f"{path}: {rows} samples." for path, rows in report.derived]
    text += report.notes
    return text if text[-1] else text[:-1]


def _set_lines(one: SetReport) -> list[str]:
    skipped = [
        (FAILED, "that failed upon conversion"),
        (INVALID_LABEL, "that failed on transcript validation"),
        (TOO_SHORT, "that were too short to match the transcript"),
        (TOO_LONG, f"that were longer than {one.max_s:g} seconds"),
    ]
    text = [f"{one.csv}:", f"  Imported {one.imported} samples."]
    if one.unlisted:
        text.append(
            f"  Replaced an earlier list: {one.unlisted} of its {one.replaced} clips are in no list now; to keep both, "
            "import into another folder."
        )
    for reason, words in skipped:
        if one.skipped(reason):
            text.append(f"  Skipped {one.skipped(reason)} samples {words}.")
            text += [f"    {n} × {detail}" for (why, detail), n in one.dropped.most_common() if why == reason]
    if one.characters:
        shown = ", ".join(
            f"{name(character)} {count} ×" for character, count in one.characters.most_common(_CHARACTERS_SHOWN)
        )
        text.append(f"  Characters outside the alphabet: {shown}{' …' * (len(one.characters) > _CHARACTERS_SHOWN)}")
    if one.dropped_file:
        text.append(f"  Every skipped clip and why: {one.dropped_file}")
    text.append(f"  Final amount of imported audio: {clock(one.imported_s)} from {clock(one.total_s)}.")
    return text
