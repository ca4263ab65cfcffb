"""Files of web servers are fetched without fsspec's packages for them; every error is one line."""

import sys
from pathlib import Path

import pytest

from deepspeech.errors import MissingPartError, RemoteError
from deepspeech.remote import files
from deepspeech.remote.files import exists, fetch, is_folder, open_bytes
from tests.web import Web


@pytest.fixture(autouse=True)
def without_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "fsspec", None)


def test_a_file_is_fetched_once_and_again_when_it_changed(web: Web, cache: Path) -> None:
    web.files["/clips/a.wav"] = b"one"
    place = f"{web.address}/clips/a.wav"
    assert fetch(place) == cache / "http" / f"127.0.0.1:{web.server_port}" / "clips" / "a.wav"
    assert fetch(place).read_bytes() == b"one"
    assert web.asked == ["HEAD /clips/a.wav", "GET /clips/a.wav", "HEAD /clips/a.wav"]
    web.files["/clips/a.wav"] = b"two"
    assert fetch(place).read_bytes() == b"two"
    assert not is_folder(place)
    assert exists(place)
    assert not exists(f"{web.address}/clips/b.wav")


def test_what_is_not_there_or_cut_off_is_told_in_one_line(web: Web, cache: Path) -> None:
    with pytest.raises(RemoteError, match=r"/gone\.wav: there is no such file; check the address$"):
        fetch(f"{web.address}/gone.wav")
    web.files["/a.wav"], web.sends_at_most = bytes(1000), 10
    with pytest.raises(RemoteError, match=r"/a\.wav: cannot be fetched \(.*early.*\); check address, network and"):
        fetch(f"{web.address}/a.wav")
    assert not [path for path in cache.rglob("*") if path.is_file()]
    with pytest.raises(MissingPartError, match="pip install aiohttp"):
        open_bytes(f"{web.address}/a.wav")


def test_a_server_that_is_not_there(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(RemoteError, match=r"^http://127\.0\.0\.1:9/a: cannot be fetched \(.*refused"):
        fetch("http://127.0.0.1:9/a")
