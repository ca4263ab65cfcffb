"""Script: the text of a recording, as paragraphs of sentences of words, with capitals and punctuation as written.

In: plain text, SubRip (.srt), WebVTT (.vtt) or a CSV with a column `transcript`. Out: a Script. Times of subtitles are
not used: they are what an alignment is to find.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deepspeech.errors import TextError
from deepspeech.text.reading import NOT_TEXT, text_of
from deepspeech.text.spelling import tidy
from deepspeech.text.tables import read_rows
from deepspeech.untrusted import read_named

COLUMN = "transcript"
SENTENCES, LINES = "sentences", "lines"
SPLITS = (SENTENCES, LINES)

_ENDS = ".!?…。！？؟।"
_CLOSING = "\"'”’»)]"
_SENTENCE_END = re.compile(rf"(?<=[{_ENDS}])[{re.escape(_CLOSING)}]*\s+(?=[^\s])")
_ABBREVIATION = re.compile(r"(?:^|\s)(?:\w|mr|mrs|ms|dr|st|vs|etc|prof|no)\.$", re.IGNORECASE)
_CUE_TIME = re.compile(r"^\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{3}\s+-->")
_MARKUP = re.compile(r"<[^>]*>|\{\\[^}]*\}")


@dataclass(frozen=True)
class Script:
    """Paragraphs [sentences [written words]]; no level is empty."""

    paragraphs: tuple[tuple[tuple[str, ...], ...], ...]

    @property
    def words(self) -> list[str]:
        return [word for paragraph in self.paragraphs for sentence in paragraph for word in sentence]


def read_script(path: str | Path, split: str = SENTENCES) -> Script:
    """The script in a file; its suffix tells the kind, any other than .srt, .vtt and .csv is plain text.

    `split`: see `plain_script`. Raises TextError with file and cause.
    """
    path = Path(path)
    try:
        text = text_of(read_named(path))
    except OSError as error:
        raise TextError(f"{path}: cannot be read ({error.strerror}); name the text of the recording") from None
    except UnicodeError:
        raise TextError(f"{path}: {NOT_TEXT}") from None
    try:
        return _script(_blocks(path.suffix.lower(), text, path), split)
    except TextError as error:
        raise error if str(error).startswith(str(path)) else TextError(f"{path}: {error}") from None


def plain_script(text: str, split: str = SENTENCES) -> Script:
    """The script of plain text: an empty line ends a paragraph.

    `split` "sentences": a sentence ends at its punctuation; "lines": each line is one. Raises TextError without words.
    """
    return _script(_paragraphs(text), split)


def _script(blocks: Iterable[str], split: str) -> Script:
    if split not in SPLITS:
        raise TextError(f"sentences are split at '{split}'; choose one of {', '.join(SPLITS)}")
    cut = str.splitlines if split == LINES else split_sentences
    paragraphs = (tuple(tuple(words) for part in cut(block) if (words := _words(part))) for block in blocks)
    found = tuple(paragraph for paragraph in paragraphs if paragraph)
    if not found:
        raise TextError("there is no word in this text")
    return Script(found)


def _blocks(suffix: str, text: str, path: Path) -> Iterable[str]:
    if suffix in (".srt", ".vtt"):
        return _cues(text)
    if suffix == ".csv":
        header, rows = read_rows(text, path, TextError, [COLUMN])
        place = header.index(COLUMN)
        return [row[place] for _, row in rows if len(row) > place]
    return _paragraphs(text)


def _paragraphs(text: str) -> list[str]:
    return re.split(r"\n[ \t]*\n", text.replace("\f", "\n\n"))


def _cues(text: str) -> Iterator[str]:
    """The text of all cues, markup removed: one paragraph, because sentences go on from cue to cue."""
    lines, inside = list[str](), False
    for line in text.split("\n"):
        if _CUE_TIME.match(line):
            inside = True
        elif not line.strip():
            inside = False
        elif inside:
            lines.append(html.unescape(_MARKUP.sub("", line)))
    yield "\n".join(lines)


def split_sentences(text: str) -> list[str]:
    """Sentences of a paragraph: each ends with its punctuation, but not after an initial or a common abbreviation."""
    sentences, start = list[str](), 0
    for found in _SENTENCE_END.finditer(text):
        if _ABBREVIATION.search(text[start : found.start()]) or text[found.end()].islower():
            continue
        sentences.append(text[start : found.end()])
        start = found.end()
    return [*sentences, text[start:]]


def _words(text: str) -> Sequence[str]:
    """Written words; marks that stand alone, such as dashes, belong to the word before, or the one after."""
    words, before = list[str](), ""
    for part in tidy(text).split():
        if any(character.isalnum() for character in part):
            words.append(before + part)
            before = ""
        elif words:
            words[-1] += " " + part
        else:
            before += part + " "
    return words
