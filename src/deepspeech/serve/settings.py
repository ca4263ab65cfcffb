"""ServeSettings: the configuration of a server: defaults, one TOML file, then flags. Values only; it opens no socket.

host = "0.0.0.0"
[models.en]
path = "en.onnx"
scorer = "en.scorer"
[limits]
streams = 100
"""

import difflib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from deepspeech.decoder.phrases import HotPhrases
from deepspeech.errors import ConfigError
from deepspeech.serve.limits import Limits
from deepspeech.serve.models import ModelSource
from deepspeech.settings import setting

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILES = ("tokens_file", "tls_certificate", "tls_key")


@dataclass(frozen=True)
class ServeSettings:
    """Everything about a server."""

    models: Mapping[str, ModelSource] = field(default_factory=dict)
    host: str = setting("127.0.0.1", "address to listen at", "0.0.0.0 to serve other machines")
    port: int = setting(8000, "port of HTTP and WebSockets", "if it is taken")
    workers: int = setting(1, "processes; each loads the models", "when one event loop is busy", "processes")
    wyoming_port: int = setting(0, "port of Wyoming; 0: none", "10300 for Home Assistant")
    zeroconf: bool = setting(False, "announce Wyoming in the local network", "true for Home Assistant")
    tokens_file: str = setting(
        "", "a file with a bearer token per line; empty: everybody who reaches the port may", "on every open network"
    )
    tls_certificate: str = setting("", "file of the certificate; empty: no TLS", "for microphones of other machines")
    tls_key: str = setting("", "file of its key", "with tls_certificate")
    trusted_proxies: tuple[str, ...] = setting((), "addresses whose X-Forwarded-For and -Proto count", "behind a proxy")
    cors_origins: tuple[str, ...] = setting(
        (), "web pages of other hosts that may use this server", "for web pages of your own"
    )
    log_texts: bool = setting(False, "log what was said", "to find out what goes wrong, with everybody's consent")
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not self.models:
            raise ConfigError("no model to serve; name one with --model, or in the table [models.NAME]")
        for name in ("port", "wyoming_port"):
            if not 0 <= getattr(self, name) <= 65535:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must be from 0 to 65535")
        if self.port and self.port == self.wyoming_port:
            raise ConfigError(f"port and wyoming_port are both {self.port}; choose another for one")
        if self.workers < 1:
            raise ConfigError(f"workers is {self.workers}; it must be at least 1")
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise ConfigError("TLS needs both files: tls_certificate and tls_key")
        for origin in self.cors_origins:
            if origin != "*" and not re.fullmatch(r"https?://[^/]+", origin):
                raise ConfigError(f"cors_origins has '{origin}'; an origin is like https://example.org, without a path")
        if self.zeroconf and not self.wyoming_port:
            raise ConfigError("zeroconf announces Wyoming; set wyoming_port too")

    @property
    def tokens(self) -> list[str]:
        """The bearer tokens. Raises ConfigError for a file without any."""
        if not self.tokens_file:
            return []
        try:
            lines = Path(self.tokens_file).read_text(encoding="utf-8").split("\n")
        except OSError as error:
            raise ConfigError(f"{self.tokens_file}: the tokens cannot be read ({error.strerror})") from None
        except UnicodeError:
            raise ConfigError(f"{self.tokens_file}: the tokens cannot be read (it is no text in UTF-8)") from None
        tokens = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        if not tokens:
            raise ConfigError(f"{self.tokens_file}: holds no token; write one per line")
        return tokens


def read_settings(path: Path | None, flags: Mapping[str, Any]) -> ServeSettings:
    """Settings of a TOML file, if any, and of `flags`, which take precedence; None is a flag that was not given.

    Paths in the file are relative to it. Raises ConfigError.
    """
    page = _page(path) if path else {}
    models, limits = page.pop("models", {}), page.pop("limits", {})
    if not isinstance(models, dict):
        raise ConfigError(f"{path}: models is no table; write [models.NAME]")
    named = {name: _source(path, name, table) for name, table in models.items()}
    given = {name: value for name, value in flags.items() if value is not None}
    written = _checked(ServeSettings, page, str(path))
    if path:
        written |= {name: str(path.parent / written[name]) for name in FILES if written.get(name)}
    values = {**written, **given}
    values["models"] = {**named, **given.get("models", {})}
    values["limits"] = replace(Limits(), **_checked(Limits, limits, f"{path}: limits"))
    return ServeSettings(**values)


def _page(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeError) as error:
        raise ConfigError(f"{path}: is no TOML ({error})") from None


def _checked(kind: type[Any], table: Any, place: str) -> dict[str, Any]:
    """The entries of a table, which must be fields of `kind` and of the type of their defaults."""
    if not isinstance(table, dict):
        raise ConfigError(f"{place} is no table")
    defaults = {item.name: item.default for item in fields(kind) if item.name not in ("models", "limits")}
    found = {}
    for name, value in table.items():
        if name not in defaults:
            near = difflib.get_close_matches(
                name, [*defaults, *(("models", "limits") if kind is ServeSettings else ())], 1
            )
            raise ConfigError(f"{place}: {name} is unknown" + (f"; did you mean {near[0]}?" if near else ""))
        default = defaults[name]
        if isinstance(default, tuple):
            value = tuple(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else None
        kinds = (int, float) if isinstance(default, float) else type(default)
        if not isinstance(value, kinds) or (isinstance(value, bool) and not isinstance(default, bool)):
            raise ConfigError(f"{place}: {name} is {table[name]!r}; it must be like {default!r}")
        found[name] = value
    return found


def _source(path: Path | None, name: str, table: Any) -> ModelSource:
    if isinstance(table, str):
        table = {"path": table}
    known = {"path", "scorer", "hot_phrases"}
    if not isinstance(table, dict) or "path" not in table or set(table) - known:
        raise ConfigError(f"{path}: models.{name} needs path, and may have scorer and hot_phrases")
    if wrong := [key for key, value in table.items() if not isinstance(value, str)]:
        raise ConfigError(f"{path}: models.{name}.{wrong[0]} is {table[wrong[0]]!r}; it must be a file name in quotes")
    folder = path.parent if path else Path()
    phrases = HotPhrases.from_file(folder / table["hot_phrases"]) if "hot_phrases" in table else None
    return ModelSource(folder / table["path"], folder / table["scorer"] if "scorer" in table else None, phrases)
