"""What a step frees, the next one has again without the system's doing."""

import resource
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
from deepspeech.training.kept_memory import keep_freed

if sys.argv[1] == "keep":
    keep_freed()
for turn in range(5):
    if turn == 1:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    bytes([turn + 1]) * (64 << 20)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="an option of glibc")
def test_large_blocks_are_not_asked_for_anew() -> None:
    faults = {}
    for how in ("keep", "leave"):
        told = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True)
        faults[how] = int(told.stdout)
    if faults["leave"] < 4 * (64 << 20) / resource.getpagesize() / 2:
        pytest.skip("this C library keeps what is freed of itself")
    assert faults["keep"] < faults["leave"] / 10
