"""Addresses and certificates that cannot be used are one clear line, before anything starts."""

import errno
import socket
import subprocess
from pathlib import Path

import pytest

from deepspeech.errors import ConfigError
from deepspeech.serve.listening import bound, check_tls, is_open
from deepspeech.serve.models import ModelSource
from deepspeech.serve.settings import ServeSettings

MODELS = {"en": ModelSource(Path("en.onnx"))}


def test_a_port_in_use() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(
            ConfigError, match=f"127.0.0.1:{port}: .*another program listens there; choose another port"
        ):
            bound(ServeSettings(MODELS, port=port))


@pytest.mark.parametrize(
    ("host", "told"),
    [("192.0.2.1", "no address of this machine; 127.0.0.1 serves"), ("no such host", "no such host is known")],
)
def test_a_host_that_is_not_here(host: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        bound(ServeSettings(MODELS, host=host, port=0))


def test_a_port_for_root_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def bind(self: socket.socket, address: object) -> None:
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "socket", type("Denied", (socket.socket,), {"bind": bind}))
    with pytest.raises(ConfigError, match=r"127.0.0.1:80: .*ports below 1024 are for root"):
        bound(ServeSettings(MODELS, port=80))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate, its key, the key with a password, and another key."""
    folder = tmp_path_factory.mktemp("tls")
    commands = (
        "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout key -out certificate",
        "rsa -in key -aes256 -passout pass:secret -out locked",
        "genrsa -out other 2048",
    )
    try:
        for command in commands:
            subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs openssl")
    return folder


@pytest.mark.parametrize(
    ("certificate", "key", "told"),
    [
        ("certificate", "gone", "gone: cannot be read as tls_key"),
        ("gone", "key", "gone: cannot be read as tls_certificate"),
        ("certificate", "other", "the key is not the certificate's"),
        ("certificate", "locked", "without a password"),
        ("key", "key", "no PEM certificate"),
    ],
)
def test_files_of_tls_that_do_not_serve(made: Path, certificate: str, key: str, told: str) -> None:
    settings = ServeSettings(MODELS, tls_certificate=str(made / certificate), tls_key=str(made / key))
    with pytest.raises(ConfigError, match=told):
        check_tls(settings)


def test_files_of_tls_that_serve(made: Path) -> None:
    check_tls(ServeSettings(MODELS, tls_certificate=str(made / "certificate"), tls_key=str(made / "key")))
    check_tls(ServeSettings(MODELS))


@pytest.mark.parametrize(
    ("host", "tokens", "expected"),
    [("127.0.0.1", "", False), ("::1", "", False), ("localhost", "", False), ("0.0.0.0", "", True),
     ("0.0.0.0", "tokens", False), ("example.org", "", True)],
)  # fmt: skip
def test_who_may_use_it(host: str, tokens: str, expected: bool) -> None:
    assert is_open(ServeSettings(MODELS, host=host, tokens_file=tokens)) is expected
