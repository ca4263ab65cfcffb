"""Commands with files that were changed at random: no traceback, no fault of ours, an exit code of 0, 1 or 2.

The quick part makes a few changes of each kind of file; the slow part goes on for two minutes.
"""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from deepspeech.cli.main import main
from tests.fakes import corpus, small_scorer

GOLDEN = Path(__file__).parents[1] / "golden" / "subwords"
Command = Callable[[Path], list[object]]
Kinds = dict[str, tuple[Path, Command]]
SPLICES = (
    b"\0",
    b"\xff\xff\xff\xff",
    b"[" * 60,
    b"{" * 60,
    b"9" * 400,
    b"\\ud800",
    b"\x1b[31m",
    b"-1",
    b"\n",
    b'"',
    b",",
)


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory, hearing_model: Path, hearing_checkpoints: Path) -> Kinds:
    """A whole file of each kind, and the command that opens it."""
    folder = tmp_path_factory.mktemp("whole")
    data = corpus(folder / "data", 2)
    clip = folder / "data" / "train000.wav"
    for target in ("a.sdb", "a.tar", "a.jsonl"):
        assert run(["data", "convert", data, folder / target]) == 0
    (folder / "alphabet.txt").write_text("a\nb\nc\nd\n \n")
    (folder / "run.toml").write_text('[data]\ntrain = ["none.csv"]\n[network]\nhidden = 16\n')
    (folder / "text.txt").write_text("ab ba\nabba dc\n" * 20)
    scorer = small_scorer(folder / "a.scorer")
    check: Command = lambda path: ["data", "check", path]  # noqa: E731
    assert (
        run(
            ["lm", "build", "--text", folder / "text.txt", "-o", folder / "a.arpa", "--order", 2, "--discount-fallback"]
        )
        == 0
    )
    checkpoint = hearing_checkpoints / "best-000006"

    def evaluate(path: Path) -> list[object]:
        """Of a checkpoint in which this file takes the place of its namesake."""
        shutil.rmtree(path.with_name("best-000006"), ignore_errors=True)
        copy = shutil.copytree(checkpoint, path.with_name("best-000006"))
        shutil.copy(path, copy / {".json": "run.json", ".safetensors": "weights.safetensors"}[path.suffix])
        return ["evaluate", "--model", copy, "--data", data, "--greedy"]

    return {
        "model": (hearing_model, lambda path: ["transcribe", "--model", path, clip]),
        "wav": (clip, lambda path: ["transcribe", "--model", hearing_model, path]),
        "csv": (data, check),
        "jsonl": (folder / "a.jsonl", check),
        "sdb": (folder / "a.sdb", check),
        "tar": (folder / "a.tar", check),
        "alphabet": (folder / "alphabet.txt", lambda path: ["data", "check", data, "--alphabet", path]),
        "pieces": (GOLDEN / "unigram.model", lambda path: ["data", "check", data, "--subwords", path]),
        "merges": (GOLDEN / "bpe.vocab", lambda path: ["data", "check", data, "--subwords", path]),
        "toml": (folder / "run.toml", lambda path: ["train", path]),
        "scorer": (scorer, lambda path: ["lm", "inspect", path]),
        "arpa": (
            folder / "a.arpa",
            lambda path: [
                "lm",
                "package",
                path,
                "--alphabet",
                folder / "alphabet.txt",
                "-o",
                path.with_suffix(".scorer"),
            ],
        ),
        "run.json": (checkpoint / "run.json", evaluate),
        "weights": (checkpoint / "weights.safetensors", evaluate),
    }


def run(command: list[object]) -> int:
    """The exit code of a command in this process."""
    before, sys.argv = sys.argv, ["deepspeech", *map(str, command)]
    try:
        main()
    except SystemExit as left:
        return int(left.code or 0)
    finally:
        sys.argv = before
    return 0


def changed(content: bytes, random: np.random.Generator) -> bytes:
    """Cut off, with bytes changed, or with something put in; near the beginning as often as anywhere."""
    whole = bytearray(content)
    for _ in range(int(random.integers(1, 4))):
        place = int(random.integers(0, max(1, len(whole) if random.random() < 0.5 else min(len(whole), 400))))
        kind = random.integers(0, 4)
        if kind == 0:
            del whole[place:]
        elif kind == 1 and whole:
            whole[place % len(whole)] ^= int(random.integers(1, 256))
        elif kind == 2:
            del whole[place : place + int(random.integers(1, 40))]
        else:
            whole[place:place] = SPLICES[int(random.integers(0, len(SPLICES)))]
    return bytes(whole)


def try_one(kind: str, kinds: Kinds, folder: Path, seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    whole, command = kinds[kind]
    target = folder / f"changed{whole.suffix}"
    target.write_bytes(changed(whole.read_bytes(), np.random.default_rng(seed)))
    code = run(command(target))
    said = capsys.readouterr()
    assert code in (0, 1, 2), f"{kind}, seed {seed}: {said.err[-600:]}"
    assert "Traceback" not in said.err


KINDS = (
    "model", "wav", "csv", "jsonl", "sdb", "tar", "alphabet", "pieces", "merges", "toml", "scorer", "arpa", "run.json",
    "weights",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_few_changes(kind: str, kinds: Kinds, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(5):
        try_one(kind, kinds, tmp_path, seed, capsys)


@pytest.mark.slow
def test_many_changes(kinds: Kinds, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    end, seed = time.monotonic() + 120, int(time.time())
    while time.monotonic() < end:
        for kind in KINDS:
            try_one(kind, kinds, tmp_path, seed, capsys)
        seed += 1
