"""pipecat-ai's services for OpenAI, unmodified: PIPECAT_PYTHON names a Python that has pipecat-ai[openai]."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from deepspeech.audio.formats import write_wav
from tests.fakes import silence
from tests.serve.running import LONGER, RATE_HZ, SAID, Running

SCRIPT = Path(__file__).parent / "pipecat_client.py"


def test_turns_of_the_client_and_of_the_server_and_files(server: Running, tmp_path: Path) -> None:
    python = os.environ.get("PIPECAT_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import pipecat.services.openai"], capture_output=True, check=False).returncode:
        pytest.skip("needs a Python that has pipecat-ai[openai] (PIPECAT_PYTHON)")
    files = {"one": SAID, "two": np.concatenate([LONGER, silence(1.6)])}
    for name, sound in files.items():
        write_wav(tmp_path / name, sound, RATE_HZ)
    command = [python, str(SCRIPT), f"127.0.0.1:{server.port}", *(str(tmp_path / name) for name in files)]
    run = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240)
    assert run.returncode == 0, run.stderr[-2000:]
    found = json.loads(run.stdout.splitlines()[-1])

    *interim, last = found["turns of the client"]
    assert last == ["transcript", "ab ba"]
    assert {kind for kind, _ in interim} <= {"interim"}
    assert "".join(text for _, text in interim) == "ab ba"

    turns = [(kind, text) for kind, text in found["turns of the server"] if kind != "interim"]
    assert turns == [("started", ""), ("stopped", ""), ("transcript", "ab"),
                     ("started", ""), ("stopped", ""), ("transcript", "dc")]  # fmt: skip
    assert found["rest"] == [["transcript", "ab ba"]]
