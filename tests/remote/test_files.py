"""Remote files: recognized, downloaded atomically, uploaded; every error is one line."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fsspec
import pytest

from deepspeech.errors import ConfigError, MissingPartError, RemoteError
from deepspeech.remote import files
from deepspeech.remote.files import address, beside, fetch, fetch_all, landing, open_bytes, parent, publish


def put(place: str, content: bytes = b"content") -> str:
    with fsspec.open(place, "wb") as file:
        file.write(content)
    return place


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("s3://bucket/a.csv", "s3://bucket/a.csv"),
        (Path("s3://bucket/a.csv"), "s3://bucket/a.csv"),
        ("GS://bucket/A.csv", "gs://bucket/A.csv"),
        ("memory://a", "memory://a"),
        ("a.csv", None),
        ("/data/a.csv", None),
        (Path("/data/a:b/c.csv"), None),
        ("C:/data/a.csv", None),
        (Path("C:/data"), None),
        ("16:9/clip.wav", None),
        ("", None),
    ],
)
def test_an_address_is_known_as_one_as_text_and_as_path(name: str | Path, expected: str | None) -> None:
    assert address(name) == expected


@pytest.mark.parametrize(
    ("folder", "name", "expected"),
    [
        ("s3://bucket/set", "clips/a.wav", "s3://bucket/set/clips/a.wav"),
        ("s3://bucket/set", "/data/a.wav", "/data/a.wav"),
        ("s3://bucket/set", "gs://other/a.wav", "gs://other/a.wav"),
        ("data", "clips/a.wav", "data/clips/a.wav"),
        (".", "a.wav", "a.wav"),
        ("data", "/data/a.wav", "/data/a.wav"),
        ("data", "s3://bucket/a.wav", "s3://bucket/a.wav"),
    ],
)
def test_names_in_a_file_are_meant_beside_it(folder: str, name: str, expected: str) -> None:
    assert beside(folder, name) == expected


def test_the_folder_of_a_file() -> None:
    assert parent("s3://bucket/set/a.csv") == "s3://bucket/set"
    assert parent("set/a.csv") == "set"


def test_a_path_of_this_machine_is_what_it_was(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x")
    assert fetch(file) == landing(file) == file
    with open_bytes(file) as opened:
        assert opened.read() == b"x"
    publish(file, tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_is_downloaded_and_again_when_it_changed(cache: Path) -> None:
    place = put("memory://set/a.csv", b"one")
    assert fetch(place) == cache / "memory" / "set" / "a.csv" == landing(place)
    assert fetch(place).read_bytes() == b"one"
    put(place, b"two")
    assert fetch(place, again=False).read_bytes() == b"one"
    assert fetch(place).read_bytes() == b"two"


def test_a_file_that_did_not_change_is_not_downloaded_again(flaky: Any) -> None:
    place = put("flaky://set/a.csv")
    flaky.left = 1
    assert fetch(place).read_bytes() == fetch(place).read_bytes() == b"content"
    put(place, b"changed")
    with pytest.raises(RemoteError):
        fetch(place)


def test_without_metadata_of_a_store_a_file_is_downloaded_each_time() -> None:
    assert files.version({"name": "a", "size": 3, "type": "file"}) == ""
    assert files.version({"size": 3, "ETag": "x"}) != files.version({"size": 3, "ETag": "y"})


def test_a_file_is_written_back(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"made here")
    publish(tmp_path / "a", "memory://new/folder/a")
    with open_bytes("memory://new/folder/a") as file:
        assert file.read() == b"made here"


def test_many_files_are_downloaded_and_what_is_missing_is_left(cache: Path) -> None:
    names = [put(f"memory://set/{number}.wav", bytes([number])) for number in range(40)]
    fetch_all([*names, "memory://set/none.wav", "/local.wav"], "fetching")
    assert sorted(path.name for path in (cache / "memory" / "set").iterdir()) == sorted(f"{n}.wav" for n in range(40))
    assert all(landing(name).read_bytes() == bytes([number]) for number, name in enumerate(names))


def test_a_transfer_that_fails_leaves_nothing(cache: Path, flaky: Any) -> None:
    place = put("flaky://set/a.csv")
    flaky.left = 0
    with pytest.raises(RemoteError) as caught:
        fetch(place)
    assert str(caught.value) == (
        "flaky://set/a.csv: cannot be fetched (connection reset by peer); check address, network and rights"
    )
    assert not [path for path in cache.rglob("*") if path.is_file()]
    with pytest.raises(RemoteError, match="cannot be fetched"):
        fetch_all([place], "fetching")


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("memory://set/none.csv", RemoteError, "memory://set/none.csv: there is no such file"),
        ("nosuch://set/a.csv", RemoteError, "nosuch://set/a.csv: cannot be fetched (Protocol not known: nosuch"),
        ("memory://set/../../etc", ConfigError, "without '..'"),
        ("memory://", ConfigError, "not the address of a file"),
    ],
)
def test_faults_are_one_line(name: str, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind) as caught:
        fetch(name)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_fsspec_an_address_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingPartError, match=r"pip install '\.\[remote\]'"):
        fetch("s3://bucket/a.csv")


def test_a_protocol_without_its_package_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(place: str) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec.core, "url_to_fs", missing)
    with pytest.raises(MissingPartError, match=r"s3://bucket/a.csv: Install s3fs to access S3; .*docs/remote.md"):
        fetch("s3://bucket/a.csv")


BRINGER = """
import sys, time, fsspec
from fsspec.implementations.local import LocalFileSystem
from deepspeech.remote.files import fetch
from deepspeech.remote.folders import mirror

class Slow(LocalFileSystem):
    protocol = "slow"
    @classmethod
    def _strip_protocol(cls, path):
        return "/" + path.removeprefix("slow://").strip("/")
    def info(self, path, **more):
        return {**super().info(path, **more), "ETag": "one"}
    def get_file(self, path, target, **more):
        print(path, flush=True)
        content = open(path, "rb").read()
        with open(target, "wb") as file:
            for at in range(0, len(content), 4096):
                file.write(content[at : at + 4096])
                file.flush()

fsspec.register_implementation("slow", Slow)
print("ready", flush=True)
sys.stdin.readline()
copy = fetch(sys.argv[1] + "/a") if sys.argv[2] == "file" else mirror(sys.argv[1]) / "a"
print(len(copy.read_bytes()), flush=True)
"""


@pytest.mark.parametrize("what", ["file", "folder"])
def test_processes_that_want_the_same_at_once_bring_it_once(tmp_path: Path, cache: Path, what: str) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a").write_bytes(b"x" * 4_000_000)
    command = [sys.executable, "-c", BRINGER, f"slow://{tmp_path}/there", what]
    ranks = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for rank in ranks:
        assert rank.stdout
        assert rank.stdout.readline() == "ready\n"
    for rank in ranks:
        assert rank.stdin
        rank.stdin.write("go\n")
        rank.stdin.flush()
    output = [rank.communicate()[0].splitlines() for rank in ranks]
    assert [lines[-1] for lines in output] == ["4000000"] * 3
    assert sorted(len(lines) for lines in output) == [1, 1, 2]  # one of them met the store
    assert [path.name for path in cache.rglob("*") if path.name.endswith((".part", ".partial"))] == []


def test_threads_that_want_the_same_at_once_bring_it_once(flaky: Any) -> None:
    place = put("flaky://set/a.csv")
    before = flaky.left
    with ThreadPoolExecutor(8) as pool:
        assert {path.read_bytes() for path in pool.map(fetch, [place] * 16)} == {b"content"}
    assert before - flaky.left == 1
