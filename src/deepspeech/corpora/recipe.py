"""What recipes are made of: the options of every importer, sets, splits, and clips found by their sentences.

In: lists of clips. Out: the report of their import. The work itself is `engine.py`.
"""

import csv
import io
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Protocol, TypeVar
from xml.etree.ElementTree import Element, ParseError
from xml.etree.ElementTree import parse as parse_xml

import numpy as np

from deepspeech.audio.formats import read_audio, write_wav
from deepspeech.audio.resample import resample
from deepspeech.corpora.archives import unpack_once
from deepspeech.corpora.engine import RATE_HZ, Clip, Rules, import_set
from deepspeech.corpora.report import ImportReport, SetReport
from deepspeech.datasets.csv_files import CsvWriter
from deepspeech.datasets.sample import Sample
from deepspeech.errors import AudioError, CorpusError
from deepspeech.text.alphabet import Alphabet
from deepspeech.text.labels import Validator, load_validator, to_ascii, validate_english

Item = TypeVar("Item")

TargetDir = Annotated[Path, "Folder of the corpus: its archives are looked for and unpacked here, CSVs written here."]


def verbatim(sentence: str) -> str | None:
    """The sentence as it stands; None when it is empty."""
    return sentence.strip() or None


def plain(sentence: str, keep: str = "") -> str:
    """The sentence in ASCII, but for the letters of `keep`."""
    if not keep:
        return to_ascii(sentence)
    return "".join(letter if letter in keep or letter == " " else to_ascii(letter) for letter in sentence.strip())


@dataclass(frozen=True)
class Options:
    """What every importer can be told."""

    filter_alphabet: Annotated[Path | None, "Drop sentences with letters outside this alphabet.txt."] = None
    normalize: Annotated[bool, "Turn accented letters into plain ASCII letters and drop all others."] = False
    space_after_every_character: Annotated[bool, "Put a space between the characters of each transcript."] = False
    validate_label_locale: Annotated[
        Path | None,
        "Python file with a function validate_label(sentence) for your language: it returns the transcript, "
        "or None to refuse. Without it the rule of this importer applies.",
    ] = None
    min_sec: Annotated[float | None, "Drop clips shorter than this many seconds; else the corpus's own limit."] = None
    max_sec: Annotated[float | None, "Drop clips longer than this many seconds; else the corpus's own limit."] = None
    workers: Annotated[int, "Clips to convert at the same time; 0 means one for each processor core."] = 0

    def rules(
        self,
        clean: Validator = validate_english,
        *,
        min_s: float = 0.0,
        max_s: float = 10.0,
        ms_per_letter: int = 20,
        alphabet: Path | None = None,
        keep: str = "",
    ) -> Rules:
        """The corpus's own rules, changed as the user asked; `keep`: letters that --normalize leaves alone.

        Raises TextError: a file that cannot be used.
        """
        validate = load_validator(self.validate_label_locale) if self.validate_label_locale else clean
        alphabet = self.filter_alphabet or alphabet
        return Rules(
            validate=(lambda sentence: validate(plain(sentence, keep))) if self.normalize else validate,
            alphabet=Alphabet.from_file(alphabet) if alphabet else None,
            min_s=min_s if self.min_sec is None else self.min_sec,
            max_s=max_s if self.max_sec is None else self.max_sec,
            ms_per_letter=ms_per_letter,
            spell=" ".join if self.space_after_every_character else str,
        )

    def report(self, corpus: str, english_rule: bool = False) -> ImportReport:
        """An empty report; `english_rule`: the rule for English cleans sentences that may be of any language."""
        told = english_rule and self.validate_label_locale is None
        note = "Sentences were cleaned by the rule for English; see --validate-label-locale."
        return ImportReport(corpus, notes=[note] if told else [])


