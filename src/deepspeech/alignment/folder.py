"""Folders of pairs: each recording with its text beside it → one data set of clips.

In: a tree of sound files, each with a text of its name. Out, in a target folder: for each pair a folder as of
`clip_set.py` with the alignment as JSON, and all.csv with the clips of all. made_with.json, written last, holds what
they were made with: a pair that has it is done until any of that differs. So the same command again goes on where it
was stopped, and another model makes all anew; other rules for clips cut anew what is aligned.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from deepspeech._version import __version__
from deepspeech.alignment.align import AlignOptions, align
from deepspeech.alignment.clip_set import ACCEPTED, CLIPS, write_clips
from deepspeech.alignment.clips import ClipRules
from deepspeech.alignment.outputs import from_json, to_json
from deepspeech.alignment.result import Alignment
from deepspeech.alignment.spelling import SpellingRule
from deepspeech.audio.names import recordings
from deepspeech.datasets.formats.csv_files import CsvWriter, read_csv
from deepspeech.datasets.sample import Sample
from deepspeech.errors import DataError, DeepSpeechError
from deepspeech.files import atomic_open, visible
from deepspeech.pool import ordered_map
from deepspeech.runtime.session import Session
from deepspeech.untrusted import read_json

TEXT_SUFFIXES = (".txt", ".srt", ".vtt", ".csv")
ALL, MADE_WITH = "all.csv", "made_with.json"
RULES_OF_CLIPS = frozenset({"clips", "speaker"})  # in made_with.json: what alignments do not depend on


@dataclass(frozen=True)
class Pair:
    """A recording, its text, and what its outputs are called."""

    sound: Path
    text: Path
    name: Path  # relative to the target folder

    @property
    def speaker(self) -> str:
        """The folder that the recording lies in, "" at the top."""
        return self.name.parent.name

    def made_with(self, target: Path) -> Path:
        """The file that is written last."""
        return target / self.name / MADE_WITH

    def alignment(self, target: Path) -> Path:
        """The file of its alignment."""
        return target / self.name / f"{self.name.name}.json"


@dataclass(frozen=True)
class Settings:
    """What the clips of a pair depend on, beside its two files."""

    model_sha256: str
    spellings: Mapping[str, str] = field(default_factory=dict)  # as of SpellingRule
    rules: ClipRules = field(default_factory=ClipRules)
    speakers: bool = False  # name them as `Pair.speaker` does
    all_spoken: bool = False  # as of AlignOptions

    def described(self, pair: Pair) -> dict[str, Any]:
        """What a pair's clips are made with now."""
        return {
            "version": __version__,
            "model": self.model_sha256,
            "spellings": blake2b(repr(sorted(self.spellings.items())).encode(), digest_size=8).hexdigest(),
            "clips": asdict(self.rules),
            "speaker": pair.speaker if self.speakers else "",
            "all_spoken": self.all_spoken,
            **{name: _state(path) for name, path in (("recording", pair.sound), ("text", pair.text))},
        }


@dataclass(frozen=True)
class Done:
    """What became of a pair."""

    pair: Pair
    clips: int = 0
    kept: int = 0
    wildcards: int = 0  # words that any sound fits
    misfit: str = ""  # as of Alignment; the clips of a pair with `all_spoken` are made nevertheless
    error: str = ""


def find_pairs(folder: Path) -> tuple[list[Pair], list[Path]]:
    """Pairs of a tree, and recordings without a text. Raises DataError where there is no pair, or two of one name."""
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder; name one with recordings and their texts")
    pairs, alone = list[Pair](), list[Path]()
    for sound in recordings(path for path in visible(folder) if path.is_file()):
        text = next((sound.with_suffix(end) for end in TEXT_SUFFIXES if sound.with_suffix(end).is_file()), None)
        if text is None:
            alone.append(sound)
        else:
            pairs.append(Pair(sound, text, sound.relative_to(folder).with_suffix("")))
    if not pairs:
        raise DataError(f"{folder}: no recording with a text of its name beside it ({', '.join(TEXT_SUFFIXES)})")
    names = [pair.name for pair in pairs]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise DataError(f"{folder}: two recordings are called {twice}; rename one")
    return pairs, alone


