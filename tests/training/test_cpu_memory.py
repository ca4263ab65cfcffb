"""What a step frees, the next one has again without the system's doing; products of past shapes are forgotten."""

import os
import resource
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
from deepspeech.training.cpu_memory import arrange

if sys.argv[1] == "keep":
    arrange()
for turn in range(5):
    if turn == 1:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    bytes([turn + 1]) * (64 << 20)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="an option of glibc")
def test_large_blocks_are_not_requested_again() -> None:
    faults = {}
    for how in ("keep", "leave"):
        told = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True)
        faults[how] = int(told.stdout)
    if faults["leave"] < 4 * (64 << 20) / resource.getpagesize() / 2:
        pytest.skip("this C library keeps what is freed of itself")
    assert faults["keep"] < faults["leave"] / 10


PRODUCTS = """
import sys
from pathlib import Path
from deepspeech.training.cpu_memory import arrange

if sys.argv[1] == "keep":
    arrange()
import torch
from deepspeech.acoustic.products import linear

def pages():
    return int(Path("/proc/self/statm").read_text().split()[1])

torch.set_num_threads(1)
weight = torch.zeros(512, 512)
linear(torch.zeros(700, 512), weight)
before = pages()
for rows in range(700, 100, -1):
    linear(torch.zeros(rows, 512), weight)
print(pages() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux tells of a process")
def test_products_of_past_shapes_do_not_gather() -> None:
    bare = {name: value for name, value in os.environ.items() if not name.endswith("_CACHE_CAPACITY")}
    pages = {}
    for how in ("keep", "leave"):
        told = subprocess.run(
            [sys.executable, "-c", PRODUCTS, how], capture_output=True, text=True, check=True, env=bare
        )
        pages[how] = int(told.stdout)
    if pages["leave"] < 100e6 / resource.getpagesize():
        pytest.skip("this processor's products are not kept")
    assert pages["keep"] < pages["leave"] / 2
