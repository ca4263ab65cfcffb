"""Nothing leaves the machine: commands under strace look nobody up, and write only where they were asked to.

Each runs with an empty home, cache and TMPDIR. The library for models would act some seconds after one was opened:
the slow test waits for that.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes import corpus

CALLS = "connect,sendto,sendmsg,sendmmsg,openat,open,creat,mkdir,mkdirat,mknod,mknodat"
MADE = re.compile(r"(?:openat\((?:AT_FDCWD|\d+), |open\(|creat\(|mkdir\(|mkdirat\((?:AT_FDCWD|\d+), )\"([^\"]+)\"")
ASKED = re.compile(r"sa_family=AF_INET|sin_addr|sin6_addr|/etc/resolv\.conf")
SYSTEM = ("/dev/", "/proc/")  # /dev/shm holds what processes share while they run
Run = Callable[..., list[str]]

TRAIN = """
from deepspeech.cli.main import app

def do(*arguments):
    app(arguments, standalone_mode=False)

model, checkpoints, train, dev, out = sys.argv[1:]
do("train", "--set", f'data.train=["{train}"]', "--set", f'data.dev=["{dev}"]', "--set", "network.hidden=16",
   "--set", "training.epochs=1", "--set", "training.batch_size=4", "--set", f'checkpoint.folder="{checkpoints}"')
do("export", checkpoints, model)
do("evaluate", "--model", model, "--data", train)
do("plot", checkpoints, "--output", out)
"""
RECOGNISE = """
import numpy as np
from deepspeech import Recognizer

recognizer = Recognizer.open(sys.argv[1])
recognizer.transcribe(np.zeros(16000, np.int16))
stream = recognizer.stream()
stream.feed(np.zeros(16000, np.int16))
stream.finish()
"""


@pytest.fixture
def traced(tmp_path: Path) -> Run:
    """Runs Python code under strace in an empty world; returns every line that tells of a network or a foreign file."""
    strace = shutil.which("strace")
    if strace is None or subprocess.run([strace, "-f", "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs strace, and the right to use it")
    world = {name: tmp_path / name for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "TMPDIR")}

    def run(code: str, *arguments: object, rest_s: float = 0.0) -> list[str]:
        for folder in world.values():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        program = f"import sys, time\n{code}\ntime.sleep({rest_s})"
        environment = {name: str(folder) for name, folder in world.items()} | {"PYTHONDONTWRITEBYTECODE": "1"}
        log = tmp_path / "log"
        command = [
            strace,
            "-f",
            "-qq",
            "-s",
            "300",
            "-e",
            f"trace={CALLS}",
            "-o",
            str(log),
            sys.executable,
            "-c",
            program,
        ]
        done = subprocess.run(
            [*command, *map(str, arguments)], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        lines = log.read_text(errors="replace").splitlines()
        left = [str(path) for folder in world.values() for path in folder.rglob("*") if path.is_file()]
        return [line for line in lines if _foreign(line, tmp_path, world)] + left

    return run


def _foreign(line: str, folder: Path, world: dict[str, Path]) -> bool:
    if ASKED.search(line):
        return True
    writes = any(sign in line for sign in ("O_CREAT", "O_WRONLY", "O_RDWR", "mkdir", "creat(", "mknod"))
    found = MADE.search(line)
    if not writes or not found or not found[1].startswith("/") or "EEXIST" in line:
        return False
    temporary = found[1].startswith(str(world["TMPDIR"]))  # what stays there is found afterwards
    elsewhere = not found[1].startswith((*SYSTEM, str(folder)))
    return elsewhere or (not temporary and any(found[1].startswith(str(place)) for place in world.values()))


def test_recognition_leaves_nothing_and_asks_nobody(traced: Run, tiny_model: Path) -> None:
    assert traced(RECOGNISE, tiny_model) == []


def test_what_is_asked_and_left_would_be_seen(traced: Run, tmp_path: Path) -> None:
    """The eye itself: a look at the network, a file in the cache, a predictable one in TMPDIR."""
    code = """
import os, socket
open(os.environ["XDG_CACHE_HOME"] + "/id", "w").close()
open(os.environ["TMPDIR"] + "/.ses", "w").close()
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("127.0.0.1", 9))
"""
    seen = "\n".join(traced(code))
    assert "/id" in seen
    assert ".ses" in seen
    assert "AF_INET" in seen


@pytest.mark.slow
def test_no_command_leaves_anything_or_asks_anybody(traced: Run, tmp_path: Path) -> None:
    train, dev = corpus(tmp_path / "data"), corpus(tmp_path / "data", 4, "dev")
    model = tmp_path / "made" / "m.onnx"
    seen = traced(TRAIN, model, tmp_path / "checkpoints", train, dev, tmp_path / "p.png", rest_s=30.0)
    # Lists of fonts are the one thing that libraries keep (matplotlib, fontconfig); they say nothing to anybody.
    assert [line for line in seen if "/matplotlib" not in line and "/fontconfig" not in line] == []
    transcribe = """
from deepspeech.cli.main import app
app(["transcribe", "--model", sys.argv[1], sys.argv[2]], standalone_mode=False)
"""
    assert traced(transcribe, model, tmp_path / "data" / "dev000.wav", rest_s=30.0) == []
