"""Archives that were made to harm, or that other programs make: refused in one line, never a hang or a full disk."""

import bz2
import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from test_archives import tar_file, zip_file
from trees import debian_package

from deepspeech.corpora import archives
from deepspeech.corpora.archives import unpack, unpack_once
from deepspeech.errors import CorpusError

A = {"a": b"a"}


def refused(archive: Path, content: bytes | None = None) -> str:
    """Why an archive is refused: one line, and nothing lies there but what came before."""
    if content is not None:
        archive.write_bytes(content)
    with pytest.raises(CorpusError) as caught:
        unpack(archive, archive.parent / "out")
    assert "\n" not in str(caught.value)
    assert not [path for path in archive.parent.rglob("*.part")]
    return str(caught.value)


def tar_of(*members: tuple[tarfile.TarInfo, bytes], **how: object) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", **how) as tar:  # type: ignore[call-overload]
        for info, content in members:
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return made.getvalue()


def header(name: str, size: bytes, kind: bytes = b"0") -> bytes:
    """A tar header with any size field, and its right sum."""
    info = bytearray(tarfile.TarInfo(name).tobuf(tarfile.USTAR_FORMAT))
    info[124:136], info[156:157], info[148:156] = size, kind, b" " * 8
    info[148:156] = b"%06o\0 " % sum(info)
    return bytes(info)


NEGATIVE = b"\xff" + (-1024).to_bytes(11, "big", signed=True)
HUGE = b"\x80" + (1 << 40).to_bytes(11, "big")


@pytest.mark.parametrize("kind", [b"0", b"L", b"K", b"x", b"g"])
@pytest.mark.parametrize("size", [NEGATIVE, HUGE])
def test_sizes_that_lead_backwards_or_fill_memory(tmp_path: Path, kind: bytes, size: bytes) -> None:
    content = header("a", size, kind) + bytes(2048)
    words = refused(tmp_path / "a.tar", content)
    assert "damaged" in words or "more than 200 times its size" in words
    assert "damaged" in refused(tmp_path / "b.tar.gz", gzip.compress(content)) or kind == b"0"


@pytest.mark.parametrize("size", ["-60", "-1", "abc", "", "1e3", "999999", "٣"])
def test_a_debian_package_with_a_size_of_its_own(tmp_path: Path, size: str) -> None:
    member = f"{'control.tar':<16}{0:<12}{0:<6}{0:<6}{100644:<8}".encode() + f"{size:<10}".encode()[:10] + b"`\n"
    assert "archive is damaged" in refused(tmp_path / "a.deb", b"!<arch>\n" + member + b"x" * 100)


def test_sparse_files_and_names_with_zero_bytes(tmp_path: Path) -> None:
    sparse = tarfile.TarInfo("bomb")
    sparse.pax_headers = {"GNU.sparse.map": "0,1", "GNU.sparse.size": str(1 << 40), "GNU.sparse.name": "bomb"}
    assert "'bomb' is a sparse file" in refused(tmp_path / "a.tar", tar_of((sparse, b"x"), format=tarfile.PAX_FORMAT))
    zero = tarfile.TarInfo("a")
    zero.pax_headers = {"path": "a\0b"}
    assert "is no name for a file" in refused(tmp_path / "b.tar", tar_of((zero, b"x"), format=tarfile.PAX_FORMAT))


def test_folders_without_end(tmp_path: Path) -> None:
    words = refused(zip_file(tmp_path / "a.zip", {"a/" * 5000 + "b": b"x"}))
    assert "is no name for a file" in words
    assert len(words) < 400


@pytest.mark.parametrize(("at", "value", "words"), [(6, 1, "is encrypted"), (8, 99, "method (99)")])
def test_zips_of_other_kinds(tmp_path: Path, at: int, value: int, words: str) -> None:
    content = bytearray(zip_file(tmp_path / "a.zip", A).read_bytes())
    struct.pack_into("<H", content, at, value)
    struct.pack_into("<H", content, content.index(b"PK\1\2") + at + 2, value)
    assert words in refused(tmp_path / "b.zip", bytes(content))


