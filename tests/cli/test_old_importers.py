"""bin/import_*.py: alike but for a word, with the option names that old scripts use."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from deepspeech.cli.import_corpus import names
from deepspeech.cli.old_importers import with_hyphens

BIN = Path(__file__).resolve().parents[2] / "bin"


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BIN / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_doors_differ_in_one_word() -> None:
    for script in BIN.glob("import_*.py"):
        name = script.stem.removeprefix("import_").replace("_", "-")
        assert name in names()
        assert script.stat().st_mode & 0o111
        assert script.read_text() == (BIN / "import_cv2.py").read_text().replace("cv2", name)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["--filter_alphabet", "a_b.txt", "my_dir"], ["--filter-alphabet", "a_b.txt", "my_dir"]),
        (["--filter_alphabet=a_b.txt"], ["--filter-alphabet=a_b.txt"]),
        (["a_b", "--", "--a_b"], ["a_b", "--", "--a_b"]),
        (["-a_b"], ["-a_b"]),
        ([], []),
    ],
)
def test_only_names_of_options_change(old: list[str], new: list[str]) -> None:
    assert with_hyphens(old) == new


def test_an_old_command_line(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    tone = 0.3 * np.sin(np.arange(48000) / 20)
    soundfile.write(tmp_path / "clips" / "a.mp3", tone, 48000)
    (tmp_path / "train.tsv").write_text("client_id\tpath\tsentence\nx\ta.mp3\tÀ b\ny\ta.mp3\tc d\n")
    (tmp_path / "my_alphabet.txt").write_text(" \na\nb\n")
    done = run(
        "import_cv2.py", "--filter_alphabet", tmp_path / "my_alphabet.txt", "--normalize",
        "--space_after_every_character", tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "Imported 1 samples." in done.stdout
    assert "Skipped 1 samples that failed on transcript validation." in done.stdout
    assert (tmp_path / "clips" / "train.csv").read_text().endswith(",a   b,x\n")  # the last column is the speaker


def test_the_smoke_sample(shared: Path, tmp_path: Path) -> None:
    for name in ("LDC93S1.wav", "LDC93S1.txt"):
        (tmp_path / name).write_bytes((shared / "data" / "ldc93s1" / name).read_bytes())
    done = run("import_ldc93s1.py", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "ldc93s1.csv").is_file()


def test_mistakes_are_one_line_and_exit_code_2(tmp_path: Path) -> None:
    done = run("import_cv2.py", tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"deepspeech: {tmp_path}: no test.tsv")
    done = run("import_cv2.py", "--filter_alphabit", "x", tmp_path)
    assert done.returncode == 2
    assert "--filter-alphabet" in done.stderr


def test_help_names_the_old_door() -> None:
    done = run("import_cv2.py", "--help")
    assert done.returncode == 0
    assert "import_cv2.py" in done.stdout
    assert "--audio-dir" in done.stdout
