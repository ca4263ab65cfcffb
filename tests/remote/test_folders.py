"""Mirrored folders: downloaded, changed, uploaded; changes of a killed run are uploaded later."""

from pathlib import Path
from typing import Any

import fsspec
import pytest

from deepspeech.errors import RemoteError
from deepspeech.remote.folders import STATE, download, mirror, push

PLACE = "flaky://bucket/run"


def there(place: str = PLACE) -> dict[str, bytes]:
    system, root = fsspec.core.url_to_fs(place)
    names = system.find(root) if system.exists(root) else []
    return {name.removeprefix(root + "/"): system.cat_file(name) for name in names}


def put(name: str, content: bytes) -> None:
    with fsspec.open(f"{PLACE}/{name}", "wb") as file:
        file.write(content)


def write(folder: Path, name: str, content: bytes = b"x") -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def here(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != STATE]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_folder_of_this_machine_is_itself_and_nothing_is_sent(tmp_path: Path) -> None:
    assert mirror(tmp_path) == download(str(tmp_path)) == tmp_path
    push(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_new_folder_is_made_there_by_the_first_push(cache: Path) -> None:
    folder = mirror(PLACE)
    assert folder == cache / "flaky" / "bucket" / "run"
    assert there() == {}
    write(folder, "train-000001/weights", b"w")
    write(folder, ".half.partial", b"no")
    write(folder, ".train-000002.partial/weights", b"no")
    push(folder)
    assert there() == {"train-000001/weights": b"w"}


def test_what_is_there_is_downloaded_with_its_folders() -> None:
    put("a/b", b"1")
    put("c", b"2")
    assert here(mirror(PLACE)) == here(download(PLACE)) == {"a/b": b"1", "c": b"2"}
    assert download(f"{PLACE}/c").read_bytes() == b"2"


def test_only_what_changed_is_sent_in_the_order_it_was_written(flaky: Any) -> None:
    folder = mirror(PLACE)
    for name in ("b/weights", "b/run.json", "a"):
        write(folder, name)
    push(folder)
    assert [name.rpartition("run/")[2] for name in flaky.sent] == ["b/weights", "b/run.json", "a"]
    flaky.sent.clear()
    push(folder)
    assert flaky.sent == []
    write(folder, "a", b"longer")
    push(folder)
    assert len(flaky.sent) == 1
    assert there()["a"] == b"longer"


def test_what_is_removed_here_is_removed_there_and_the_other_way_round() -> None:
    folder = mirror(PLACE)
    for name in ("old/weights", "old/run.json", "kept"):
        write(folder, name)
    push(folder)
    for name in ("weights", "run.json"):
        (folder / "old" / name).unlink()
    push(folder)
    assert there() == {"kept": b"x"}
    fsspec.core.url_to_fs(PLACE)[0].rm_file("/bucket/run/kept")
    assert here(mirror(PLACE)) == {}


def test_a_file_that_changed_there_is_downloaded_again_and_one_that_changed_here_is_not() -> None:
    put("a", b"1")
    put("b", b"1")
    folder = mirror(PLACE)
    put("a", b"there")
    write(folder, "b", b"here")
    assert here(mirror(PLACE)) == {"a": b"there", "b": b"here"}
    push(folder)
    assert there() == {"a": b"there", "b": b"here"}


def test_what_could_not_be_sent_goes_with_the_next_push(flaky: Any) -> None:
    folder = mirror(PLACE)
    for name in ("one", "two", "three"):
        write(folder, name)
    flaky.left = 1
    with pytest.raises(RemoteError, match=r"^flaky://bucket/run: cannot be written \(connection reset by peer\)"):
        push(folder)
    assert there().keys() == {"one"}
    flaky.left = 100
    assert here(mirror(PLACE)).keys() == {"one", "two", "three"}  # a new run keeps what was not sent
    push(folder)
    assert there().keys() == {"one", "two", "three"}


def test_a_broken_off_download_goes_on(flaky: Any) -> None:
    for name in ("one", "two", "three"):
        put(name, name.encode())
    flaky.left = 2
    with pytest.raises(RemoteError, match="cannot be read"):
        mirror(PLACE)
    flaky.left = 1
    assert here(mirror(PLACE)).keys() == {"one", "two", "three"}


def test_a_damaged_note_is_reported(cache: Path) -> None:
    write(cache / "flaky/bucket/run", STATE, b"{")
    with pytest.raises(RemoteError, match="damaged; delete this folder"):
        mirror(PLACE)


def test_neither_file_nor_folder() -> None:
    with pytest.raises(RemoteError, match="there is no such file"):
        download("flaky://bucket/none")
