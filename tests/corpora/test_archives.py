"""Archives that are whole, damaged, missing, or mean harm."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from trees import debian_package

from deepspeech.corpora.archives import Archive, obtain, unpack, unpack_once
from deepspeech.errors import CorpusError

FILES = {"a.txt": b"a", "folder/ä.wav": b"sound" * 100, "folder/empty": b""}


def tar_file(path: Path, files: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def zip_file(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return path


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "tar.bz2", "tar.xz", "zip"])
def test_unpacks(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    zip_file(path, FILES) if kind == "zip" else tar_file(path, FILES, f"w:{kind[4:]}")
    folder = unpack(path, tmp_path / "out")
    assert {name: (folder / name).read_bytes() for name in FILES} == FILES
    times = {name: (folder / name).stat().st_mtime_ns for name in FILES}
    unpack(path, folder)  # what is whole stays
    assert {name: (folder / name).stat().st_mtime_ns for name in FILES} == times
    assert len([p for p in folder.rglob("*") if p.is_file()]) == len(FILES)


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "folder/../../evil", "."])
@pytest.mark.parametrize("pack", [tar_file, zip_file])
def test_an_archive_cannot_leave_its_folder(tmp_path: Path, name: str, pack: type) -> None:
    archive = pack(tmp_path / "a", {name: b"evil"})
    with pytest.raises(CorpusError, match="would be written outside"):
        unpack(archive, tmp_path / "out" / "deep")
    assert not list(tmp_path.rglob("evil"))


def test_links_are_refused(tmp_path: Path) -> None:
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc"
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        tar.addfile(link)
    zip_link = zipfile.ZipInfo("link")
    zip_link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr(zip_link, "/etc")
    for name in ("a.tar", "a.zip"):
        with pytest.raises(CorpusError, match="neither file nor folder"):
            unpack(tmp_path / name, tmp_path / "out")


def test_damaged_archives(tmp_path: Path) -> None:
    whole = tar_file(tmp_path / "a.tar.gz", {"a": bytes(range(256)) * 300}).read_bytes()
    for content in (b"", b"no archive", whole[: len(whole) // 2]):
        (tmp_path / "b.tar.gz").write_bytes(content)
        with pytest.raises(CorpusError, match=r"b\.tar\.gz: the archive is damaged"):
            unpack(tmp_path / "b.tar.gz", tmp_path / "out")
    with pytest.raises(CorpusError, match=r"none\.zip: cannot be unpacked \(No such file"):
        unpack(tmp_path / "none.zip", tmp_path / "out")


def test_a_debian_package_is_an_archive(tmp_path: Path) -> None:
    (tmp_path / "in" / "usr").mkdir(parents=True)
    (tmp_path / "in" / "usr" / "ä.txt").write_text("a")
    package = debian_package(tmp_path / "in" / "a.deb", tmp_path / "in")
    assert (unpack(package, tmp_path / "out") / "usr" / "ä.txt").read_text() == "a"
    package.write_bytes(package.read_bytes()[:100])
    with pytest.raises(CorpusError, match="the archive is damaged"):
        unpack(package, tmp_path / "out")


CORPUS = Archive("corpus.zip", "https://example.org/corpus")


def test_an_archive_is_unpacked_once(tmp_path: Path) -> None:
    zip_file(tmp_path / "corpus.zip", {"corpus/a.txt": b"a"})
    assert obtain(CORPUS, tmp_path, "corpus") == tmp_path / "corpus"
    (tmp_path / "corpus" / "a.txt").unlink()
    obtain(CORPUS, tmp_path, "corpus")
    assert not (tmp_path / "corpus" / "a.txt").exists()  # what a user took out stays out


def test_an_interrupted_unpacking_is_finished(tmp_path: Path) -> None:
    zip_file(tmp_path / "corpus.zip", {"corpus/a.txt": b"a"})
    (tmp_path / "corpus").mkdir()  # begun, never marked as done
    assert (obtain(CORPUS, tmp_path, "corpus") / "a.txt").read_bytes() == b"a"


def test_what_was_unpacked_by_hand_is_used(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    assert obtain(CORPUS, tmp_path, "corpus") == tmp_path / "corpus"


def test_a_licensed_archive_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(
        CorpusError, match=r"you must accept its license yourself; get corpus\.zip at https://example.* put it into"
    ):
        obtain(CORPUS, tmp_path, "corpus")


def test_an_archive_that_moved_says_where_to_look(tmp_path: Path) -> None:
    moved = Archive("corpus.zip", "https://example.org/corpus", (tmp_path / "gone.zip").as_uri())
    with pytest.raises(CorpusError, match=r"gone\.zip.*; or get corpus\.zip at https://example"):
        obtain(moved, tmp_path, "corpus")
    zip_file(tmp_path / "there.zip", {"corpus/a.txt": b"a"})
    there = Archive("corpus.zip", "https://example.org/corpus", (tmp_path / "there.zip").as_uri())
    assert (obtain(there, tmp_path, "corpus") / "a.txt").is_file()


def test_the_wrong_archive_is_reported(tmp_path: Path) -> None:
    zip_file(tmp_path / "corpus.zip", {"other/a.txt": b"a"})
    with pytest.raises(CorpusError, match="holds no corpus; is this the right archive"):
        unpack_once(tmp_path / "corpus.zip", tmp_path, tmp_path / "corpus")
