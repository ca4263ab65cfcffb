"""A model file that was damaged on its way is refused in one line or gives the right answers; nothing crashes.

Files are opened in a child process, so that a crash would be seen and would not end the tests.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from deepspeech.errors import ModelFileError
from deepspeech.runtime.session import Session

OPEN_ALL = """
import json, sys
from pathlib import Path
import numpy as np
from deepspeech import Recognizer
from deepspeech.errors import ModelFileError

whole, target = Path(sys.argv[1]).read_bytes(), Path(sys.argv[2])
from tests.fakes import tones
sound = tones("abba dc", 3)
expected = Recognizer.open(sys.argv[1]).transcribe(sound)
found = {"refused": 0, "right": 0, "wrong": [], "lines": 0}
for number, change in enumerate(json.loads(sys.stdin.read())):
    damaged = bytearray(whole)
    for place, value in change["bytes"]:
        damaged[place] ^= value
    target.write_bytes(damaged[: change.get("length", len(damaged))] + bytes(change.get("more", [])))
    try:
        right = Recognizer.open(target).transcribe(sound) == expected
    except ModelFileError as error:
        found["refused"] += 1
        found["lines"] += "\\n" in str(error) or str(target) not in str(error)
    else:
        if right:
            found["right"] += 1
        else:
            found["wrong"].append(number)
print(json.dumps(found))
"""


def open_all(model: Path, folder: Path, changes: list[dict[str, object]]) -> dict[str, object]:
    command = [sys.executable, "-c", OPEN_ALL, str(model), str(folder / "damaged.onnx")]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, input=json.dumps(changes), capture_output=True, text=True, cwd=root, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_thousand_damaged_bytes_one_at_a_time(tiny_model: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(11)
    size = tiny_model.stat().st_size
    places = random.integers(0, size, 913).tolist() + list(range(size - 87, size))  # and each byte of the seal
    changes: list[dict[str, object]] = [{"bytes": [[place, int(random.integers(1, 256))]]} for place in places]
    found = open_all(tiny_model, tmp_path, changes)
    assert (found["wrong"], found["lines"]) == ([], 0)
    assert found["refused"] == 1000 - int(str(found["right"]))
    assert int(str(found["refused"])) >= 913


def test_many_at_once_cut_off_and_with_something_after_the_end(tiny_model: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(12)
    size = tiny_model.stat().st_size
    changes: list[dict[str, object]] = [
        {"bytes": [[place, 255] for place in random.choice(size, 1000, replace=False).tolist()]}
    ]
    changes += [{"bytes": [], "length": int(length)} for length in random.integers(0, size, 60)]
    changes += [{"bytes": [], "length": size - cut} for cut in (1, 86, 87, 88)]
    changes += [{"bytes": [], "more": more} for more in ([0], [0x72], [0x3A, 2, 8, 1], [255] * 40)]
    found = open_all(tiny_model, tmp_path, changes)
    assert (found["wrong"], found["lines"]) == ([], 0)


def test_the_seal_is_for_onnx_one_more_metadata_entry(tiny_model: Path) -> None:
    import hashlib

    import onnx

    content = tiny_model.read_bytes()
    last = onnx.load(tiny_model).metadata_props[-1]
    assert (last.key, last.value) == ("deepspeech.sha256", hashlib.sha256(content[:-87]).hexdigest())


def test_a_model_without_a_seal_is_read(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(tiny_model.read_bytes()[:-87])
    assert Session(tmp_path / "a.onnx").card == Session(tiny_model).card


def test_a_sealed_model_that_was_changed_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    content = bytearray(tiny_model.read_bytes())
    content[len(content) // 2] ^= 1  # one bit of a weight: the network would still run
    (tmp_path / "a.onnx").write_bytes(content)
    with pytest.raises(ModelFileError, match="damaged"):
        Session(tmp_path / "a.onnx")
