"""What a server listens with: its sockets, and TLS files; each fault is one line before anything starts."""

import errno
import ipaddress
import socket
import ssl
from pathlib import Path

from deepspeech.errors import ConfigError
from deepspeech.serve.settings import ServeSettings

BACKLOG = 512
_HINTS = {
    errno.EADDRINUSE: "another program listens there; choose another port",
    errno.EADDRNOTAVAIL: "no address of this machine; 127.0.0.1 serves this machine only, 0.0.0.0 all networks",
    errno.EACCES: "ports below 1024 are for root; choose a higher one",
}


def bound(settings: ServeSettings) -> list[socket.socket]:
    """The listening sockets: HTTP's, and Wyoming's if it is served. Raises ConfigError."""
    ports = [settings.port, *([settings.wyoming_port] if settings.wyoming_port else [])]
    return [_listening(settings.host, port) for port in ports]


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        unknown = isinstance(error, socket.gaierror)
        hint = "no such host is known; name an address" if unknown else _HINTS.get(error.errno or 0, error.strerror)
        raise ConfigError(f"{host}:{port}: cannot be listened on: {hint}") from None
    listening.listen(BACKLOG)
    return listening


def check_tls(settings: ServeSettings) -> None:
    """Raise ConfigError where the certificate and its key are not to be had, or do not belong together."""
    files = {"tls_certificate": settings.tls_certificate, "tls_key": settings.tls_key}
    if not settings.tls_certificate:
        return
    for name, path in files.items():
        try:
            Path(path).read_bytes()
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read as {name} ({error.strerror})") from None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            settings.tls_certificate, settings.tls_key, _no_password
        )
    except (ssl.SSLError, ValueError) as error:
        mismatch = "MISMATCH" in str(error)
        what = "the key is not the certificate's" if mismatch else "no PEM certificate and PEM key without a password"
        raise ConfigError(f"{settings.tls_certificate}, {settings.tls_key}: {what}") from None


def _no_password() -> str:
    raise ValueError("the key has a password")


def is_open(settings: ServeSettings) -> bool:
    """Whether other machines may reach the server and need no token."""
    if settings.tokens_file:
        return False
    try:
        return not ipaddress.ip_address(settings.host).is_loopback
    except ValueError:
        return settings.host != "localhost"