@pytest.mark.parametrize("magic", [b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf\x27\x1c", b"Rar!"])
def test_archives_that_are_not_read_are_named(tmp_path: Path, magic: bytes) -> None:
    assert "archives are not supported; unpack it" in refused(tmp_path / "a.tar.zst", magic + bytes(100))


def bomb_zip(path: Path, content: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a", content)


def bomb_tar(path: Path, content: bytes, compress: Callable[[bytes], bytes] = bz2.compress) -> None:
    path.write_bytes(compress(tar_of((tarfile.TarInfo("a"), content))))


@pytest.mark.parametrize("pack", [bomb_zip, bomb_tar])
def test_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Callable[[Path, bytes], None]) -> None:
    pack(tmp_path / "a", bytes(4 << 20))
    monkeypatch.setattr(archives, "SMALL_BYTES", 1 << 20)
    assert "unpack to more than 200 times its size" in refused(tmp_path / "a")
    monkeypatch.setattr(archives, "SMALL_BYTES", 8 << 20)
    assert (unpack(tmp_path / "a", tmp_path / "out") / "a").stat().st_size == 4 << 20


def test_many_empty_files_are_a_bomb_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "SMALL_BYTES", 100 * 512)
    monkeypatch.setattr(archives, "MOST_RATIO", 1)
    (tmp_path / "a").write_bytes(gzip.compress(tar_of(*((tarfile.TarInfo(f"{n}"), b"") for n in range(200)))))
    assert "unpack to more than" in refused(tmp_path / "a")


def test_more_than_the_disk_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 10}))
    words = refused(zip_file(tmp_path / "a.zip", {"sound.wav": b"x" * 11}))
    assert f"{tmp_path / 'out'}: 'sound.wav' of {tmp_path / 'a.zip'} needs 11 bytes, 10 are free; free space" in words


def test_a_tar_whose_last_member_is_a_zip(tmp_path: Path) -> None:
    zip_file(tmp_path / "inner.zip", {"wrong": b"w"})
    tar_file(tmp_path / "a.tar", {"right": b"r", "inner.zip": (tmp_path / "inner.zip").read_bytes()}, "w")
    assert zipfile.is_zipfile(tmp_path / "a.tar")  # which looks at the end
    folder = unpack(tmp_path / "a.tar", tmp_path / "out")
    assert sorted(path.name for path in folder.iterdir()) == ["inner.zip", "right"]


def test_two_members_of_one_name(tmp_path: Path) -> None:
    same = tar_of((tarfile.TarInfo("a"), b"one"), (tarfile.TarInfo("a"), b"one"))
    (tmp_path / "same.tar").write_bytes(same)
    assert (unpack(tmp_path / "same.tar", tmp_path / "same") / "a").read_bytes() == b"one"
    for second in (b"two", b"three"):
        other = tar_of((tarfile.TarInfo("a"), b"one"), (tarfile.TarInfo("./a"), second))
        assert "'./a' is in it twice, with different content" in refused(tmp_path / "a.tar", other)


@pytest.mark.parametrize("kind", ["tar", "zip", "deb"])
def test_another_archive_of_the_same_name_is_unpacked_over_the_first(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    for content in (b"one", b"two"):  # of one length
        if kind == "deb":
            (tmp_path / "in").mkdir()
            (tmp_path / "in" / "a").write_bytes(content)
            debian_package(tmp_path / "in" / "a.deb", tmp_path / "in").rename(path)
            (tmp_path / "in").rmdir()
        else:
            (zip_file if kind == "zip" else tar_file)(path, {"a": content})
        for _ in range(2):
            assert (unpack_once(path, tmp_path / "out", tmp_path / "out") / "a").read_bytes() == content


def test_a_mark_of_an_earlier_version_counts(tmp_path: Path) -> None:
    zip_file(tmp_path / "a.zip", A)
    (tmp_path / "out").mkdir()
    (tmp_path / ".a.zip.unpacked").touch()
    assert not list(unpack_once(tmp_path / "a.zip", tmp_path / "out", tmp_path / "out").iterdir())


def test_names_as_windows_writes_them(tmp_path: Path) -> None:
    zip_file(tmp_path / "a.zip", {"folder\\a": b"a"})
    assert (unpack(tmp_path / "a.zip", tmp_path / "out") / "folder" / "a").read_bytes() == b"a"
    zip_file(tmp_path / "b.zip", {"..\\b": b"b"})
    assert "would be written outside" in refused(tmp_path / "b.zip")


def test_fixed_hostile_files(shared: Path, tmp_path: Path) -> None:
    for source in sorted((shared / "cases" / "hostile").iterdir()):
        if source.suffix in (".deb", ".zip") or source.name in ("nulpax.tar", "sparse.tar"):
            assert refused(tmp_path / source.name, source.read_bytes()).startswith(str(tmp_path / source.name))
