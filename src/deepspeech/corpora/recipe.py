"""Building blocks of recipes: common options, sets, and clips matched with sentences.

In: lists of clips. Out: the report of their import. `engine.py` does the work.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Protocol

import numpy as np

from deepspeech.audio.formats import read_audio, write_wav
from deepspeech.audio.resample import resample
from deepspeech.audio.wav_note import read_note
from deepspeech.corpora import origin as made_of
from deepspeech.corpora.archives import unpack_once
from deepspeech.corpora.clip import RATE_HZ, Clip, WavNames
from deepspeech.corpora.engine import Rules, import_set
from deepspeech.corpora.report import ImportReport, SetReport
from deepspeech.datasets.formats.csv_files import CsvWriter
from deepspeech.datasets.sample import Sample
from deepspeech.errors import AudioError, CorpusError
from deepspeech.files import visible
from deepspeech.text.config import TextConfig
from deepspeech.text.labels import Validator, load_validator, spelled, to_ascii, validate_english
from deepspeech.text.normalize import Normalizer, typewritten
from deepspeech.text.tokens import Characters

_PACKED = {".gz", ".bz2", ".xz", ".tar", ".tgz", ".zip", ".deb"}
TargetDir = Annotated[Path, "Use this folder: find and unpack archives here, write CSVs here."]


def verbatim(sentence: str) -> str | None:
    """The sentence unchanged; None if empty."""
    return sentence.strip() or None


def plain(sentence: str, keep: str = "") -> str:
    """The sentence in ASCII, except the characters of `keep`."""
    if not keep:
        return to_ascii(sentence)
    return "".join(one if one in keep or one == " " else to_ascii(one) for one in sentence.strip())


@dataclass(frozen=True)
class Options:
    """Options of every importer."""

    filter_alphabet: Annotated[Path | None, "Drop sentences with characters outside this alphabet.txt."] = None
    normalize: Annotated[bool, "Replace accented letters with ASCII letters and drop all others."] = False
    space_after_every_character: Annotated[bool, "Put a space between the characters of each transcript."] = False
    validate_label_locale: Annotated[
        Path | None,
        "Python file with a function validate_label(sentence) for your language: it returns the transcript, "
        "or None to refuse. Without it the rule of this importer applies.",
    ] = None
    min_sec: Annotated[float | None, "Drop clips shorter than this, in seconds; the corpus's own limit by default."] = (
        None
    )
    max_sec: Annotated[float | None, "Drop clips longer than this, in seconds; the corpus's own limit by default."] = (
        None
    )
    workers: Annotated[int, "Convert this many clips at once; 0: one per core."] = 0

    @property
    def text(self) -> TextConfig:
        """How sentences are normalized, in place of the importer's rule."""
        return TextConfig()

    def rules(
        self,
        clean: Validator = validate_english,
        *,
        min_s: float = 0.0,
        max_s: float = 10.0,
        ms_per_character: int = 20,
        alphabet: Path | None = None,
        keep: str = "",
    ) -> Rules:
        """The corpus's rules with the user's changes; `keep`: characters that --normalize keeps.

        Raises TextError: a file that cannot be used.
        """
        validate = load_validator(self.validate_label_locale) if self.validate_label_locale else clean
        alphabet = self.filter_alphabet or alphabet
        characters = Characters.from_file(alphabet) if alphabet else None
        if self.text:
            validate = normalized(Normalizer(self.text, characters), validate if self.validate_label_locale else None)
        return Rules(
            validate=spelled(
                (lambda sentence: validate(plain(sentence, keep))) if self.normalize else validate,
                None if self.text else characters,
            ),
            alphabet=characters,
            min_s=min_s if self.min_sec is None else self.min_sec,
            max_s=max_s if self.max_sec is None else self.max_sec,
            ms_per_character=ms_per_character,
            spell=" ".join if self.space_after_every_character else str,
        )

    def report(self, corpus: str) -> ImportReport:
        """An empty report."""
        return ImportReport(corpus)


@dataclass(frozen=True)
class TextOptions(Options):
    """Options of importers whose sentences are cleaned by the rule for English unless their language is named.

    `--language` is the text's where the corpus has no option of that name, which selects its archives.
    """

    text_language: Annotated[
        str,
        "Normalize sentences of this language, such as fr; see docs/text.md. "
        "Without it the rule of this importer applies.",
        "--text-language",
        "--language",
    ] = ""
    lower: Annotated[bool | None, "Lower the case; the default of a language.", "--lower/--no-lower"] = None
    nfc: Annotated[bool | None, "Compose characters; the default of a language.", "--nfc/--no-nfc"] = None
    numbers: Annotated[
        bool | None, "Spell out numbers and abbreviations; the default of a language.", "--numbers/--no-numbers"
    ] = None
    map: Annotated[Path | None, "Replace words first: lines of WORD, a tab, how it is spoken."] = None

    @property
    def text(self) -> TextConfig:
        return TextConfig(
            self.text_language,
            {None: "", True: "lower", False: "keep"}[self.lower],
            {None: "", True: "NFC", False: "keep"}[self.nfc],
            self.numbers,
            map=str(self.map) if self.map else "",
        )

    def report(self, corpus: str, english_rule: bool = True) -> ImportReport:
        """An empty report; `english_rule`: the rule for English cleans sentences that may be of any language."""
        noted = english_rule and self.validate_label_locale is None and not self.text
        note = "Sentences were cleaned by the rule for English; see --text-language, or --validate-label-locale."
        return ImportReport(corpus, notes=[note] if noted else [])


