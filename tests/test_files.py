"""Files appear whole or not at all; two writers of one do not meet; what cannot be written is said in a line."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from deepspeech.errors import ConfigError, DataError
from deepspeech.files import atomic_open, atomic_path, check_place, partial_folder, sweep, visible


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with atomic_path(path, lasting=True) as partial:
        partial.write_text("first")
        assert not path.exists()
    with pytest.raises(UnicodeEncodeError), atomic_path(path) as partial:
        partial.write_text("second \ud800", encoding="utf-8")
    with pytest.raises(TypeError), atomic_open(path, DataError) as file:
        file.write("third")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("file", "first")]


def test_of_two_writers_the_last_to_end_leaves_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)

    def other() -> None:
        with atomic_open(path, mode="w") as file:
            file.write("other")

    with atomic_open(path, mode="w") as file:
        file.write("one")
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert path.read_text() == "other"
    assert path.read_text() == "one"
    assert len(list(tmp_path.iterdir())) == 1


def test_another_files_fault_is_not_the_outputs(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"), atomic_path(tmp_path / "file", DataError):
        (tmp_path / "missing").read_text()


def test_nor_is_a_broken_pipe(tmp_path: Path) -> None:
    with pytest.raises(BrokenPipeError), atomic_open(tmp_path / "file", DataError):
        raise BrokenPipeError(32, "Broken pipe")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_reported_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "none" / "file"
    with pytest.raises(DataError) as caught, atomic_open(path, DataError):
        pass
    assert str(caught.value) == (
        f"{path}: cannot be written (No such file or directory); free space or choose another path"
    )
    with pytest.raises(FileNotFoundError), atomic_open(path):
        pass


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="this system has no disk that is always full")
def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    def write(error: type[DataError] | None = DataError) -> None:
        with atomic_path(tmp_path / "file", error) as partial:
            os.symlink("/dev/full", partial)
            partial.write_bytes(b"much")

    with pytest.raises(DataError, match="No space left on device"):
        write()
    with pytest.raises(OSError, match="No space left on device") as caught:
        write(None)
    assert caught.value.filename == str(tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be(tmp_path: Path) -> None:
    check_place(tmp_path / "file")
    with pytest.raises(ConfigError, match="is a folder"):
        check_place(tmp_path)
    with pytest.raises(ConfigError, match="no such folder"):
        check_place(tmp_path / "none" / "file")


def test_what_killed_processes_left_is_swept(tmp_path: Path) -> None:
    """Of this machine at once, of others when nobody has written to it for a day; what is being written stays."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with atomic_path(tmp_path / "file") as partial:
        host = partial.name[1:].split("-")[0]
        dead, alive = f".{host}-{process.pid}-1.a.wav.part", f".{host}-{os.getpid()}-1.b.wav.part"
        other, old, earlier = ".00000000-1-1.c.wav.part", ".00000000-1-1.d.wav.part", ".1-1.e.wav.part"
        kept = [alive, other, "f.part", ".g.part", "h.tar.part", ".1-1.part.wav"]
        for name in (dead, old, earlier, *kept):
            (tmp_path / name).touch()
        for name in (old, earlier, *kept[2:]):
            os.utime(tmp_path / name, (1, 1))
        (tmp_path / f".{host}-{process.pid}-1.folder.part" / "inside").mkdir(parents=True)
        (tmp_path / f".{host}-{process.pid}-1.link.part").symlink_to(tmp_path)
        kept.append(f".{host}-{process.pid}-1.link.part")
        partial.touch()
        sweep(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted([partial.name, *kept])
    sweep(tmp_path / "none")


def test_a_partial_folder_goes_away_and_what_a_killed_process_left_with_it(tmp_path: Path) -> None:
    killed = "import os, sys; from pathlib import Path; from deepspeech.files import partial_folder\n"
    killed += "with partial_folder(Path(sys.argv[1])) as folder: (folder / 'a').touch(); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", killed, tmp_path / "set"], check=False).returncode == 9
    assert len(list(tmp_path.iterdir())) == 1
    with partial_folder(tmp_path / "set") as folder:
        assert list(tmp_path.iterdir()) == [folder]
        (folder / "b").touch()
    assert list(tmp_path.iterdir()) == []


def test_hidden_files_and_what_file_managers_leave_are_not_seen(tmp_path: Path) -> None:
    root = tmp_path / ".cache"
    seen = ["a.wav", "b/c.wav"]
    for name in (
        *seen,
        "._a.wav",
        ".ipynb_checkpoints/a.wav",
        "b/.c.wav",
        "Thumbs.db",
        "__MACOSX/a.wav",
        "desktop.ini",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    assert [path.relative_to(root).as_posix() for path in visible(root) if path.is_file()] == seen
    assert visible(root, "*.wav") == [root / "a.wav"]


def test_folders_of_exports_by_earlier_versions_are_swept(tmp_path: Path) -> None:
    for name, inside, swept in ((".export-ab12_xyz", "made.onnx", True), (".export-ab12_xyy", "mine.txt", False)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / inside).touch()
        sweep(tmp_path)
        assert folder.exists()  # perhaps still being written
        os.utime(folder, (0, 0))
        sweep(tmp_path)
        assert folder.exists() == (not swept)