class Clips(Protocol):
    """A list of clips, or what can be gone through as one."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Clip]: ...


@dataclass(frozen=True)
class Part:
    """One set of a corpus: its clips, where its CSV belongs, what of it is kept."""

    csv: Path
    clips: Clips
    rules: Rules


def import_parts(
    report: ImportReport,
    parts: Iterable[Part],
    options: Options,
    whole: Path | None = None,
    each: Callable[[Sample], None] = lambda sample: None,
) -> ImportReport:
    """Import set after set into `report` and return it; `whole`: one more CSV, with the rows of all sets."""
    with ExitStack() as stack:
        everything = stack.enter_context(CsvWriter(whole)) if whole else None

        def kept(sample: Sample) -> None:
            each(sample)
            if everything:
                everything.write(sample)

        for part in parts:
            report.sets.append(SetReport(part.csv.stem, part.csv, part.rules.max_s))
            import_set(part.clips, len(part.clips), part.rules, report.sets[-1], options.workers, kept)
    if everything:
        report.derived.append((everything.path, everything.rows))
    if not any(one.clips for one in report.sets):
        raise CorpusError(f"{report.corpus}: no clips were found; is this the folder that was meant?")
    return report


@dataclass
class Sentences:
    """What is said in each recording, by the recording's name; knows which names nobody asked for."""

    said: Mapping[str, str]
    folder: Path  # where the recordings lie
    asked: set[str] = field(default_factory=set)

    def clip(self, audio: Path, wav: Path, name: str | None = None, speaker: str = "") -> Clip:
        """The clip of a recording; `name`: under which its sentence is listed, by default its stem."""
        name = audio.stem if name is None else name
        self.asked.add(name)
        if name not in self.said:
            return Clip(audio, wav, "", speaker, fault="the corpus has no sentence for it")
        return Clip(audio, wav, self.said[name], speaker)

    def missing(self) -> list[Clip]:
        """Sentences without a recording, as clips that are not there."""
        names = [name for name in self.said if name not in self.asked]
        return [Clip(self.folder / name, self.folder / name, self.said[name]) for name in names]


def converted(audio: Path, root: Path, folder: Path) -> Path:
    """Where a recording below `root` has its wav file below `folder`; two recordings never share one."""
    return folder / audio.relative_to(root).parent / f"{audio.name.removesuffix('.wav')}.wav"


def joined(pieces: Sequence[Path], wav: Path) -> Path:
    """`wav`, made of whole recordings one after the other; the first that cannot be read, if one cannot.

    For recordings in pieces, and for long ones that are to be cut and cannot be entered well in the middle: MP3.
    """
    sounds = []
    for piece in () if wav.is_file() else pieces:
        try:
            sounds.append(resample(*read_audio(piece), RATE_HZ))
        except AudioError:
            return piece
    if sounds:
        wav.parent.mkdir(parents=True, exist_ok=True)
        write_wav(wav, np.concatenate(sounds), RATE_HZ)
    return wav


def table(path: Path, separator: str | None = None, encoding: str = "utf-8") -> list[list[str]]:
    """Lines of a list `name<separator>sentence`, cut once (None: at white space). Raises CorpusError."""
    return [line.split(separator, 1) for line in lines(path, encoding)]


def lines(path: Path, encoding: str = "utf-8") -> list[str]:
    """The lines of a text file that hold something, without white space around. Raises CorpusError."""
    return [line.strip() for line in read_text(path, encoding).split("\n") if line.strip()]


def rows_of(path: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a table with tabs and a header, by column. Raises CorpusError that names a missing column."""
    # Not the csv module: such tables are not quoted.
    header, *rows = [line.rstrip("\r").split("\t") for line in read_text(path).split("\n") if line.strip()] or [[]]
    for column in needed:
        if column not in header:
            raise CorpusError(f"{path}: there is no column {column}; its columns are {', '.join(header) or 'none'}")
    return [dict(zip(header, [*row, *[""] * len(header)], strict=False)) for row in rows]


def csv_rows(path: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a CSV with a header, by column. Raises CorpusError that names a missing column."""
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""), restval="")
    try:
        rows = list(reader)
    except csv.Error as error:
        raise CorpusError(f"{path}:{reader.line_num}: not readable as CSV ({error})") from None
    for column in needed:
        if column not in (reader.fieldnames or ()):
            raise CorpusError(
                f"{path}: there is no column {column}; its columns are {', '.join(reader.fieldnames or ())}"
            )
    return rows


def read_xml(path: Path) -> Element | None:
    """The root of an XML file of a corpus; None when it cannot be read."""
    try:
        return parse_xml(path).getroot()
    except (ParseError, OSError, ValueError, LookupError):
        return None