def typed_english(sentence: str) -> str | None:
    """The rule for English, for sentences with typographers' apostrophes."""
    return validate_english(typewritten(sentence))


def normalized(normalizer: Normalizer, validate: Validator | None) -> Validator:
    """A label rule: the normalized sentence, None where none is left, or figures and signs, which nobody says as they
    are written. `validate`: the user's own rule, for the normalized sentence."""

    def rule(sentence: str) -> str | None:
        label = normalizer(sentence)
        if not label or (normalizer.tokens is None and normalizer.unwritable(label)):
            return None
        return validate(label) if validate else label

    return rule


class Clips(Protocol):
    """An iterable of clips with a length."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Clip]: ...


@dataclass(frozen=True)
class Part:
    """One set of a corpus: its clips, the path of its CSV, and its rules."""

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
    """Import set after set into `report` and return it; `whole`: one more CSV, with the rows of all.

    Raises CorpusError where two sets would write the same CSV.
    """
    parts, names = list(parts), WavNames()
    _refuse_same([*(part.csv for part in parts), *([whole] if whole else [])])
    with ExitStack() as stack:
        everything = stack.enter_context(CsvWriter(whole, speakers=True)) if whole else None

        def kept(sample: Sample) -> None:
            each(sample)
            if everything:
                everything.write(sample)

        for part in parts:
            report.sets.append(SetReport(part.csv.stem, part.csv, part.rules.max_s))
            import_set(part.clips, len(part.clips), part.rules, report.sets[-1], options.workers, kept, names)
    if everything:
        report.derived.append((everything.path, everything.rows))
    if not any(one.clips for one in report.sets):
        raise CorpusError(f"{report.corpus}: no clips were found; is this the right folder?")
    return report


def _refuse_same(csvs: Sequence[Path]) -> None:
    seen = set[str]()
    for csv in csvs:
        if (place := os.path.abspath(csv)) in seen:
            raise CorpusError(
                f"{csv}: two of the sets would be written to this file; import them one by one, each with a "
                "--target-dir of its own, or give them different names"
            )
        seen.add(place)


@dataclass
class Sentences:
    """Transcripts by recording name; tracks names that no recording requested."""

    transcripts: Mapping[str, str]
    folder: Path  # of the recordings
    requested: set[str] = field(default_factory=set)

    def clip(self, audio: Path, wav: Path, name: str | None = None, speaker: str = "") -> Clip:
        """The clip of a recording; `name`: under which its sentence is listed, by default its stem."""
        name = audio.stem if name is None else name
        self.requested.add(name)
        if name not in self.transcripts:
            return Clip(audio, wav, "", speaker, fault="the corpus has no sentence for it")
        return Clip(audio, wav, self.transcripts[name], speaker)

    def missing(self) -> list[Clip]:
        """Sentences without a recording, as missing clips."""
        names = [name for name in self.transcripts if name not in self.requested]
        return [Clip(self.folder / name, self.folder / name, self.transcripts[name]) for name in names]


def converted(audio: Path, root: Path, folder: Path) -> Path:
    """Where a recording below `root` has its wav file below `folder`; two recordings never share one."""
    return folder / audio.relative_to(root).parent / f"{audio.name.removesuffix('.wav')}.wav"


def joined(pieces: Sequence[Path], wav: Path) -> Path:
    """`wav`, made of whole recordings one after the other; the first that cannot be read, if one cannot.

    For recordings in several files, and for MP3, which cannot be cut exactly.
    Raises AudioError where it cannot be written.
    """
    lost = next((piece for piece in pieces if not piece.is_file()), None)
    if lost is not None:
        return lost
    note = made_of.note(made_of.origin(pieces, wav), made_of.state(pieces))
    made = read_note(wav, RATE_HZ)
    if made is not None and made.note == note:
        return wav
    sounds = []
    for piece in pieces:
        try:
            sounds.append(resample(*read_audio(piece), RATE_HZ))
        except AudioError:
            return piece
    wav.parent.mkdir(parents=True, exist_ok=True)
    write_wav(wav, np.concatenate(sounds), RATE_HZ, note)
    return wav


def unpacked(path: Path, wanted: str) -> Path:
    """The folder that holds `wanted` (a pattern): `path`, or, if that is an archive, one below, after unpacking."""
    if not path.is_file():
        return path
    name = path.name
    while (suffix := Path(name).suffix) in _PACKED:
        name = name.removesuffix(suffix)
    folder = path.with_name(name if name != path.name else f"{name}-unpacked")
    unpack_once(path, folder, folder)
    found = visible(folder, f"**/{wanted}")
    return found[0].parent if found else folder
