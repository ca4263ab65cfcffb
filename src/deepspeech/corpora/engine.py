"""The one program of every importer. In: the clips of a corpus. Out: 16 kHz wav files, a CSV, and counts.

A recipe says which clips there are; here they are converted on all cores, their sentences cleaned, and what
cannot be trained on is dropped and counted. Rows keep the recipe's order; only clips under way are in memory.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain, islice
from math import inf
from pathlib import Path
from typing import TypeVar

from deepspeech.audio.formats import probe, read_audio, write_wav
from deepspeech.audio.pcm import Float32
from deepspeech.audio.resample import resample
from deepspeech.audio.vad import segments
from deepspeech.cores import cores
from deepspeech.corpora.report import (
    FAILED,
    INVALID_LABEL,
    TOO_LONG,
    TOO_SHORT,
    DroppedClip,
    DroppedFile,
    SetReport,
)
from deepspeech.datasets.csv_files import CsvWriter
from deepspeech.datasets.sample import Sample
from deepspeech.errors import AudioError, CorpusError
from deepspeech.progress import Progress
from deepspeech.text.alphabet import Alphabet
from deepspeech.text.labels import Validator

RATE_HZ = 16000
_TOGETHER = 8  # clips that a worker is handed at a time
_PEEKED = 64  # clips: where none of the first ones names its speaker, the corpus names none
_AHEAD = 4  # such handfuls waiting for each worker: enough that none is idle behind a long clip

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Clip:
    """A recording of the corpus as it came, or a part of one, and where its wav file belongs."""

    source: Path
    wav: Path  # never the source; where this already is a wav file as it should be, it is used where it lies
    sentence: str
    speaker: str = ""
    fault: str = ""  # why the corpus' own entry cannot be used
    start_s: float = 0.0
    end_s: float | None = None  # None: to the end of the recording
    channel: int | None = None  # one side of a conversation, from 0; None: all, averaged
    content: bytes | None = None  # the sound file itself, where the corpus packs it; `source` is then its name
    trim: bool = False  # cut the silence at both ends, but for a quarter of a second

    @property
    def whole(self) -> bool:
        """Is this all of a sound file of its own?"""
        part = self.start_s != 0 or self.end_s is not None or self.channel is not None or self.trim
        return not part and self.content is None


@dataclass(frozen=True)
class Rules:
    """What is kept. Limits and `ms_per_letter` are those of DeepSpeech's importers, which differ by corpus."""

    validate: Validator
    alphabet: Alphabet | None = None
    min_s: float = 0.0
    max_s: float = 10.0
    ms_per_letter: int = 20
    spell: Callable[[str], str] = str  # how a kept transcript is written, e.g. with spaces between letters


@dataclass(frozen=True)
class Converted:
    """What became of a clip's sound: a wav file of so many bytes and seconds, or why there is none."""

    size_bytes: int = 0
    duration_s: float = 0.0
    fault: str = ""
    detail: str = ""
    wav: Path = Path()


def import_set(
    clips: Iterable[Clip],
    total: int | None,
    rules: Rules,
    report: SetReport,
    workers: int = 0,
    each: Callable[[Sample], None] = lambda sample: None,
) -> None:
    """Convert, judge and list `clips`: writes `report.csv`, with speakers if they are known, and counts in `report`.

    `total`: how many there are, for the progress line; `workers` 0: one for each processor core; `each` gets
    every kept sample in order. An import that was stopped goes on with the wav files it has.
    """
    workers = workers if workers > 0 else cores()
    dropped_file = DroppedFile(report.csv.with_name(f"{report.csv.stem}.dropped.jsonl"))
    progress = Progress(total, f"importing {report.name}", "clips")
    try:
        report.csv.parent.mkdir(parents=True, exist_ok=True)
        coming = _inside(clips, report.csv.parent)
        first = list(islice(coming, _PEEKED))
        speakers = any(clip.speaker for clip in first)
        with CsvWriter(report.csv, speakers=speakers) as writer, dropped_file as dropped, progress:
            for clip, sound in in_order(convert, chain(first, coming), workers):
                verdict = judge(clip, sound, rules, report)
                if isinstance(verdict, Sample):
                    writer.write(verdict)
                    each(verdict)
                else:
                    dropped.write(verdict)
                progress.advance()
    except OSError as error:
        raise CorpusError(f"{error.filename or report.csv}: cannot be written ({error.strerror})") from None
    report.dropped_file = dropped_file.path if dropped_file.lines else None


def _inside(clips: Iterable[Clip], folder: Path) -> Iterator[Clip]:
    """The clips; one whose name, as a corpus gives it, would have its wav file outside `folder` is not made."""
    home = os.path.abspath(folder) + os.sep
    for clip in clips:
        strays = not clip.fault and not os.path.abspath(clip.wav).startswith(home)
        yield replace(clip, fault="its name leads out of the corpus's folder") if strays else clip


