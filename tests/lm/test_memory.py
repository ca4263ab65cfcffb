"""Amounts of memory as people say them; files that are whole or not there."""

import os
from pathlib import Path

import pytest

from deepspeech.errors import LmError
from deepspeech.lm import memory
from deepspeech.lm.memory import memory_bytes
from deepspeech.lm.whole_file import check_place, whole_file


@pytest.mark.parametrize(
    ("text", "count"),
    [("2GB", 2 * 10**9), ("800M", 8 * 10**8), ("1.5 gb", 15 * 10**8), ("4096", 4096), ("64k", 64_000), ("1GiB", 10**9)],
)
def test_amounts(text: str, count: int) -> None:
    assert memory_bytes(text) == count


def test_shares_are_of_the_machine_or_its_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_CONTAINER_LIMIT", tmp_path / "none")
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert memory_bytes("100%") == whole
    assert memory_bytes("300%") == whole
    (tmp_path / "limit").write_text("1000000\n")
    monkeypatch.setattr(memory, "_CONTAINER_LIMIT", tmp_path / "limit")
    assert memory_bytes("75%") == 750_000


@pytest.mark.parametrize("text", ["", "much", "-1", "0", "0%", "5%%", "3 apples", "1e9"])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(LmError, match="write 75% or 2GB"):
        memory_bytes(text)


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with whole_file(path) as partial:
        partial.write_text("first")
        assert not path.exists()
    with pytest.raises(UnicodeEncodeError), whole_file(path) as partial:
        partial.write_text("second \ud800", encoding="utf-8")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("file", "first")]


def test_another_files_fault_is_not_the_outputs(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"), whole_file(tmp_path / "file"):
        (tmp_path / "missing").read_text()


def test_places_that_cannot_be(tmp_path: Path) -> None:
    check_place(tmp_path / "file")
    with pytest.raises(LmError, match="is a folder"):
        check_place(tmp_path)
    with pytest.raises(LmError, match="no such folder"):
        check_place(tmp_path / "none" / "file")