def outdated(pairs: Sequence[Pair], target: Path, settings: Settings) -> dict[Pair, list[str]]:
    """The pairs that are not done, in order; for each what differs from what it was made with, if it was."""
    differences = {pair: _differences(pair, target, settings.described(pair)) for pair in pairs}
    return {pair: names for pair, names in differences.items() if names is not None}


def needs_aligning(differs: Collection[str] | None) -> bool:
    """Whether a pair's alignment, not only its clips, depends on what differs; always if it is not done."""
    return not differs or not RULES_OF_CLIPS.issuperset(differs)


def align_pairs(
    session: Session, pairs: Sequence[Pair], target: Path, settings: Settings, workers: int
) -> Iterator[Done]:
    """Align and cut pairs, `workers` at a time, in order; errors of one do not stop others."""
    rule = SpellingRule(session.card.tokens, settings.spellings, session.card.text)
    options, rate_hz = AlignOptions(cores=1, all_spoken=settings.all_spoken), session.card.features.sample_rate_hz

    def one(pair: Pair) -> Done:
        try:
            made_with, folder, name = settings.described(pair), target / pair.name, pair.name.name
            aligned = not needs_aligning(_differences(pair, target, made_with))
            found = _read_alignment(pair.alignment(target)) if aligned else None
            pair.made_with(target).unlink(missing_ok=True)
            if found is None:  # cut from what is written, so that later cuts from it are as if it were aligned anew
                found = from_json(to_json(align(session, pair.sound, pair.text, options, rule)))
            if found.misfit and not settings.all_spoken:
                return Done(pair, error=found.misfit)
            clips = write_clips(found, pair.sound, folder, name, rate_hz, settings.rules, made_with["speaker"])
            _write(pair.alignment(target), to_json(found))
            _write(pair.made_with(target), json.dumps(made_with, indent=1, ensure_ascii=False) + "\n")
        except (DeepSpeechError, OSError) as error:
            return Done(pair, error=str(error))
        wildcards = len(found.words) - len(found.spelled)
        return Done(pair, len(clips), sum(not clip.reason for clip in clips), wildcards, found.misfit)

    yield from ordered_map(one, pairs, workers, ahead=1)


def write_all(pairs: Sequence[Pair], target: Path, speakers: bool) -> int:
    """Write all.csv: the clips of all pairs that are done, those accepted by hand, too. Returns how many.

    What was accepted by hand after an earlier alignment takes the place of clips of the same sound.
    """
    with CsvWriter(target / ALL, speakers=speakers) as writer:
        for pair in pairs:
            if pair.made_with(target).exists():
                cut, by_hand = (_samples(target / pair.name / f"{part}.csv") for part in (CLIPS, ACCEPTED))
                for sample in [one for one in cut if not any(_overlap(one, other) for other in by_hand)] + by_hand:
                    writer.write(sample)
        return writer.rows


def _differences(pair: Pair, target: Path, now: Mapping[str, Any]) -> list[str] | None:
    """Names of what a done pair was made with otherwise; none if it is not done, None if nothing differs."""
    before = _read(pair.made_with(target))
    if not before:
        return []
    return [name for name in now if before.get(name) != now[name]] or None


def _read_alignment(path: Path) -> Alignment | None:
    """None if it cannot be read."""
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _write(path: Path, text: str) -> None:
    with atomic_open(path, DataError, "w", encoding="utf-8") as file:
        file.write(text)


def _samples(path: Path) -> list[Sample]:
    return list(read_csv(path)) if path.exists() else []


def _overlap(one: Sample, other: Sample) -> bool:
    """Whether two clips of a recording share sound, by the milliseconds in their names."""
    places = [re.search(r"-(\d+)-(\d+)$", Path(str(sample.audio)).stem) for sample in (one, other)]
    (a, b), (c, d) = ((int(place[1]), int(place[2])) if place else (0, 0) for place in places)
    return a < d and c < b


def _state(path: Path) -> str:
    """Size and time of a file: another one looks otherwise. One that is gone is told when it is aligned."""
    try:
        found = path.stat()
    except OSError as error:
        return str(error.strerror)
    return f"{found.st_size} bytes, {found.st_mtime_ns} ns"


def _read(path: Path) -> dict[str, Any]:
    """What a pair was made with; nothing where that cannot be read."""
    try:
        value = read_json(path)
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
