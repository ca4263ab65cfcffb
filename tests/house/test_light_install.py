"""Recognition needs no trainer's parts: a child process in which they cannot be imported does all that is promised."""

import json
import os
import re
import subprocess
import sys
import textwrap
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pytest

from deepspeech.audio.formats import write_wav
from deepspeech.cli import main
from tests.old_models.old_files import Network, checkpoint_folder, frozen_graph

HEAVY = ("torch", "safetensors", "absl", "optuna", "matplotlib", "tensorflow", "duckdb", "pandas")
BLOCK = f"""
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {HEAVY!r}:
            raise ModuleNotFoundError(f"No module named '{{name}}'", name=name.split(".")[0])

sys.meta_path.insert(0, Block())
"""


def child(code: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    program = BLOCK + textwrap.dedent(code)
    environment = os.environ | {"COLUMNS": "100", "NO_COLOR": "1"}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def deepspeech(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return child("from deepspeech.cli.main import main\nmain()", *arguments)


def test_the_package_and_its_public_names_are_there() -> None:
    done = child(
        """
        import deepspeech
        for name in deepspeech.__all__:
            getattr(deepspeech, name)
        print(deepspeech.version())
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_importing_the_package_loads_nothing_heavy() -> None:
    loaded = "[m for m in ('numpy', 'onnxruntime', 'soundfile') if m in sys.modules]"
    done = child(f"import deepspeech, sys; print({loaded})")
    assert done.stdout.strip() == "[]", done.stderr


def test_a_recognizer_loads_what_it_needs() -> None:
    loaded = "[m for m in ('av', 'fsspec', 'jinja2') if m in sys.modules]"
    done = child(f"from deepspeech import Recognizer; import sys; print({loaded})")
    assert done.stdout.strip() == "[]", done.stderr


COMMANDS = (
    "", "train", "evaluate", "export", "convert", "transcribe", "mic", "serve", "doctor", "data", "data check",
    "import", "import cv2", "import ldc93s1", "lm", "lm build", "lm inspect", "lm score", "lm tune",
    "models", "models fetch",
)  # fmt: skip


@pytest.fixture(scope="module")
def helps() -> dict[str, list[object]]:
    """Exit code and output of each command's --help; one child says them all, for its start takes longest."""
    done = child(
        """
        import contextlib, io, json, sys
        from deepspeech.cli.main import main
        found = {}
        for command in sys.argv[1:]:
            sys.argv[1:], said = [*command.split(), "--help"], io.StringIO()
            try:
                with contextlib.redirect_stdout(said):
                    main()
            except SystemExit as left:
                found[command] = [left.code or 0, said.getvalue()]
        print(json.dumps(found))
        """,
        *COMMANDS,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[object]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_there(helps: dict[str, list[object]], command: str) -> None:
    code, said = helps[command]
    assert code == 0
    assert "Usage" in str(said)
    assert command in str(said)


def test_the_light_distribution_ships_no_file_that_needs_torch() -> None:
    root = Path(__file__).resolve().parents[2]
    left_out = re.findall(
        r'^    "(deepspeech/.+)",$', (root / "packaging/light/pyproject.toml").read_text(), re.MULTILINE
    )
    shipped = [
        path
        for path in sorted((root / "src").rglob("*.py"))
        if not any(fnmatch(path.relative_to(root / "src").as_posix(), pattern) for pattern in left_out)
    ]
    torch = re.compile(r"^(import|from) (torch|safetensors)\b", re.MULTILINE)
    assert shipped
    assert [path.name for path in shipped if torch.search(path.read_text(encoding="utf-8"))] == []


def test_training_says_what_it_needs() -> None:
    done = deepspeech("train")
    assert done.returncode == 2
    assert "torch" in done.stderr
    assert "pip install . in a clone" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "fault", [ModuleNotFoundError("No module", name="deepspeech.lm"), ImportError("cannot import", name="deepspeech")]
)
def test_rooms_that_are_left_out_are_told_in_one_line(
    fault: ImportError, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The light wheel lacks whole rooms; where they are there, such a fault is ours."""

    def command() -> None:
        raise fault

    with pytest.raises(SystemExit) as left:
        main.run(command)
    assert left.value.code == main.FAULT
    assert "please report" in capsys.readouterr().err
    monkeypatch.setattr(main, "find_spec", lambda name: None)
    with pytest.raises(SystemExit) as left:
        main.run(command)
    assert left.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_tuning_says_what_it_needs(tiny_model: Path, tmp_path: Path) -> None:
    from tests.fakes import corpus, small_scorer

    data, scorer = corpus(tmp_path, 2), small_scorer(tmp_path / "small.scorer")
    done = deepspeech("lm", "tune", "--model", str(tiny_model), "--data", str(data), "--scorer", str(scorer))
    assert done.returncode == 2
    assert "optuna" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_old_decoder_package_is_there() -> None:
    done = child(
        """
        import deepspeech.mozilla.ds_ctcdecoder as ds_ctcdecoder
        heard = [[0.0] * 96 + [0.9] + [0.0] * 159]
        print(ds_ctcdecoder.ctc_beam_search_decoder(heard, ds_ctcdecoder.UTF8Alphabet(), 9))
        """
    )
    assert done.returncode == 0, done.stderr
    assert "'a'" in done.stdout


def test_a_scorer_is_inspected() -> None:
    golden = Path(__file__).resolve().parents[1] / "golden" / "old_decoder" / "demo.scorer"
    done = deepspeech("lm", "inspect", str(golden))
    assert done.returncode == 0, done.stderr
    assert "59 words" in done.stdout


def test_the_doctor_works() -> None:
    done = deepspeech("doctor")
    assert done.returncode == 0, done.stderr
    assert "onnxruntime" in done.stdout


@pytest.mark.parametrize("kind", ["file", "checkpoint"])
def test_an_old_model_is_opened_and_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    old = checkpoint_folder(tmp_path / "old", Network())
    if kind == "file":
        old = tmp_path / "old.pb"
        old.write_bytes(frozen_graph(Network()))
    wave = tmp_path / "a.wav"
    write_wav(wave, np.zeros(8000, np.float32), 16000)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    done = deepspeech("transcribe", "--model", str(old), "--json", str(wave))
    assert done.returncode == 0, done.stderr
    assert '"text"' in done.stdout


def test_a_model_is_opened_and_used(tmp_path: Path, tiny_model: Path) -> None:
    done = child(
        """
        import sys
        import numpy as np
        from deepspeech import Recognizer
        model = Recognizer.open(sys.argv[1])
        print(model.transcribe(np.zeros(16000, np.int16)).words)
        """,
        str(tiny_model),
    )
    assert done.returncode == 0, done.stderr


def test_a_model_is_served(tiny_model: Path) -> None:
    pytest.importorskip("uvicorn", reason="needs the serve extra")
    done = deepspeech("serve", "--model", str(tiny_model), "--check")
    assert done.returncode == 0, done.stderr
    assert "model tiny: en, streams and recordings" in done.stdout
