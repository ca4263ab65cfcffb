"""Folders of pairs: each recording with its text beside it → one data set of clips.

In: a tree of sound files, each with a text of its name. Out, in a target folder: for each pair a folder as of
`clip_set.py` with the alignment as JSON, and all.csv with the clips of all. A pair with its JSON is done: the same
command again goes on where it was stopped.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deepspeech.alignment.align import AlignOptions, align
from deepspeech.alignment.clip_set import ACCEPTED, CLIPS, write_clips
from deepspeech.alignment.clips import ClipRules
from deepspeech.alignment.outputs import to_json
from deepspeech.alignment.spelling import SpellingRule
from deepspeech.audio.names import recordings
from deepspeech.datasets.formats.csv_files import CsvWriter, read_csv
from deepspeech.errors import DataError, DeepSpeechError
from deepspeech.files import atomic_open, visible
from deepspeech.pool import ordered_map
from deepspeech.runtime.session import Session

TEXT_SUFFIXES = (".txt", ".srt", ".vtt", ".csv")
ALL = "all.csv"


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

    def result(self, target: Path) -> Path:
        """The file that is written last."""
        return target / self.name / f"{self.name.name}.json"


@dataclass(frozen=True)
class Done:
    """What became of a pair."""

    pair: Pair
    clips: int = 0
    kept: int = 0
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


def align_pairs(
    session: Session,
    pairs: Sequence[Pair],
    target: Path,
    rule: SpellingRule,
    rules: ClipRules,
    speakers: bool,
    workers: int,
    all_spoken: bool = False,
) -> Iterator[Done]:
    """Align and cut pairs that are not done yet, `workers` at a time, in order; errors of one do not stop others."""

    def one(pair: Pair) -> Done:
        try:
            found = align(session, pair.sound, pair.text, AlignOptions(cores=1, all_spoken=all_spoken), rule)
            speaker = pair.speaker if speakers else ""
            rate_hz = session.card.features.sample_rate_hz
            clips = write_clips(found, pair.sound, target / pair.name, pair.name.name, rate_hz, rules, speaker)
            with atomic_open(pair.result(target), DataError, "w", encoding="utf-8") as file:
                file.write(to_json(found))
        except DeepSpeechError as error:
            return Done(pair, error=str(error))
        return Done(pair, len(clips), sum(not clip.reason for clip in clips))

    left = [pair for pair in pairs if not pair.result(target).exists()]
    yield from ordered_map(one, left, workers, ahead=1)


def write_all(pairs: Sequence[Pair], target: Path, speakers: bool) -> int:
    """Write all.csv: the clips of all pairs that are done, those accepted by hand, too. Returns how many."""
    with CsvWriter(target / ALL, speakers=speakers) as writer:
        for pair in pairs:
            if pair.result(target).exists():
                lists = [target / pair.name / f"{part}.csv" for part in (CLIPS, ACCEPTED)]
                for sample in (sample for one in lists if one.exists() for sample in read_csv(one)):
                    writer.write(sample)
        return writer.rows
