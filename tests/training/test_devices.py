"""The precision that "auto" chooses is the faster one, whatever the processor says of itself."""

import pytest
import torch

from deepspeech.training import devices

CPU = torch.device("cpu")


@pytest.mark.parametrize(("half", "full", "chosen"), [(0.5, 1.0, "bfloat16"), (2.0, 1.0, "float32")])
def test_auto_is_the_faster_precision(half: float, full: float, chosen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "product_seconds", {torch.bfloat16: half, torch.float32: full}.__getitem__)
    assert devices.precision("auto", CPU) == chosen


@pytest.mark.parametrize("wanted", ["float32", "bfloat16"])
def test_a_named_precision_is_taken_unmeasured(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "product_seconds", None)
    assert devices.precision(wanted, CPU) == wanted


def test_products_are_measured_on_one_thread_which_is_put_back() -> None:
    threads = torch.get_num_threads()
    devices.product_seconds.cache_clear()
    assert devices.product_seconds(torch.float32, 256) > 0
    assert torch.get_num_threads() == threads
