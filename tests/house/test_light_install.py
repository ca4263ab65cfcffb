"""Recognition needs no trainer's parts: a child process in which they cannot be imported does all that is promised."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from deepspeech.audio.formats import write_wav
from tests.mozilla.old_files import Network, checkpoint_folder, frozen_graph

HEAVY = ("torch", "safetensors", "absl", "tensorflow", "duckdb", "pandas")
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


@pytest.mark.parametrize(
    "command",
    [
        "",
        "train",
        "evaluate",
        "export",
        "convert",
        "transcribe",
        "doctor",
        "import",
        "import cv2",
        "import ldc93s1",
        "lm",
        "lm build",
        "lm inspect",
        "lm score",
    ],
)
def test_help_is_there(command: str) -> None:
    done = deepspeech(*command.split(), "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_training_says_what_it_needs() -> None:
    done = deepspeech("train")
    assert done.returncode == 2
    assert "torch" in done.stderr
    assert "pip install deepspeech" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_scorer_is_inspected() -> None:
    golden = Path(__file__).resolve().parents[1] / "golden" / "old_decoder" / "demo.scorer"
    done = deepspeech("lm", "inspect", str(golden))
    assert done.returncode == 0, done.stderr
    assert "59 words" in done.stdout


def test_the_doctor_works() -> None:
    done = deepspeech("doctor")
    assert done.returncode == 0, done.stderr
    assert "onnxruntime" in done.stdout


def test_a_room_that_a_light_installation_lacks_is_told() -> None:
    done = child("from deepspeech.cli.main import main, run\nrun(lambda: __import__('deepspeech.nowhere'))")
    assert done.returncode == 2
    assert done.stderr.startswith("deepspeech: this command needs deepspeech.nowhere, which is not installed here")


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
