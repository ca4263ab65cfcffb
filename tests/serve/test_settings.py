"""Settings: a TOML file and flags; what is unknown or of the wrong type is one clear line."""

from pathlib import Path

import pytest

from deepspeech.errors import ConfigError
from deepspeech.serve.limits import Limits
from deepspeech.serve.models import ModelSource
from deepspeech.serve.settings import ServeSettings, read_settings

PAGE = """
port = 9000
cors_origins = ["https://example.org"]
[models.en]
path = "en.onnx"
scorer = "en.scorer"
[limits]
streams = 7
speed = 4
"""


def test_a_file_and_flags_that_precede_it(tmp_path: Path) -> None:
    (tmp_path / "serve.toml").write_text(PAGE)
    settings = read_settings(tmp_path / "serve.toml", {"port": 9001, "host": None})
    assert settings.models == {"en": ModelSource(tmp_path / "en.onnx", tmp_path / "en.scorer")}
    assert (settings.host, settings.port, settings.cors_origins) == ("127.0.0.1", 9001, ("https://example.org",))
    assert settings.limits == Limits(streams=7, speed=4)


def test_paths_of_a_file_are_relative_to_it_and_those_of_flags_are_not(tmp_path: Path) -> None:
    path = tmp_path / "serve.toml"
    path.write_text('tokens_file = "t"\ntls_certificate = "/c"\ntls_key = "k"\n' + PAGE)
    settings = read_settings(path, {"tls_key": "key"})
    found = (settings.tokens_file, settings.tls_certificate, settings.tls_key)
    assert found == (str(tmp_path / "t"), "/c", "key")


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("prt = 1", "prt is unknown; did you mean port?"),
        ("port = '1'", "port is '1'"),
        ("port = true", "port is True"),
        ("port = 70000", "0 to 65535"),
        ("workers = 0", "at least 1"),
        ("tls_key = 'a'", "both files"),
        ("cors_origins = 'a'", "cors_origins is 'a'"),
        ("cors_origins = ['https://a.org/']", "without a path"),
        ("wyoming_port = 8000", "both 8000"),
        ("[model.en]\npath = 'a'", "model is unknown; did you mean models?"),
        ("[models.fr]\npath = 1", "models.fr.path is 1; it must be a file name"),
        ("zeroconf = true", "wyoming_port"),
        ("[limits]\nstreams = 0", "above 0"),
        ("[limits]\nstreams = 1.5", "streams is 1.5"),
        ("limits = 1", "no table"),
        ("[models.fr]\nscorer = 'a'", "models.fr needs path"),
        ("=", "no TOML"),
    ],
)
def test_mistakes_are_told(page: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "serve.toml"
    path.write_text(page if "[model" in page else f"{page}\n[models.en]\npath = 'en.onnx'\n")
    with pytest.raises(ConfigError, match=told.replace("?", r"\?")):
        read_settings(path, {})


def test_a_server_needs_a_model() -> None:
    with pytest.raises(ConfigError, match="--model"):
        read_settings(None, {})


def test_tokens_are_the_lines_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("# ours\nabc\n\ndef\n")
    models = {"en": ModelSource(Path("en.onnx"))}
    assert ServeSettings(models, tokens_file=str(tmp_path / "tokens")).tokens == ["abc", "def"]
    (tmp_path / "tokens").write_text("# none\n")
    with pytest.raises(ConfigError, match="no token"):
        _ = ServeSettings(models, tokens_file=str(tmp_path / "tokens")).tokens