def seconds(start: str, end: str) -> tuple[float, float] | None:
    """Two times of a transcript; None when they are no numbers."""
    try:
        return float(start), float(end)
    except ValueError:
        return None


def text_of(path: Path) -> tuple[str, str]:
    """(what the text file of one recording says, why it cannot be used): one of the two is empty."""
    try:
        return path.read_bytes().decode("utf-8-sig"), ""
    except FileNotFoundError:
        return "", "the corpus has no sentence for it"
    except (OSError, UnicodeDecodeError):
        return "", "its text cannot be read"


def unpacked(path: Path, wanted: str) -> Path:
    """The folder that holds `wanted` (a pattern): `path`, or, if that is an archive, one below, after unpacking."""
    if not path.is_file():
        return path
    folder = path.with_name(path.name.removesuffix(".gz").removesuffix(".tar").removesuffix(".tgz"))
    unpack_once(path, folder, folder)
    found = sorted(folder.rglob(wanted))
    return found[0].parent if found else folder


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """A text file of a corpus. Raises CorpusError: not there, or in another encoding."""
    try:
        return path.read_bytes().decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror}); is the corpus whole?") from None
    except UnicodeDecodeError:
        raise CorpusError(f"{path}: not {encoding.upper()} text; unpack or fetch the corpus again") from None


def by_tens(items: Iterable[Item]) -> dict[str, list[Item]]:
    """Of every ten the first to test, the second to dev, eight to train: the split of several old importers."""
    sets: dict[str, list[Item]] = {"train": [], "dev": [], "test": []}
    for number, item in enumerate(items):
        sets[{0: "test", 1: "dev"}.get(number % 10, "train")].append(item)
    return sets


def in_order(items: Sequence[Item]) -> dict[str, list[Item]]:
    """The first 64 % to train, the next 16 % to dev, the rest to test: Fisher's and Switchboard's split."""
    test = int(0.8 * len(items))
    dev = int(0.8 * test)
    return {"train": list(items[:dev]), "dev": list(items[dev:test]), "test": list(items[test:])}


def at_random(items: Sequence[Item], held_out: int, seed: int) -> dict[str, list[Item]]:
    """`held_out` each for dev and test, at most a tenth, drawn as the old importers did with NumPy's generator."""
    held_out = min(held_out, len(items) // 10)
    mixed = [items[i] for i in np.random.RandomState(seed).permutation(len(items))]
    train = len(items) - 2 * held_out
    return {"train": mixed[:train], "dev": mixed[train : train + held_out], "test": mixed[train + held_out :]}


def by_speaker(clips: Sequence[Clip]) -> dict[str, list[Clip]]:
    """Dev and test of enough clips, by speakers of whom none is trained on; the least heard are taken first.

    Where all clips are of one speaker, or of too few, they are drawn at random.
    """
    wanted = sample_size(len(clips))
    groups: dict[str, list[Clip]] = {}
    for clip in clips:
        groups.setdefault(clip.speaker, []).append(clip)
    waiting = sorted(groups.values(), key=len)
    sets: dict[str, list[Clip]] = {"train": [], "dev": [], "test": []}
    while waiting and min(len(sets["dev"]), len(sets["test"])) < wanted:
        smaller = min("dev", "test", key=lambda name: len(sets[name]))
        sets[smaller] += waiting.pop(0)
    sets["train"] = [clip for group in waiting for clip in group]
    if sets["train"]:
        return sets
    mixed = random.Random(42).sample(clips, len(clips))
    return {"dev": mixed[:wanted], "test": mixed[wanted : 2 * wanted], "train": mixed[2 * wanted :]}


def sample_size(population: int) -> int:
    """How many of `population` tell its error rate within 1 % with 99 % confidence, twice, beside a training set."""
    infinite = 2.58**2 * 0.25 / 0.01**2
    for train in range(population, 0, -1):
        size = int(infinite / (1 + infinite / train))
        if 2 * size + train <= population:
            return size
    return 0


def truth(text: str) -> bool:
    """An option's value that says yes or no. Raises CorpusError."""
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if text.lower() not in known:
        raise CorpusError(f"'{text}' says neither yes nor no; write true or false")
    return known[text.lower()]
