"""Checked reading: whatever a text, a number or a file's name is, the answer is a value or one kind of error."""

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepspeech import untrusted
from deepspeech.corpora.reading import read_text as read_corpus_text
from deepspeech.datasets.formats.csv_files import read_csv
from deepspeech.decoder.phrases import HotPhrases
from deepspeech.errors import DeepSpeechError
from deepspeech.runtime.jobs import read_manifest
from deepspeech.text.tokens import Characters
from deepspeech.untrusted import (
    DEEPEST,
    LARGEST_NUMBER,
    at,
    check_description,
    is_count,
    is_number,
    open_regular,
    parse_json,
    read_json,
    read_named,
)

HUGE = 10**400


@pytest.mark.parametrize("levels", [DEEPEST + 2, 500, 100_000])
@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"a":', "}")])
def test_json_of_any_depth_is_a_value_error(start: str, end: str, levels: int) -> None:
    with pytest.raises(ValueError, match="nested deeper"):
        parse_json(start * levels + "1" + end * levels)


def test_json_that_is_not_deep_passes_however_wide() -> None:
    assert len(parse_json("[" + ",".join(["[1]"] * 1000) + "]")) == 1000
    assert parse_json('"' + "[" * 1000 + '"') == "[" * 1000


@pytest.mark.parametrize("text", [r'"\ud800"', r'{"a": ["\uDFFF"]}', r'{"\udc00": 1}', b'"\xed\xa0\x80"', b'"\xff"'])
def test_a_text_that_no_file_can_hold_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_json(text)


def test_whole_surrogate_pairs_and_byte_order_marks_pass() -> None:
    assert parse_json(r'"\ud83d\ude00"') == "😀"
    assert parse_json(b'\xef\xbb\xbf"a"') == "a"


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_any_text_is_a_value_or_a_value_error(text: str | bytes) -> None:
    with suppress(ValueError):
        parse_json(text)


@pytest.mark.parametrize("value", [HUGE, -1, float("inf"), float("nan"), True, "1", None, [], LARGEST_NUMBER * 2])
def test_what_is_no_number_of_seconds(value: Any) -> None:
    assert not is_number(value)
    assert not is_count(value)


def test_numbers() -> None:
    assert is_number(0.5)
    assert is_count(0)
    assert not is_count(0.5)
    assert not is_count(3, most=2)


def test_a_setting_is_found_by_its_path_or_named() -> None:
    assert at({"a": {"b": 1}}, "a.b", int) == 1
    for page in ({}, {"a": 1}, {"a": {"b": True}}, [], {"a": {"b": "1"}}):
        with pytest.raises(ValueError, match=r"a\.b is missing, or no int"):
            at(page, "a.b", int)


@pytest.mark.parametrize("page", [{"config": {"network": {"hidden": HUGE}}}, {"step": -1}, {"card": {"name": 3}}])
def test_a_description_is_looked_through_on_every_level(page: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        check_description(page)


def test_files_alone_are_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("[1]")
    os.mkfifo(tmp_path / "pipe")
    assert read_json(tmp_path / "file") == [1]
    for name in (tmp_path / "pipe", Path("/dev/zero"), tmp_path, Path("a\0b"), tmp_path / "none", Path("\ud800")):
        with pytest.raises(OSError) as caught:  # noqa: PT011
            open_regular(name)
        assert caught.value.strerror


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no devices here")
def test_a_device_that_never_ends_is_one_line_wherever_text_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepspeech.untrusted.LARGEST_PIPE", 1 << 20)
    zero = Path("/dev/zero")
    with pytest.raises(OSError, match="a pipe that gave 1 MB and did not end"):
        read_named(zero)
    for read in (read_csv, read_manifest, Characters.from_file, HotPhrases.from_file, read_corpus_text):
        with pytest.raises(DeepSpeechError, match=r"^/dev/zero: .*gave 1 MB and did not end; save it to a file first"):
            read(zero)


def test_a_named_pipe_is_read_to_its_end() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"wav_filename\na.wav\n")
    os.close(writer)
    try:
        assert [sample.audio.name for sample in read_csv(f"/dev/fd/{reader}", labeled=False)] == ["a.wav"]
    finally:
        os.close(reader)


def test_a_pipe_without_a_writer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe, told = tmp_path / "pipe", tmp_path / "told"
    os.mkfifo(pipe)
    monkeypatch.setattr(untrusted, "AWAITED_S", 0.05)

    def write_when_told() -> None:
        while not told.stat().st_size:
            time.sleep(0.01)
        pipe.write_bytes(b"late")

    with told.open("w", buffering=1) as errors:
        monkeypatch.setattr(sys, "stderr", errors)
        writer = threading.Thread(target=write_when_told)
        writer.start()
        assert read_named(pipe) == b"late"
        writer.join()
    assert told.read_text() == f"deepspeech: waiting for '{pipe}', a pipe to which nothing has been written yet\n"


def test_what_opens_at_once_is_read_without_a_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_bytes(b"here")
    assert read_named(tmp_path / "file") == b"here"
    assert capsys.readouterr().err == ""
