"""The old guide's story on one sentence, in child processes: import, learn by heart, test, export, transcribe."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SENTENCE = "she had your dark suit in greasy wash water all year"


def run(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    given = os.environ | {"PATH": path, **environment}
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_one_sentence_by_heart(tmp_path: Path, shared: Path) -> None:
    for name in ("LDC93S1.wav", "LDC93S1.txt"):
        shutil.copy(shared / "data/ldc93s1" / name, tmp_path)
    model = tmp_path / "export"
    done = run("bin/run-ldc93s1.sh", "--export_dir", str(model), LDC93S1_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "WER: 0.000000, CER: 0.000000" in done.stdout
    assert f'res: "{SENTENCE}"' in done.stdout
    heard = run("deepspeech", "transcribe", "-m", str(model / "output_graph.onnx"), str(tmp_path / "LDC93S1.wav"))
    assert heard.stdout.strip() == SENTENCE
    scorer = shared / "data/scorers/pruned_lm.scorer"
    flags = ["--checkpoint_dir", str(tmp_path / "none"), "--test_files", str(tmp_path / "ldc93s1.csv")]
    missing = run(sys.executable, "evaluate.py", *flags, "--scorer", str(scorer))
    assert missing.returncode == 2
    assert "no checkpoint" in missing.stderr
