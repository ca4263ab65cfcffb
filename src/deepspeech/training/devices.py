"""Selects the device and precision of training."""

import torch
from torch import nn

from deepspeech.errors import ConfigError


def best(number: int = 0) -> torch.device:
    """GPU `number` if there are GPUs, else the CPU."""
    return torch.device("cuda", number) if torch.cuda.is_available() else torch.device("cpu")


def precision(wanted: str, device: torch.device) -> str:
    """ "float32" or "bfloat16"; "auto" is bfloat16 where the hardware supports it."""
    if wanted != "auto":
        return wanted
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    abilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return "bfloat16" if abilities.get("avx512_bf16") or abilities.get("amx_bf16") else "float32"


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
