"""Selects the device and precision of training."""

import time
from functools import cache

import torch
from torch import nn

from deepspeech.errors import ConfigError


def best(number: int = 0) -> torch.device:
    """GPU `number` if there are GPUs, else the CPU."""
    return torch.device("cuda", number) if torch.cuda.is_available() else torch.device("cpu")


def precision(wanted: str, device: torch.device) -> str:
    """ "float32" or "bfloat16"; "auto" is bfloat16 where the hardware computes products faster in it."""
    if wanted != "auto":
        return wanted
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    return "bfloat16" if product_seconds(torch.bfloat16) < product_seconds(torch.float32) else "float32"


@cache
def product_seconds(dtype: torch.dtype, size: int = 512) -> float:
    """CPU time of a square matrix product on one core, the best of ten.

    Measured, since flags mislead: of the processors with avx512_bf16, AMD's multiply twice as fast in 16 bits as in 32,
    Intel's without AMX half as fast.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        a, b = torch.ones(size, size, dtype=dtype), torch.ones(size, size, dtype=dtype)
        torch.mm(a, b)
        return min(_seconds(a, b) for _ in range(10))
    finally:
        torch.set_num_threads(threads)


def _seconds(a: torch.Tensor, b: torch.Tensor) -> float:
    started = time.thread_time()
    torch.mm(a, b)
    return time.thread_time() - started


def compile_network(network: nn.Module, threads: int) -> None:
    """Enable torch.compile, in place. Raises ConfigError with several threads."""
    if threads > 1:
        raise ConfigError(
            "training.compile does not support several threads; turn it off on a CPU, or set training.threads = 1"
        )
    network.compile(dynamic=True)


def describe() -> list[str]:
    """Names of the devices, GPUs first."""
    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return [*gpus, f"CPU ({torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()})"]
