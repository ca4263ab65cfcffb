"""Texts, tables and descriptions of corpora, read so that a damaged one is told in one line.

In: files as their makers left them. Out: rows and texts. What concerns one recording only is a fault of its clip, not
of the corpus: `seconds`, `text_of` and `read_xml` do not raise.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError
from xml.etree.ElementTree import parse as parse_xml

from deepspeech.errors import CorpusError


def lines(path: Path, encoding: str = "utf-8") -> list[str]:
    """The lines of a text file that hold something, without white space around. Raises CorpusError."""
    return [line.strip() for line in read_text(path, encoding).split("\n") if line.strip()]


def table(path: Path, separator: str | None = None, encoding: str = "utf-8") -> list[list[str]]:
    """Lines of a list `name<separator>sentence`, cut once (None: at white space). Raises CorpusError."""
    return [line.split(separator, 1) for line in lines(path, encoding)]


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


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """A text file of a corpus. Raises CorpusError: not there, or in another encoding."""
    try:
        return path.read_bytes().decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror}); is the corpus whole?") from None
    except UnicodeDecodeError:
        raise CorpusError(f"{path}: not {encoding.upper()} text; unpack or fetch the corpus again") from None


def text_of(path: Path) -> tuple[str, str]:
    """(what the text file of one recording says, why it cannot be used): one of the two is empty."""
    try:
        return path.read_bytes().decode("utf-8-sig"), ""
    except FileNotFoundError:
        return "", "the corpus has no sentence for it"
    except (OSError, UnicodeDecodeError):
        return "", "its text cannot be read"


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


def truth(text: str) -> bool:
    """An option's value that says yes or no. Raises CorpusError."""
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if text.lower() not in known:
        raise CorpusError(f"'{text}' says neither yes nor no; write true or false")
    return known[text.lower()]
