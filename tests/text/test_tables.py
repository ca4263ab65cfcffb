"""Tables as spreadsheets and people leave them."""

import pytest

from deepspeech.errors import DataError
from deepspeech.text.reading import decode
from deepspeech.text.tables import read_rows, read_table

HEADER = "wav_filename,transcript"


def read(content: str | bytes, needed: tuple[str, ...] = ("wav_filename", "transcript")) -> list[list[str]]:
    text = decode(content.encode() if isinstance(content, str) else content, "x.csv", DataError)
    return [row for _, row in read_rows(text, "x.csv", DataError, needed)[1]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_separators_and_line_ends(encoding: str, separator: str, end: str) -> None:
    rows = ["wav_filename,transcript", "a.wav,één", "", "b.wav,two", "  "]
    content = end.join(row.replace(",", separator) for row in rows).encode(encoding)
    assert read(content) == [["a.wav", "één"], ["b.wav", "two"]]


def test_blanks_after_separators_are_no_part_of_a_field_where_the_header_has_them_too() -> None:
    assert read('wav_filename, transcript\na.wav, one\nb.wav, "two, three"\n') == [
        ["a.wav", "one"], ["b.wav", "two, three"],
    ]  # fmt: skip
    assert read(f"{HEADER}\na.wav, one\n") == [["a.wav", " one"]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            f"{HEADER}\na.wav,one, two\n",
            "x.csv:2: 3 columns, but the header names 2; put text that holds a separator in",
        ),
        (f'{HEADER}\na.wav,one\nb.wav,"two\nc.wav,three\n', "x.csv:3: not readable as CSV (unexpected end of data)"),
        (f'{HEADER}\na.wav,"one\nb.wav,"two"\n', "x.csv:2: not readable as CSV (',' expected after"),
        (f'{HEADER}\na.wav,"{"x" * 200_000}\n', "x.csv:2: not readable as CSV (field larger than field limit"),
        (f"{HEADER}\na.wav,o\0ne\n", "x.csv:2: a zero byte, which no text holds"),
        (HEADER.encode("utf-16-le"), "x.csv:1: a zero byte"),
        (f"{HEADER}\na.wav,caf".encode() + b"\xe9\n", "x.csv: not UTF-8 text in line 2"),
        ("wav_filename\na.wav\n", "x.csv: there is no column transcript; its columns are wav_filename"),
        (f"{HEADER},transcript\n", "x.csv: there are two columns transcript"),
        ("", "x.csv: there is no column wav_filename; its columns are none"),
    ],
)
def test_what_would_be_cut_off_in_silence_is_reported_with_its_line(content: str | bytes, words: str) -> None:
    with pytest.raises(DataError) as caught:
        read(content)
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            "wav_filename;transcript\r\na.wav;für\r\n".encode("cp1252"),
            "not UTF-8 text in line 2; save the file as UTF-8",
        ),
        ("Datei;Text\r\na.wav;für\r\n".encode("cp1252"), "not UTF-8 text in line 2; save the file as UTF-8"),
        (
            "Datei;Text\r\na.wav;für\r\n".encode("utf-8-sig"),
            "there is no column wav_filename; its columns are Datei, Text",
        ),
        (
            "Datei\tText\r\na.wav\tda\r\n".encode("utf-16-le"),
            "a zero byte, which no text holds; save the file as UTF-8",
        ),
    ],
)
def test_a_spreadsheets_table_is_answered_with_the_command_that_converts_it(content: bytes, words: str) -> None:
    with pytest.raises(DataError) as caught:
        read_table(content, "my table.csv", DataError, ("wav_filename", "transcript"))
    assert words in str(caught.value)
    assert str(caught.value).endswith(". Convert a spreadsheet's table: deepspeech import csv 'my table.csv'")


@pytest.mark.parametrize("content", [b"hello\n", b"", bytes(range(256)), f"{HEADER},transcript\n".encode()])
def test_what_is_no_table_or_one_of_doubtful_columns_is_not(content: bytes) -> None:
    with pytest.raises(DataError) as caught:
        read_table(content, "x.csv", DataError, ("wav_filename", "transcript"))
    assert "import csv" not in str(caught.value)


def test_blank_columns_at_the_end_of_a_row_do_no_harm() -> None:
    assert read(f"{HEADER}\na.wav,one,,\n")[0][:2] == ["a.wav", "one"]


def test_quotes_inside_a_field_stand_for_themselves() -> None:
    assert read(f'{HEADER}\na.wav,say "six\n"b, c.wav","say ""seven"""\n') == [
        ["a.wav", 'say "six'], ["b, c.wav", 'say "seven"'],
    ]  # fmt: skip