def convert(clip: Clip) -> Converted:
    """Make the clip's wav file, or find one good as it is: 16 kHz, mono, whole."""
    if clip.fault:
        return Converted(fault=clip.fault, detail=clip.fault)
    if not 0 <= clip.start_s < (inf if clip.end_s is None else clip.end_s):
        return Converted(fault="its start and end make no sense", detail=f"from {clip.start_s} to {clip.end_s} s")
    for path in (clip.source, clip.wav) if clip.whole else (clip.wav,):
        if (found := _ready(path)) is not None:
            return found
    if clip.content is None and not clip.source.is_file():
        return Converted(fault="the clip is not there", detail=f"{clip.source}: there is no such file")
    try:
        sound: Path | bytes = clip.source if clip.content is None else clip.content
        samples, rate_hz = read_audio(sound, str(clip.source), clip.start_s, clip.end_s, clip.channel)
        samples = resample(samples, rate_hz, RATE_HZ)
        samples = spoken(samples) if clip.trim else samples
        if not len(samples):
            raise AudioError(f"{clip.source}: holds no sound (0 samples)")
    except AudioError as error:
        return Converted(fault="the clip cannot be read", detail=str(error))
    if not clip.wav.parent.is_dir():
        clip.wav.parent.mkdir(parents=True, exist_ok=True)
    return Converted(write_wav(clip.wav, samples, RATE_HZ), len(samples) / RATE_HZ, wav=clip.wav)


def spoken(samples: Float32) -> Float32:
    """From the first speech in `samples`, at 16 kHz, to the last; all of them where nothing rises above the noise."""
    stretches = segments(samples, RATE_HZ)
    return samples[round(stretches[0][0] * RATE_HZ) : round(stretches[-1][1] * RATE_HZ)] if stretches else samples


def _ready(path: Path) -> Converted | None:
    """The wav file as it lies there, if it needs no conversion."""
    if path.suffix.lower() != ".wav":
        return None
    try:
        info = probe(path)
    except AudioError:
        return None  # not made yet, or left over from an import that was killed
    good = (info.kind, info.rate_hz, info.channels) in (("WAV", RATE_HZ, 1), ("WAVEX", RATE_HZ, 1))
    return Converted(path.stat().st_size, info.duration_s, wav=path) if good else None


def judge(clip: Clip, sound: Converted, rules: Rules, report: SetReport) -> Sample | DroppedClip:
    """Count the clip in `report`, and keep it or say why not; the first reason counts, as in DeepSpeech."""
    label = rules.validate(clip.sentence)
    strange = rules.alphabet.missing(label) if rules.alphabet and label else []
    fault = _fault(sound, label, strange, rules)
    report.clips += 1
    report.total_s += sound.duration_s
    if fault is None:
        report.imported_s += sound.duration_s
        transcript = rules.spell(label or "")
        return Sample(str(sound.wav), sound.wav, transcript, sound.size_bytes, clip.speaker, sound.duration_s)
    report.dropped[fault.reason, fault.summary] += 1
    if strange and not sound.fault:
        report.letters.update(strange)
    return DroppedClip(clip.source.name, fault.reason, fault.detail or fault.summary, clip.sentence)


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
    if strange:
        letters = " ".join(f"{letter!r} (U+{ord(letter):04X})" for letter in strange)
        return _Fault(INVALID_LABEL, "letters outside the alphabet", f"letters outside the alphabet: {letters}")
    if sound.duration_s < rules.min_s:
        return _Fault(TOO_SHORT, f"under {rules.min_s:g} s", f"{sound.duration_s:.2f} s")
    steps = int(sound.duration_s * 1000 / 10 / (rules.ms_per_letter / 10))
    if steps < len(label):
        return _Fault(TOO_SHORT, f"under {rules.ms_per_letter} ms a letter", f"{steps} steps for {len(label)} letters")
    if sound.duration_s > rules.max_s:
        return _Fault(TOO_LONG, f"over {rules.max_s:g} s", f"{sound.duration_s:.2f} s")
    return None


def in_order(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[tuple[Item, Result]]:
    """Each item with `work` of it, in order, worked on by threads; only a bounded number is taken ahead.

    Threads suffice: decoding, resampling and writing release the interpreter lock. They are handed several items at a
    time, for handing over takes that lock.
    """

    def work_all(some: list[Item]) -> list[Result]:
        return [work(item) for item in some]

    waiting: deque[tuple[list[Item], Future[list[Result]]]] = deque()
    source, pool = iter(items), ThreadPoolExecutor(workers)
    try:
        while some := list(islice(source, _TOGETHER)):
            waiting.append((some, pool.submit(work_all, some)))
            if len(waiting) >= _AHEAD * workers:
                first, future = waiting.popleft()
                yield from zip(first, future.result(), strict=True)
        for some, future in waiting:
            yield from zip(some, future.result(), strict=True)
    finally:
        pool.shutdown(cancel_futures=True)  # an interrupt does not wait for what has not begun
