"""`deepspeech serve`: serve models to clients that speak OpenAI's, vosk's or Wyoming's protocol, or WebSocket."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from deepspeech.cli.shared_options import HotPhrasesFile

ENVIRONMENT = "DEEPSPEECH_SERVE"  # _PORT, and so on for each option
_EXTRA = ("starlette", "uvicorn", "websockets", "python_multipart")


_option = partial(typer.Option, show_envvar=False)

ModelFiles = Annotated[
    list[str] | None,
    _option("--model", "-m", metavar="[NAME=]FILE", help="Serve this file, or published model; may be repeated."),
]
ScorerFiles = Annotated[
    list[str] | None,
    _option("--scorer", "-s", metavar="[NAME=]FILE", help="Decode with this .scorer file: all models, or one."),
]


def serve(
    model: ModelFiles = None,
    scorer: ScorerFiles = None,
    hot_phrases: HotPhrasesFile = None,
    config: Annotated[Path | None, _option(help="Read settings from this TOML file; flags precede.")] = None,
    host: Annotated[str | None, _option(help="Listen on this address; 127.0.0.1 by default.")] = None,
    port: Annotated[int | None, _option(help="Listen on this port; 8000.")] = None,
    workers: Annotated[int | None, _option(help="Run so many processes; 1.")] = None,
    wyoming_port: Annotated[int | None, _option(help="Serve Wyoming on this port too; usually 10300.")] = None,
    zeroconf: Annotated[bool | None, _option("--zeroconf", help="Announce Wyoming in the local network.")] = None,
    tokens_file: Annotated[str | None, _option(help="Require a bearer token of this file, one per line.")] = None,
    tls_certificate: Annotated[str | None, _option(help="Serve TLS with this certificate (PEM).")] = None,
    tls_key: Annotated[str | None, _option(help="Use this private key (PEM).")] = None,
    trusted_proxy: Annotated[
        list[str] | None, _option(help="Trust forwarded headers from this address; may be repeated.")
    ] = None,
    cors_origin: Annotated[list[str] | None, _option(help="Allow web pages of this origin; may be repeated.")] = None,
    log_texts: Annotated[bool | None, _option("--log-texts", help="Log what was said.")] = None,
    check: Annotated[bool, _option("--check", help="Load everything, print what would be served, and exit.")] = False,
) -> None:
    """Serve models over the network.

    Takes live streams and recordings, in the protocols of OpenAI, vosk and Wyoming.

    Live streams are batched together. Limits and everything else can be set in a TOML file; see docs/serve.md. Each
    option may be set in the environment: DEEPSPEECH_SERVE_PORT=8000. Needs the extra [serve]: pip install '.[serve]' in
    a clone of this project.

    Example: deepspeech serve --model model.onnx --scorer en.scorer

    Example: deepspeech serve --model en=english.onnx --model fr=french.onnx --host 0.0.0.0 --wyoming-port 10300
    """
    from deepspeech.serve.settings import read_settings

    flags: dict[str, Any] = {
        "models": _sources(model or [], scorer or [], hot_phrases), "host": host, "port": port, "workers": workers,
        "wyoming_port": wyoming_port, "zeroconf": zeroconf, "tokens_file": tokens_file,
        "tls_certificate": tls_certificate, "tls_key": tls_key, "log_texts": log_texts,
        "trusted_proxies": tuple(trusted_proxy) if trusted_proxy else None,
        "cors_origins": tuple(cors_origin) if cors_origin else None,
    }  # fmt: skip
    _served(read_settings(config, flags), check)


def _served(settings: Any, check: bool) -> None:
    """Serve, or say what would be served. Raises MissingPartError without the extra."""
    from deepspeech.errors import MissingPartError
    from deepspeech.installing import install_hint

    try:
        from deepspeech.serve import run
    except ModuleNotFoundError as error:
        if error.name in _EXTRA:
            raise MissingPartError(f"serving needs {error.name}: {install_hint('serve')}") from None
        raise
    if check:
        print(run.described(settings))
    else:
        run.run(settings)


def _sources(models: list[str], scorers: list[str], phrases_file: Path | None) -> dict[str, Any]:
    """Model files by name; the name of a FILE alone is that of the file."""
    from deepspeech.cli.models import model_file, scorer_file
    from deepspeech.decoder.phrases import HotPhrases
    from deepspeech.errors import ConfigError
    from deepspeech.serve.models import ModelSource

    phrases = HotPhrases.from_file(phrases_file) if phrases_file else None
    named = dict[str, Path]()
    for name, file in map(_named, models):
        if name in named:
            raise ConfigError(f"two models are named '{name}'; give each a name of its own: --model NAME=FILE")
        named[name] = file
    found = {name: ModelSource(model_file(path), None, phrases) for name, path in named.items()}
    for text in scorers:
        name, equals, path = text.partition("=")
        if equals and name not in found:
            raise ConfigError(f"--scorer {text}: no --model is called {name}")
        for one in [name] if equals else list(found):
            found[one] = ModelSource(found[one].path, scorer_file(Path(path if equals else text)), phrases)
    return found


def _named(text: str) -> tuple[str, Path]:
    from deepspeech.remote.catalogue import published

    name, equals, path = text.partition("=")
    if equals:
        return name, Path(path)
    return text if any(text == model.name for model in published()) else Path(text).stem, Path(text)
