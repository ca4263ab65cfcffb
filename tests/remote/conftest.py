"""A store in memory, one whose network fails on demand, and a cache folder of one's own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

fsspec = pytest.importorskip("fsspec")
from fsspec.implementations.memory import MemoryFileSystem  # noqa: E402


class Flaky(MemoryFileSystem):  # type: ignore[misc]
    """The store `flaky://`: as memory, until `left` transfers are made."""

    protocol = "flaky"
    store: dict[str, Any] = {}  # noqa: RUF012
    pseudo_dirs = [""]  # noqa: RUF012
    left = 10**6
    sent: list[str] = []  # noqa: RUF012

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(super()._strip_protocol(path.replace("flaky://", "memory://")))

    def _count(self) -> None:
        if Flaky.left <= 0:
            raise ConnectionResetError("connection\nreset by peer")
        Flaky.left -= 1

    def put_file(self, lpath: str, rpath: str, **more: Any) -> None:
        self._count()
        Flaky.sent.append(rpath)
        super().put_file(lpath, rpath, **more)

    def get_file(self, rpath: str, lpath: str, **more: Any) -> None:
        self._count()
        super().get_file(rpath, lpath, **more)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Local cache of remote files; stores are empty before and after."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    fsspec.register_implementation("flaky", Flaky, clobber=True)
    _forget()
    yield tmp_path / "cache" / "deepspeech" / "remote"
    _forget()


def _forget() -> None:
    for store in (MemoryFileSystem, Flaky):
        store.store.clear()
        store.pseudo_dirs[:] = [""]
    Flaky.left, Flaky.sent = 10**6, []


@pytest.fixture
def flaky() -> type[Flaky]:
    return Flaky
