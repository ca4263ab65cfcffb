"""Import the clips of a corpus. In: clips and rules. Out: 16 kHz wav files, a CSV, and counts.

A recipe lists the clips. This module converts them on all cores, cleans their sentences, and drops and counts those
that cannot be trained on. Rows keep the recipe's order; memory does not grow with the corpus.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

import numpy as np

from deepspeech.cores import cores
from deepspeech.corpora.clip import Clip, Converted, WavNames, convert
from deepspeech.corpora.report import (
    FAILED,
    INVALID_LABEL,
    TOO_LONG,
    TOO_SHORT,
    DroppedClip,
    DroppedFile,
    SetReport,
)
from deepspeech.datasets.formats.csv_files import CsvWriter, listed_names
from deepspeech.datasets.sample import Sample
from deepspeech.errors import CorpusError
from deepspeech.files import sweep
from deepspeech.pool import ordered_map
from deepspeech.progress import Progress
from deepspeech.text.characters import name
from deepspeech.text.labels import Validator
from deepspeech.text.tables import NO_VALUE
from deepspeech.text.tokens import TokenSet

_TOGETHER = 8  # clips per task of a worker
_PEEKED = 64  # first clips to inspect for speakers


@dataclass(frozen=True)
class Rules:
    """Limits of clips. They and `ms_per_character` are those of DeepSpeech's importers, which differ by corpus."""

    validate: Validator
    alphabet: TokenSet | None = None
    min_s: float = 0.0
    max_s: float = 10.0
    ms_per_character: int = 20
    spell: Callable[[str], str] = str  # applied to kept transcripts, e.g. to put spaces between characters


def import_set(
    clips: Iterable[Clip],
    total: int | None,
    rules: Rules,
    report: SetReport,
    workers: int = 0,
    each: Callable[[Sample], None] = lambda sample: None,
    names: WavNames | None = None,
) -> None:
    """Convert, check and list `clips`: writes `report.csv`, with speakers if they are known, and counts in `report`.

    `total`: number of clips, for the progress line; `workers` 0: one per core; `each` is called with every kept
    sample in order; `names`: common to the sets of one corpus. An interrupted import resumes with the
    wav files it has; one whose recording, start, end or channel has changed since is converted again. An earlier
    `report.csv` is replaced; what is no longer listed is counted.
    """
    workers = workers if workers > 0 else cores()
    dropped_file = DroppedFile(report.csv.with_name(f"{report.csv.stem}.dropped.jsonl"))
    progress = Progress(total, f"importing {report.name}", "clips")
    try:
        report.csv.parent.mkdir(parents=True, exist_ok=True)
        sweep(report.csv.parent)
        earlier = listed_names(report.csv)
        report.replaced = len(earlier)
        coming = _inside(clips, report.csv.parent, WavNames() if names is None else names)
        first = list(islice(coming, _PEEKED))
        speakers = any(clip.speaker for clip in first)
        _keep_freed()
        with CsvWriter(report.csv, speakers=speakers) as writer, dropped_file as dropped, progress:
            converted = ordered_map(
                lambda clip: (clip, convert(clip)), chain(first, coming), workers, _TOGETHER, name=lambda clip: clip.wav
            )
            for clip, sound in converted:
                verdict = check_clip(clip, sound, rules, report)
                if isinstance(verdict, Sample):
                    earlier.discard(hash(writer.write(verdict)))
                    each(verdict)
                else:
                    dropped.write(verdict)
                progress.advance()
    except OSError as error:
        raise CorpusError(f"{error.filename or report.csv}: cannot be written ({error.strerror})") from None
    report.unlisted = len(earlier)
    report.dropped_file = dropped_file.path if dropped_file.lines else None


def _keep_freed() -> None:
    """Have glibc keep up to 32 MB of freed memory: else it returns a clip's to the system, to ask for it again."""
    np.empty(1 << 24, np.uint8)  # it adapts to the largest block freed so far


def _inside(clips: Iterable[Clip], folder: Path, names: WavNames) -> Iterator[Clip]:
    """The clips; one whose wav file would be outside `folder` is an error of its own."""
    home = os.path.abspath(folder) + os.sep
    for clip in clips:
        if clip.fault:
            yield clip
        elif not os.path.abspath(clip.wav).startswith(home):
            yield replace(clip, fault="its name leads out of the corpus's folder")
        else:
            wav = names.of(clip)
            yield clip if wav == clip.wav else replace(clip, wav=wav)


def check_clip(clip: Clip, sound: Converted, rules: Rules, report: SetReport) -> Sample | DroppedClip:
    """Count the clip in `report`; return its sample, or the reason for dropping it (the first one, as in DeepSpeech).

    All white space in a sentence is a space.
    """
    label = rules.validate(" ".join(clip.sentence.split()))
    strange = rules.alphabet.missing(label) if rules.alphabet and label else []
    fault = _fault(sound, label, strange, rules)
    report.clips += 1
    report.total_s += sound.duration_s
    if fault is None and not _writable(f"{sound.wav}{label}{clip.speaker}"):
        fault = _Fault(FAILED, "its name or sentence is not UTF-8 text")
    if fault is None:
        report.imported_s += sound.duration_s
        transcript = rules.spell(label or "")
        return Sample(str(sound.wav), sound.wav, transcript, sound.size_bytes, clip.speaker, sound.duration_s)
    report.dropped[fault.reason, fault.summary] += 1
    if strange and not sound.fault:
        report.characters.update(strange)
    return DroppedClip(clip.source.name, fault.reason, fault.detail or fault.summary, clip.sentence)


def _writable(text: str) -> bool:
    """Whether it can be written to a CSV: file names may be any bytes, and JSON may contain lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True)
class _Fault:
    reason: str
    summary: str
    detail: str = ""


def _fault(sound: Converted, label: str | None, strange: list[str], rules: Rules) -> _Fault | None:
    if sound.fault:
        return _Fault(FAILED, sound.fault, sound.detail)
    if not label:
        return _Fault(INVALID_LABEL, "sentence refused by the label rules")
    if label in NO_VALUE:  # which training refuses
        return _Fault(INVALID_LABEL, "its text is null", f"'{label}' means a missing value")
    if strange:
        characters = " ".join(map(name, strange))
        fault = "characters outside the alphabet"
        return _Fault(INVALID_LABEL, fault, f"{fault}: {characters}")
    if sound.duration_s < rules.min_s:
        return _Fault(TOO_SHORT, f"under {rules.min_s:g} s", f"{sound.duration_s:.2f} s")
    steps = int(sound.duration_s * 1000 / 10 / (rules.ms_per_character / 10))
    if steps < len(label):
        fault = f"under {rules.ms_per_character} ms per character"
        return _Fault(TOO_SHORT, fault, f"{steps} steps for {len(label)} characters")
    if sound.duration_s > rules.max_s:
        return _Fault(TOO_LONG, f"over {rules.max_s:g} s", f"{sound.duration_s:.2f} s")
    return None
