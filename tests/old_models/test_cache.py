"""Converted models are kept: once made, found again; damage and folders that cannot be written are no trouble."""

import os
import stat
from pathlib import Path

import pytest

from deepspeech.old_models import cache
from deepspeech.old_models.cache import cached


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(cache, "_temporary", lambda: tmp_path / "temporary")
    return tmp_path / "deepspeech" / "models"


class Maker:
    """Counts how often it had to work."""

    def __init__(self, content: bytes) -> None:
        self.content, self.times = content, 0

    def __call__(self) -> bytes:
        self.times += 1
        return self.content


def test_what_was_made_once_is_found_again(place: Path) -> None:
    make = Maker(b"model")
    paths = {cached("a", make) for _ in range(3)}
    assert make.times == 1
    (path,) = paths
    assert path.parent == place
    assert path.read_bytes() == b"model"
    assert [item.name for item in place.iterdir()] == [path.name]


def test_other_models_have_other_entries(place: Path) -> None:
    assert cached("a", Maker(b"1")) != cached("b", Maker(b"1"))


@pytest.mark.parametrize("harm", [b"modem", b"mode", b"", b"models"])
def test_a_damaged_entry_is_made_anew(place: Path, harm: bytes) -> None:
    make = Maker(b"model")
    cached("a", make).write_bytes(harm)
    assert cached("a", make).read_bytes() == b"model"
    assert make.times == 2
    assert len(list(place.iterdir())) == 1


def test_another_format_is_made_anew(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = Maker(b"model")
    cached("a", make)
    monkeypatch.setattr(cache, "FORMAT", cache.FORMAT + 1)
    cached("a", make)
    assert make.times == 2


def test_where_the_cache_cannot_be_written_a_temporary_file_serves(place: Path, tmp_path: Path) -> None:
    place.parent.mkdir()
    place.write_text("a file is in the way")
    make = Maker(b"model")
    first, second = cached("a", make), cached("a", make)
    assert first == second
    assert first.parent == tmp_path / "temporary"
    assert first.read_bytes() == b"model"
    assert make.times == 1


def test_the_folder_is_its_users_own(place: Path) -> None:
    cached("a", Maker(b"model"))
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_that_others_may_write_to_is_not_used(place: Path, tmp_path: Path, mode: int) -> None:
    planted = cached("a", Maker(b"planted"))
    place.chmod(mode)
    make = Maker(b"model")
    assert cached("a", make).read_bytes() == b"model"
    assert make.times == 1
    assert planted.parent == place


def test_a_folder_of_another_owner_is_not_used(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached("a", Maker(b"planted"))
    monkeypatch.setattr(cache.os, "getuid", lambda: 12345)
    assert cached("a", Maker(b"model")).read_bytes() == b"model"


def test_a_link_in_the_place_of_the_folder_is_not_followed(place: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    place.parent.mkdir()
    place.symlink_to(tmp_path / "elsewhere")
    cached("a", Maker(b"model"))
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("kind", ["pipe", "link", "others may write"])
def test_an_entry_that_is_no_file_of_the_users_own_is_made_anew(place: Path, tmp_path: Path, kind: str) -> None:
    entry = cached("a", Maker(b"model"))
    if kind == "others may write":
        entry.chmod(0o666)
    else:
        entry.rename(tmp_path / "moved")
        os.mkfifo(entry) if kind == "pipe" else entry.symlink_to(tmp_path / "moved")
    make = Maker(b"model")
    assert cached("a", make).read_bytes() == b"model"
    assert make.times == 1
    assert not cached("a", make).is_symlink()


def test_a_failed_conversion_leaves_nothing(place: Path) -> None:
    def fail() -> bytes:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        cached("a", fail)
    assert not list(place.iterdir())


def test_a_disk_that_is_full_is_no_trouble(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = cache._write

    def full(where: Path, key: str, content: bytes) -> Path:
        if where == place:
            raise OSError(28, "No space left on device")
        return write(where, key, content)

    monkeypatch.setattr(cache, "_write", full)
    assert cached("a", Maker(b"model")).parent == tmp_path / "temporary"


def test_no_temporary_folder_is_made_where_none_is_needed(place: Path, tmp_path: Path) -> None:
    cached("a", Maker(b"model"))
    assert not (tmp_path / "temporary").exists()
