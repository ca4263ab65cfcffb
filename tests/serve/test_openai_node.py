"""OpenAI's client for node, unmodified: npm install openai, and NODE_PATH to its node_modules."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from deepspeech.audio.formats import write_wav
from tests.serve.running import RATE_HZ, SAID, Running

SCRIPT = Path(__file__).parent / "openai_client.cjs"


def test_files_events_models_and_errors(server: Running, tmp_path: Path) -> None:
    node = shutil.which("node")
    if not node or subprocess.run([node, "-e", "require('openai')"], capture_output=True, check=False).returncode:
        pytest.skip("needs node and the npm package openai (NODE_PATH)")
    write_wav(tmp_path / "a.wav", SAID, RATE_HZ)
    command = [node, str(SCRIPT), f"{server.http}/v1", str(tmp_path / "a.wav")]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout)
    assert found["json"] == found["deltas"] == found["done"] == "ab ba"
    assert found["vtt"].startswith("WEBVTT\n\n1\n")
    assert found["models"] == ["tones", "other"]
    assert found["error"] == [404, "model_not_found"]
