"""docs/transcribe.md is true: its Python runs from top to bottom, its commands one after the other."""

import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from deepspeech.audio.formats import write_wav
from deepspeech.cli.main import main
from deepspeech.runtime.endpoints import EndpointRules
from tests.fakes import tones

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "transcribe.md").read_text(encoding="utf-8")


@pytest.fixture
def desk(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which everything lies that the page speaks of."""
    shutil.copy(tiny_model, tmp_path / "model.onnx")
    (tmp_path / "recordings").mkdir()
    for name in ("hello.wav", "talk.wav", "recordings/a.wav", "recordings/b.wav"):
        write_wav(tmp_path / name, tones("abba dc", len(name)), 16000)
    (tmp_path / "list.txt").write_text("hello.wav\ntalk.wav\nrecordings/a.wav\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_the_python_runs(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world: dict[str, object] = {}
    for block in blocks("python"):
        exec(compile(block, "docs/transcribe.md", "exec"), world)
    said = capsys.readouterr().out
    assert "gone.wav: there is no such file" in said
    assert len(blocks("python")) >= 5


def test_the_commands_run(desk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for line in "".join(blocks("sh")).splitlines():
        monkeypatch.setattr(sys, "argv", shlex.split(line))
        with pytest.raises(SystemExit) as left:
            main()
        assert not left.value.code, capsys.readouterr().err
    outputs = {str(path.relative_to(desk / "texts")) for path in (desk / "texts").rglob("*") if path.is_file()}
    assert outputs == {"a.json", "b.json", "hello.txt", "talk.txt", "recordings/a.txt"}


def test_the_rules_are_those_of_the_code() -> None:
    rows = dict(re.findall(r"^\| `(\w+_s)` \| ([\d.]+) \|", TEXT, re.MULTILINE))
    assert {name: float(value) for name, value in rows.items()} == vars(EndpointRules())
