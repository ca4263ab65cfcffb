"""Amounts of memory as people say them; files that are whole or not there."""

import os
from pathlib import Path

import pytest

from deepspeech.errors import LmError
from deepspeech.lm import memory
from deepspeech.lm.memory import memory_bytes


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
