"""Tables as people, spreadsheets and programs write them: read as they are meant, or refused with file and line.

In: the bytes of a CSV in UTF-8 or, with its mark, UTF-16; separated by commas, semicolons or tabs. Out: header, rows.
Nothing is cut off in silence: a row of more columns than the header and a quote that nothing closes are errors.
"""

import csv
import io
import shlex
from collections.abc import Iterator, Sequence

from deepspeech.errors import DeepSpeechError
from deepspeech.text.reading import decode, guessed

Error = type[DeepSpeechError]

_SEPARATORS = ",;\t"
# Missing values as pandas and Python write them; no transcript is one, unless `nan` is a word of its language.
NO_VALUE = {"nan", "NaN", "None", "<NA>"}


def read_header(text: str, needed: Sequence[str] = (), separators: str = _SEPARATORS) -> tuple[list[str], str, bool]:
    """The names of the columns, the separator (the first under which all `needed` are there), and whether blanks follow
    the separators."""
    line = next(iter(io.StringIO(text, newline="")), "").rstrip("\r\n")
    found = []
    for separator in separators:
        names = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
        found.append(([name.strip() for name in names], separator, f"{separator} " in line))
    return next((one for one in found if set(needed) <= set(one[0])), max(found, key=lambda one: len(one[0])))


def read_rows(
    text: str, name: object, error: Error, needed: Sequence[str] = (), separators: str = _SEPARATORS
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The header of a CSV, and its rows that are not blank, each with the line where it begins.

    A row may be shorter than the header. Raises `error` with file and line: a column of `needed` is missing or there
    twice, a row has more columns than the header, a quote is not closed.
    """
    header, separator, spaced = read_header(text, needed, separators)
    for column in needed:
        if header.count(column) != 1:
            there = "are two columns" if column in header else "is no column"
            raise error(f"{name}: there {there} {column}; its columns are {', '.join(header) or 'none'}")
    rows = _rows(text, name, error, separator, spaced)
    next(rows, None)
    return header, _checked(rows, len(header), name, error)


def read_table(
    content: bytes, name: object, error: Error, needed: Sequence[str]
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """`read_rows` of a data set's bytes. For a table in the encoding or with the columns of a spreadsheet, the error
    names the command that converts it."""
    try:
        return read_rows(decode(content, name, error), name, error, needed)
    except error as fault:
        text, _ = guessed(content)
        header = [] if "\0" in text else read_header(text, needed)[0]  # Python 3.10's csv reads no zero byte
        table = len(header) > 1 and all(header.count(column) < 2 for column in needed)
        advice = f". Convert a spreadsheet's table: deepspeech import csv {shlex.quote(str(name))}" if table else ""
        raise error(f"{fault}{advice}") from None


def _rows(text: str, name: object, error: Error, separator: str, spaced: bool) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=spaced, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            raise error(
                f"{name}:{line}: not readable as CSV ({fault}); does each quote of this row end where it should?"
            ) from None


def _checked(
    rows: Iterator[tuple[int, list[str]]], columns: int, name: object, error: Error
) -> Iterator[tuple[int, list[str]]]:
    for line, row in rows:
        if not any(field.strip() for field in row):
            continue
        if any(field.strip() for field in row[columns:]):
            raise error(
                f"{name}:{line}: {len(row)} columns, but the header names {columns}; put text that holds a separator "
                "in quotes"
            )
        yield line, row
