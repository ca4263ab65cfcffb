"""Read texts, tables and descriptions of corpora; a damaged one is reported in one line.

In: files of a corpus. Out: rows and texts. A fault of one recording belongs to its clip, not to the corpus: `seconds`,
`text_of` and `read_xml` do not raise.
"""

import codecs
import io
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError
from xml.etree.ElementTree import parse as parse_xml

from deepspeech.errors import CorpusError
from deepspeech.text.reading import decode
from deepspeech.text.tables import NO_VALUE, read_rows
from deepspeech.untrusted import read_named

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def lines(path: Path, encoding: str = "utf-8") -> list[str]:
    """The non-empty lines of a text file, stripped. Raises CorpusError."""
    return [line.strip() for line in read_text(path, encoding).split("\n") if line.strip()]


def table(path: Path, separator: str | None = None, encoding: str = "utf-8") -> list[list[str]]:
    """Lines of a list `name<separator>sentence`, cut once (None: at white space). Raises CorpusError."""
    return [line.split(separator, 1) for line in lines(path, encoding)]


@dataclass(frozen=True)
class Row:
    """A row of a table, by column; `fault`: why it cannot be used."""

    place: Path  # file:line
    fields: dict[str, str]
    fault: str = ""

    def __getitem__(self, column: str) -> str:
        return self.fields.get(column, "")


def tsv_rows(path: Path, needed: Sequence[str]) -> Iterator[Row]:
    """The rows of a table with tabs and a header, as the file is read; a row without the columns `needed`, or with more
    than the header has, is incomplete.

    Raises CorpusError: missing file, not text, missing column.
    """
    # Not the csv module: these tables are not quoted, and sentences may contain carriage returns.
    rows = _numbered(path)
    header = [name.strip() for name in next(rows, (1, ""))[1].split("\t")]
    for column in needed:
        if column not in header:
            raise CorpusError(f"{path}: there is no column {column}; its columns are {', '.join(header) or 'none'}")
    least = max(header.index(column) for column in needed) + 1
    for number, line in rows:
        fields, fault = line.split("\t"), ""
        if len(fields) < least:
            fault = "the row is incomplete"
        elif any(field.strip() for field in fields[len(header) :]):
            fault = "the row has more columns than the header names"
        yield Row(Path(f"{path.name}:{number}"), dict(zip(header, fields, strict=False)), fault)


def _numbered(path: Path) -> Iterator[tuple[int, str]]:
    """(number from 1, line without its end) of a text file, streamed. Raises CorpusError."""
    try:
        with path.open("rb") as file:
            head = file.read(2)
            file.seek(0)
            # Files with a UTF-16 byte order mark are rare: read them whole.
            whole = io.BytesIO(decode(file.read(), path, CorpusError).encode()) if head in _UTF_16 else file
            for number, line in enumerate(whole, 1):
                yield number, line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror}); is the corpus complete?") from None
    except UnicodeDecodeError:
        raise CorpusError(f"{path}: not UTF-8 text in line {number}; fetch the corpus again") from None


def csv_rows(path: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a CSV with a header, by column. Raises CorpusError that names a missing column, or the line of a row
    that is no CSV."""
    header, rows = read_rows(read_text(path), path, CorpusError, needed)
    return [dict(zip(header, [*row, *[""] * len(header)], strict=False)) for _, row in rows]


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """A text file of a corpus. Raises CorpusError: missing, or in another encoding."""
    try:
        content = read_named(path)
        return decode(content, path, CorpusError) if encoding == "utf-8" else content.decode(encoding)
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror}); is the corpus complete?") from None
    except UnicodeDecodeError:
        raise CorpusError(f"{path}: not {encoding.upper()} text; unpack or fetch the corpus again") from None


def json_object(line: str) -> dict[str, Any] | None:
    """A JSON object in a line; None if it is none. Lone surrogates pass: the clip reports them."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def sentence_of(value: object) -> tuple[str, str]:
    """(a sentence as JSON or Parquet has it, why it cannot be used): null, NaN, true and numbers are no
    sentence, nor is a null that pandas made a text of."""
    if isinstance(value, str) and value not in NO_VALUE:
        return value, ""
    return "", "its text is null" if isinstance(value, str) or _is_null(value) else "its text is no text"


def speaker_of(value: object) -> str:
    """A speaker's name or number as JSON or Parquet has it; "" for null."""
    return "" if _is_null(value) or isinstance(value, bool | dict | list) else str(value)


def _is_null(value: object) -> bool:
    return value is None or value != value  # NaN


def number(value: object) -> float:
    """A time in JSON. Raises ValueError where it is not a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("no number")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise ValueError("not finite")
    return found


def text_of(path: Path) -> tuple[str, str]:
    """(the text file of a recording, why it cannot be used): one of the two is empty."""
    try:
        if path.exists() and not path.is_file():
            return "", "its text cannot be read"  # not a regular file: reading a pipe would block
        return decode(path.read_bytes(), path, CorpusError), ""
    except FileNotFoundError:
        return "", "the corpus has no sentence for it"
    except (OSError, ValueError, CorpusError):
        return "", "its text cannot be read"


def read_xml(path: Path) -> Element | None:
    """The root of an XML file of a corpus; None when it cannot be read."""
    try:
        return parse_xml(path).getroot()
    except (ParseError, OSError, ValueError, LookupError):
        return None


def seconds(start: str, end: str) -> tuple[float, float] | None:
    """Two times of a transcript; None if they are not numbers."""
    try:
        return float(start), float(end)
    except ValueError:
        return None


def truth(text: str) -> bool:
    """A boolean option value. Raises CorpusError."""
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if text.lower() not in known:
        raise CorpusError(f"'{text}' is neither yes nor no; write true or false")
    return known[text.lower()]
