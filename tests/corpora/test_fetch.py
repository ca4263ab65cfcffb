"""Downloads from a server in this process."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from deepspeech.corpora.fetch import RefusedError, fetch
from deepspeech.errors import CorpusError

CONTENT = bytes(range(256)) * 40


class FakeServer(HTTPServer):
    """Serves CONTENT at /file.bin; can send less than it promises, and change the file's version."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), FakeHandler)
        self.version, self.bytes_sent_at_most, self.ranges = '"v1"', len(CONTENT), list[str | None]()
        self.sent_bytes = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/file.bin"


class FakeHandler(BaseHTTPRequestHandler):
    server: FakeServer

    def do_GET(self) -> None:
        if self.path != "/file.bin":
            self.send_error(404)
            return
        wanted, start = self.headers.get("Range"), 0
        self.server.ranges.append(wanted)
        if wanted and self.headers.get("If-Range") == self.server.version:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(CONTENT):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        if self.server.version:
            self.send_header("ETag", self.server.version)
        self.end_headers()
        content = CONTENT[start : start + self.server.bytes_sent_at_most]
        self.server.sent_bytes += len(content)
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with FakeServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_fetches_once(server: FakeServer, tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "file.bin"
    for _ in range(2):
        assert fetch(server.url, path, hashlib.sha256(CONTENT).hexdigest()) == path
    assert path.read_bytes() == CONTENT
    assert [p.name for p in path.parent.iterdir()] == ["file.bin"]
    assert server.ranges == [None]


def broken_off(server: FakeServer, path: Path, sent: int = 1000) -> None:
    server.bytes_sent_at_most = sent
    with pytest.raises(CorpusError, match="connection ended early"):
        fetch(server.url, path)
    assert not path.exists()
    server.bytes_sent_at_most = len(CONTENT)


def test_goes_on_after_a_break(server: FakeServer, tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    broken_off(server, path)
    broken_off(server, path, 500)
    assert fetch(server.url, path).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=1000-", "bytes=1500-"]


@pytest.mark.parametrize(("before", "after"), [('"v1"', '"v2"'), ('W/"weak"', 'W/"weak"'), ("", "")])
def test_starts_again_when_the_file_may_be_another(server: FakeServer, tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "file.bin"
    server.version = before
    broken_off(server, path)
    (tmp_path / "file.bin.part").write_bytes(b"x" * 1000)
    server.version = after
    assert fetch(server.url, path).read_bytes() == CONTENT


def test_a_whole_part_is_not_fetched_again(server: FakeServer, tmp_path: Path) -> None:
    broken_off(server, tmp_path / "file.bin")
    (tmp_path / "file.bin.part").write_bytes(CONTENT)  # killed before it got its name
    server.sent_bytes = 0
    assert fetch(server.url, tmp_path / "file.bin").read_bytes() == CONTENT
    assert server.sent_bytes == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file.bin"]


def test_a_part_that_is_too_long_starts_again(server: FakeServer, tmp_path: Path) -> None:
    broken_off(server, tmp_path / "file.bin")
    (tmp_path / "file.bin.part").write_bytes(CONTENT + b"x")
    assert fetch(server.url, tmp_path / "file.bin").read_bytes() == CONTENT


def test_a_wrong_checksum_leaves_nothing(server: FakeServer, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="wrong checksum"):
        fetch(server.url, tmp_path / "file.bin", "0" * 64)
    assert not [p for p in tmp_path.iterdir() if p.suffix != ".tag"]
    assert fetch(server.url, tmp_path / "file.bin").read_bytes() == CONTENT


def test_an_error_page_is_not_a_corpus(server: FakeServer, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="the server says 404"):
        fetch(server.url + "x", tmp_path / "file.bin")
    assert not list(tmp_path.iterdir())


def test_offline_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(CorpusError, match=r"^http://127\.0\.0\.1:9/a: cannot be downloaded \(.*when online") as caught:
        fetch("http://127.0.0.1:9/a", tmp_path / "a")
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_made(server: FakeServer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CorpusError, match="cannot be written"):
        fetch(server.url, tmp_path / "file" / "a")
